"""
Spans cut out of parts, and what stands there instead.

Why not in `redact`: that says what may be rewritten at all; this does it, and knows
what stood where for as long as one message takes.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator

from dlp.decode.documents.nesting import escaped
from dlp.decode.pieces import above
from dlp.decode.sieve import Locator
from dlp.detect.confirm import Match
from dlp.model import Part, View, noun
from dlp.redact.carriers import Piece, carrier

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")
_NAME = rb"redacted-(?P<rule>[A-Za-z0-9-]{1,128}?)-[0-9a-f]"
_PLACEHOLDER = re.compile(
    rb"(?:-{4,5} ?BEGIN(?: [A-Z0-9]{1,12}){1,5} ?-{4,5})?"
    + _NAME
    + rb"{16}(?=[^0-9a-z]|redacted-|\Z)(?:-{4,5} ?END(?: [A-Z0-9]{1,12}){1,5} ?-{4,5})?"
)
"""With a key's first and last line, which stay."""
_PLACEHOLDER_IN_JOIN = re.compile(_NAME + rb"{8,16}")
"""Something else may follow at once, also in the middle of the digest."""
_LONGEST_PLACEHOLDER = 320
_SHORTEST_SECRET = 8
"""Characters besides placeholders from which a match is more than they are."""
_SHORTEST_AFTER = 16
"""The same in joins, where the next field follows at once."""
_ARMOUR = re.compile(rb"[A-Z ]*-{2,}[A-Z ]*")
"""A key's first and last line, which stay."""
_KEY_ENDS = re.compile(rb"-{4,5} ?END ")
_JOINED = re.compile(
    rb"r?e?d?a?c?t?e?d?(?P<rest>[A-Za-z0-9-]{3,}-)[0-9a-f]{0,16}"
    rb"|re?d?a?c?t?e?d?[0-9a-f]{0,16}"
)
"""A placeholder without its begin or middle: joins leave out the middle of prose."""
_SHORTEST_BYTES = 8
"""A shorter text stands in many places by chance."""
_HEAD_BYTES = 32
"""Of a text, by which it is looked for."""
_MOST_PLACES = 1 << 20
_DEEPEST = 3
"""JSON strings within one another in which a text is looked for."""

type _Edit = tuple[int, int, bytes]


@noun
class Found:
    """A span, and what found it."""

    start: int
    stop: int
    rule: str
    known: bool = True
    """The text is known as such; the end of what a pattern found is a guess."""


def placeholder(rule: str, digest: str) -> bytes:
    """What stands in the place of something that a rule found."""
    return f"redacted-{named(rule)}-{digest}".encode()


def named(rule: str) -> str:
    """A rule as its placeholders name it."""
    return _UNSAFE.sub("-", rule).strip("-")


def is_ours(match: Match, rules: frozenset[str]) -> bool:
    """
    Whether a match is what stands for something that was cut out, however it was read.
    A chat repeats that, and some rule takes the digest for a password or, behind the
    name of a rule, for a key.
    """
    at: tuple[View, int, int] | None = match.view, match.start, match.stop
    while at is not None:
        view, start, stop = at
        if view.joined:
            return is_joined_placeholder(view.data, start, stop, rules)
        if is_placeholder(view.data, start, stop, rules):
            return True
        at = above(view, start, stop)
    return False


def is_placeholder(data: bytes, start: int, stop: int, rules: frozenset[str]) -> bool:
    """
    Whether a match is part of placeholders of these rules (as `named`), and of the
    armour around them, and of no more than is too short for a secret; or begins inside
    of one, whose name then makes a secret of what follows.
    """
    if _begins_inside(data, start, stop, rules):
        return True
    left = _left(_PLACEHOLDER, data, start, stop, rules)
    return len(left) < stop - start and len(b"".join(left.split())) < _SHORTEST_SECRET


def is_joined_placeholder(
    data: bytes, start: int, stop: int, rules: frozenset[str]
) -> bool:
    """
    Whether a match in joined pieces begins inside of such a placeholder, or is what
    they left of one and the start of what follows.
    """
    if _begins_inside(data, start, stop, rules):
        return True
    left = _left(_PLACEHOLDER_IN_JOIN, data, start, stop, rules)
    if data.startswith(b"redacted-", start) and len(left) < _SHORTEST_AFTER:
        return True
    text, *_ = _KEY_ENDS.split(data[start:stop], maxsplit=1)
    found = _JOINED.fullmatch(_ARMOUR.sub(b"", text))
    if found is None:
        return False
    end = (found["rest"] or b"").decode()
    return any(f"-{rule}-".endswith(end) for rule in rules)


def _begins_inside(data: bytes, start: int, stop: int, rules: frozenset[str]) -> bool:
    """Whether the name of a placeholder makes a secret of what follows."""
    names = _ours(_PLACEHOLDER_IN_JOIN, data, start, stop, rules)
    return any(name.start("rule") < start for name in names)


def _left(
    pattern: re.Pattern[bytes],
    data: bytes,
    start: int,
    stop: int,
    rules: frozenset[str],
) -> bytes:
    """A match without the placeholders in it."""
    out, at = [], start
    for name in _ours(pattern, data, start, stop, rules):
        out.append(data[at : name.start()])
        at = name.end()
    return b"".join([*out, data[at:stop]])


