"""
One match per thing found.

The same secret is seen in several views (the body, its JSON leaf) and by several rules
(the vendor's, the generic one). Of matches that overlap in the raw bytes of one part,
the strongest tier wins, then the less nested view, then the longer one. A match in a
view without an exact place says nothing new when its bytes were found in that part.
Where letters were moved about a name stands beside its value by chance, and a vendor's
key is mostly a scramble of the one that stands in plain view: neither counts there.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cache
from itertools import filterfalse
from math import log2

from dlp.decode.beginnings import USUAL
from dlp.decode.ciphers.disguise import STEPS
from dlp.decode.guesses import CIPHER, GUESSES, TAKEN_APART
from dlp.decode.pieces import Span, above
from dlp.decode.spellings.glued import STEP as UNGLUED
from dlp.detect.confirm import Match
from dlp.detect.context.placeholder import is_table
from dlp.detect.context.words import WORDS
from dlp.detect.proof.bigrams import randomness
from dlp.detect.proof.checks import shannon
from dlp.detect.proof.noise import word_around
from dlp.detect.rule import GENERIC
from dlp.detect.syntax import prefixes
from dlp.model import Tier, View

_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def strongest(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches to report, best first."""
    taken: dict[int, list[Span]] = {}
    seen: set[tuple[int, bytes]] = set()
    kept: list[Match] = []
    matches = filterfalse(_is_turned_table, matches)
    matches = filterfalse(_is_of_noise, matches)
    matches = filterfalse(_is_of_amino_acids, matches)
    ordered = sorted(filterfalse(_is_run_on, matches), key=_order)
    plain = {
        (m.view.part, m.rule.id) for m in ordered if not m.view.came_of(TAKEN_APART)
    }
    for match in ordered:
        view = match.view
        known = match.rule.family == GENERIC or (view.part, match.rule.id) in plain
        if view.came_of(TAKEN_APART) and (known or _is_by_chance(match)):
            continue
        if view.exact or view.parent is None:
            span = view.raw_span(match.start, match.stop) or (match.start, match.stop)
            if not _claim(taken.setdefault(view.part, []), span):
                continue
        elif (view.part, match.secret) in seen or _is_another_reading(match, kept):
            continue
        seen.add((view.part, match.secret))
        kept.append(match)
    return tuple(kept)


_OF_ANYTHING = frozenset({Tier.LIKELY, Tier.WEAK})
_BEGINNING, _DRAWN_BITS = 20, 12
"""Of so many drawn letters and digits 99 in 100 look random by more bits."""
_SHORTEST_WORD = 6
"""Letters of a word that is no part of a key."""
_PLAIN = re.compile(rb"[A-Za-z0-9_-]*")
_HEX = re.compile(rb"(?=.{0,15}[0-9])(?=.{0,15}[a-fA-F])[0-9a-fA-F-]{16}")
_HEXADECIMAL = re.compile(rb"[0-9a-fA-F-]+")
_STRINGS = frozenset({"literals"})
_FEWEST_FIXED = 4
"""Of pieces side by side in all turns of an alphabet: `ca_` and what follows it is a
token of Hugging Face's in one of 25."""
_AROUND, _FEWEST_AROUND = 64, 256
"""Bytes without a blank before a value; in a text as short none need be."""


def _is_turned_table(match: Match) -> bool:
    """Whether it is what numbers in rows read as under a cipher."""
    return match.view.came_of(STEPS) and is_table(match.secret)


def _is_run_on(match: Match) -> bool:
    """
    Whether a value that only its name makes one stands where words run together: there
    any name has a value, and none an end. What vendors name counts if it begins drawn,
    their keys unless a word follows the prefix: `secret_` begins many names.
    """
    joined = _is_joined(match.view)
    own = _own(match)
    moved, named = match.view.came_of(TAKEN_APART), own == match.secret
    if moved and (named or _PLAIN.fullmatch(own)) and _has_words(own):
        return True
    if not named:
        fixed = len(match.secret) - len(own)
        turned = fixed < _FEWEST_FIXED and match.view.came_of(STEPS)
        apart = joined or match.view.came_of(_STRINGS)
        few = match.tier is not Tier.CERTAIN and _is_of_few(own, match.view)
        words = joined and bool(_long_words().match(own))
        return few or words or (turned and apart)
    if match.tier not in _OF_ANYTHING:
        return False
    if match.rule.family == GENERIC and (joined or match.view.came_of(_GLUED)):
        return True
    keyed = joined and any(name == "keylike" for name, _ in match.rule.checks)
    if not keyed and not _is_without_blanks(match):
        return False
    begins = match.secret[:_BEGINNING]
    return _bits(begins) < _DRAWN_BITS and not _HEX.match(begins)


_FIXED_BITS = 5.5
"""What a letter says that a rule fixes, in text of letters and digits."""
_TRIES_BITS = 10.5
"""How many readings there are of a text, times rules: four letters count in texts up to
2,900 bytes, five up to 130,000. (Seen by chance: four, in a page of a PDF of 5,000.)"""
_TURNED_BITS = 4.6
"""And as many again as an alphabet has turns, where it was turned before."""


_CHOSEN = TAKEN_APART | {UNGLUED}
_ANY_SHAPE = frozenset({"keylike", "passwordlike"})
"""Checks of rules that fix nothing but what stands before a value."""


def _is_by_chance(match: Match) -> bool:
    """Whether what the rule fixes says less than so many readings of a text yield."""
    fixed = len(match.secret) - len(_own(match))
    if not fixed or match.tier is Tier.CERTAIN:
        return any(name in _ANY_SHAPE for name, _ in match.rule.checks)
    if _is_token(match):
        return False
    if match.secret[:fixed].rstrip(b"_-").lower() in _ORDINARY:
        return True  # `secret_`: it stands in the text as a word, or as one of a name
    fixed = _fixed(match)
    text, view = match.view, match.view
    tries = _TRIES_BITS
    while view.parent is not None:
        text = view.parent if view.step in _CHOSEN else text
        tries += _TURNED_BITS if view.step in STEPS else 0
        view = view.parent
    return fixed * _FIXED_BITS < log2(len(text.data)) + tries


_GLUED_BITS, _RARE_BITS = 13.0, 3.0
"""A beginning of four letters counts in words of up to 512, five of 23,000; what many
rules ask for together, no usual vendor's, in an eighth of that."""
_READ_IN_TURNS_BITS = 2.6
"""And as much again under a cipher: only where it stands in a word is it undone."""
_GLUED_LETTERS = 64
"""Up to so many three count, too: what somebody glues to a key is seldom longer."""


def _is_of_noise(match: Match) -> bool:
    """
    Whether what was cut out of a word, or glued together to one, has a beginning that a
    word as long holds by chance: sealed reasoning in base64url holds `hf_` and what may
    follow it once in a megabyte.
    """
    view = match.view
    turned = any(each.step in STEPS for each in _way(view))
    apart = view.came_of(_CUT_OR_GLUED) or (turned and _is_joined(view))
    if match.tier is Tier.CERTAIN or not apart:
        return False
    place = above(view, match.start, match.stop) if view.step == UNGLUED else None
    text, start, stop = place or (view, match.start, match.stop)
    size, fixed = word_around(text.data, start, stop), _fixed(match)
    if not fixed or (size <= _GLUED_LETTERS and not turned):
        return False
    bits = _GLUED_BITS + turned * _READ_IN_TURNS_BITS
    bits += 0 if _USUAL.match(match.secret) else _RARE_BITS
    return fixed * _FIXED_BITS < log2(size) + bits


_CAPITALS = re.compile(rb"[A-Z]{16,}")
_ACIDS = re.compile(rb"[A-Z]{12,}")
_MANY_ACIDS, _LOOKED_AT = 512, 1 << 16


def _is_of_amino_acids(match: Match) -> bool:
    """
    Whether it is capitals alone among hundreds of them: of what Amazon issues one in 30
    has no digit, and a list of peptides holds 20 letters that begin so.
    """
    if not _CAPITALS.fullmatch(match.secret):
        return False
    beside = _MANY_ACIDS + len(match.secret)
    return any(
        sum(map(len, _ACIDS.findall(view.data[:_LOOKED_AT]))) >= beside
        for view in _way(match.view)
    )


def _fixed(match: Match) -> int:
    """Letters that a rule fixes of a secret; 0: only what stands before it tells."""
    fixed = len(match.secret) - len(_own(match))
    begun = _USUAL.match(match.secret) if fixed else None
    fixed = max(fixed, begun.end() if begun else 0)
    if match.secret[:fixed].endswith(b"."):
        fixed += match.secret.count(b".", fixed)  # `SG.`: the next is fixed, too
    return fixed


_ORDINARY = frozenset(word.encode() for word in WORDS)
_USUAL = re.compile("|".join(map(re.escape, USUAL)).encode())
"""Rules fix these in alternatives, of which `_own` knows what all begin with."""


def _is_token(match: Match) -> bool:
    """Whether a header of JSON was found in it: no chance makes one (RFC 7515, 4)."""
    return any(name == "jwt" for name, _ in match.rule.checks)