def _ours(
    pattern: re.Pattern[bytes],
    data: bytes,
    start: int,
    stop: int,
    rules: frozenset[str],
) -> Iterator[re.Match[bytes]]:
    """The placeholders of these rules in which a match has a part."""
    low, high = max(0, start - _LONGEST_PLACEHOLDER), stop + _LONGEST_PLACEHOLDER
    for name in pattern.finditer(data, low, high):
        if (
            name.start() < stop
            and start < name.end()
            and name["rule"].decode() in rules
        ):
            yield name


class Cutting:
    """Cuts the parts of one message."""

    def __init__(self, digest: Callable[[bytes], str]) -> None:
        self._digest = digest
        self._rules: dict[bytes, str] = {}
        """What found a text first: it is named by that wherever it stands."""
        self.stands_for: dict[str, str] = {}

    def learn(self, part: Part, found: list[Found]) -> None:
        """Know the texts of a part, in its order."""
        for one, pieces in self._pieces(part, found):
            if len(pieces) == 1 and pieces[0].reads:
                self._rules.setdefault(pieces[0].reads, one.rule)

    def narrowed(self, part: Part, found: list[Found]) -> list[Found]:
        """
        Without spans that reach over several texts where the same rule found something
        in one: of a secret that stands in two messages, all between would go with it.
        """
        cut = carrier(part)
        wide: list[Found] = []
        kept: list[Found] = []
        for one in sorted(found, key=lambda one: one.start):
            (wide if len(cut((one.start, one.stop))) > 1 else kept).append(one)
        ends: dict[str, tuple[list[int], list[int]]] = {}
        """By rule: where its spans start, and the last end of those so far."""
        for one in kept:
            starts, stops = ends.setdefault(one.rule, ([], []))
            starts.append(one.start)
            stops.append(max(one.stop, stops[-1] if stops else 0))
        for one in wide:
            starts, stops = ends.get(one.rule, ([], []))
            before = bisect_left(starts, one.stop)
            if not before or stops[before - 1] <= one.start:
                kept.append(one)
        return kept

    def again(self, part: Part) -> list[Found] | None:
        """Where the texts that are known stand in a part; None: in too many places."""
        forms = [
            (form, rule)
            for text, rule in self._rules.items()
            if len(text) >= _SHORTEST_BYTES
            for form in _written(text)
        ]
        heads = [form[:_HEAD_BYTES] for form, _ in forms]
        places = Locator(heads).find(part.data, _MOST_PLACES) if forms else []
        found: list[Found] = []
        done = [0] * len(forms)
        for which, end in places:
            form, rule = forms[which]
            start = end - len(heads[which])
            if start >= done[which] and part.data.startswith(form, start):
                done[which] = start + len(form)
                found.append(Found(start, done[which], rule))
        return found if len(places) < _MOST_PLACES else None

    def apply(self, part: Part, found: list[Found]) -> bytes | None:
        """The part's data with the spans replaced; None when there is no way."""
        edits: list[_Edit] = []
        for one, pieces in self._pieces(part, found):
            if not pieces:
                return None
            edits += self._replaced(pieces, part.data, one.rule)
        out: list[bytes] = []
        done = 0
        for start, stop, filler in sorted(edits):
            if start < done:
                return None
            out += [part.data[done:start], filler]
            done = stop
        return b"".join([*out, part.data[done:]])

    def _pieces(
        self, part: Part, found: list[Found]
    ) -> Iterator[tuple[Found, list[Piece]]]:
        if not found:
            return
        cut = carrier(part)
        is_form = "x-www-form-urlencoded" in part.media_type.lower()
        for one in _merged(found):
            pieces = cut((one.start, one.stop))
            # What a pattern took for a value does not go on in the next field.
            yield one, pieces if one.known or not is_form else pieces[:1]

    def _replaced(self, pieces: list[Piece], data: bytes, rule: str) -> list[_Edit]:
        first, *others = pieces
        text = None if others else first.reads
        raw = data[first.span[0] : pieces[-1].span[1]]
        rule = self._rules.get(text, rule) if text else rule
        name = placeholder(rule, self._digest(raw if text is None else text))
        if text is not None:
            self._keep(name, text)
        return [
            (*first.span, first.quote + name + first.quote),
            *((*piece.span, piece.quote * 2) for piece in others),
        ]

    def _keep(self, name: bytes, text: bytes) -> None:
        try:
            self.stands_for[name.decode()] = text.decode()
        except UnicodeDecodeError:
            return


def _merged(found: list[Found]) -> list[Found]:
    """Spans from the left; those that overlap become one, named by the first."""
    out: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.stop)):
        if out and one.start < out[-1].stop:
            last = out.pop()
            stop, known = max(last.stop, one.stop), last.known or one.known
            out.append(Found(last.start, stop, last.rule, known))
        else:
            out.append(one)
    return out


def _written(text: bytes) -> set[bytes]:
    """The ways in which JSON writes a text."""
    try:
        said = text.decode()
    except UnicodeDecodeError:
        return {text}
    return {escaped(said, depth).encode() for depth in range(_DEEPEST)}