def _own(match: Match) -> bytes:
    """A secret without what is the same for all of its kind."""
    found = _prefixes(match.rule.pattern.exact)
    head = match.secret[: len(found[0])].lower() if found else b""
    size = next((len(each) for each in found if head.startswith(each)), 0)
    return match.secret[size:]


_prefixes = cache(prefixes)


@cache
def _long_words() -> re.Pattern[bytes]:
    """Of letters that were drawn and moved about, one key in ten thousand has one."""
    long = [word.encode() for word in WORDS if len(word) >= _SHORTEST_WORD]
    return re.compile(b"|".join(long))


def _has_words(own: bytes) -> bool:
    """Whether words were picked where drawn letters would stand."""
    return bool(_long_words().search(own)) or _reads_like_words(own)


_DRAWN_EACH = 0.4
"""Bits a letter by which of 1,000 drawn values 999 look random; words run together do
not reach it as often (16 letters and more)."""
_LONG_ENOUGH = 16
_DIGITS = b"0123456789"


def _reads_like_words(own: bytes) -> bool:
    """Whether a value is words run together: digits, a third of it, never are."""
    if len(own) < _LONG_ENOUGH or _HEXADECIMAL.fullmatch(own):
        return False
    if len(own.translate(None, _DIGITS)) * 3 < len(own) * 2:
        return False
    return randomness(own) < _DRAWN_EACH


_FEW, _VERY_FEW = 3.1, 2.8
"""Bits a letter, by how often each comes: of 16 drawn capitals and digits 99 in 100
have more, and 999 in 1,000."""


def _is_of_few(own: bytes, view: View) -> bool:
    """
    Whether too few letters come too often in what was not written side by side, for the
    steps it took: the places in a source map are mostly A, and some begin with `AKIA`.
    """
    if len(own) < _LONG_ENOUGH or _HEXADECIMAL.fullmatch(own):
        return False
    moves = sum(each.step in _MOVED for each in _way(view))
    return moves > 0 and shannon(own) < (_VERY_FEW if moves == 1 else _FEW)


def _way(view: View | None) -> Iterable[View]:
    """A view and what it came of."""
    while view is not None:
        yield view
        view = view.parent


def _bits(text: bytes) -> float:
    """How random it looks; hexadecimal digits do not."""
    return randomness(text) * (len(text) - 1)


def _is_joined(view: View | None) -> bool:
    """Whether pieces that were apart stand side by side here."""
    while view is not None and not view.joined:
        view = view.parent
    return view is not None


def _is_without_blanks(match: Match) -> bool:
    """Whether it is shown by a PDF, which moves on where others write blanks."""
    text = match.view.data
    before = text[max(0, match.start - _AROUND) : match.start]
    blank = b" " in before or len(text) < _FEWEST_AROUND
    return not blank and match.view.came_of(_SHOWN)


_READ_ANEW = STEPS | {CIPHER, UNGLUED}
_SHOWN = frozenset({"pdf text"})
_GLUED = frozenset({"ungrouped", "unwrapped"})
_CUT_OR_GLUED = _GLUED | {UNGLUED}
_MOVED = _GLUED | _READ_ANEW | GUESSES


def _order(match: Match) -> tuple[int, bool, int, int, int]:
    size = match.stop - match.start
    generic = match.rule.family == GENERIC
    return _RANK[match.tier], generic, match.view.depth, -size, match.start


def _is_another_reading(match: Match, kept: Iterable[Match]) -> bool:
    """
    Whether a key is made of the letters of one that stands there as it is: every `ghp_`
    is a `tsk_` in Atbash, and what is left of a key without its end may be another's.
    """
    if not match.view.came_of(_READ_ANEW):
        return False
    span = match.view.raw_span(match.start, match.stop)
    plain = (
        each.view.raw_span(each.start, each.stop)
        for each in kept
        if each.view.part == match.view.part and not each.view.came_of(_READ_ANEW)
    )
    return span is not None and any(_lies_in(span, each) for each in plain if each)


def _claim(taken: list[Span], span: Span) -> bool:
    """Enter a span among the ordered ones, unless a neighbour takes up most of it."""
    place = bisect_left(taken, span)
    if any(_lies_in(span, near) for near in taken[max(0, place - 1) : place + 1]):
        return False
    taken.insert(place, span)
    return True


def _lies_in(span: Span, other: Span) -> bool:
    """Whether most of it does."""
    shared = min(other[1], span[1]) - max(other[0], span[0])
    return shared * 2 > span[1] - span[0]
