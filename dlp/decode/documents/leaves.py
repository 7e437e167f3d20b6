"""
JSON: the strings of a document, unescaped, and joined as a recipient could join them.

Leaves without escapes stand in the raw bytes already and get no view of their own. What
is left:

- `json`: every string that has escapes, unescaped, one a line; those that are documents
  themselves in a second such view
- `leaves`: the values side by side in document order
- `leaves by key`: the same, ordered by key, values of one key in document order; only
  the sections that are new

Joins leave out what cannot be a piece of a secret: values that keep coming back
(`user`, `text`), and the middle of long prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress, pairwise

import orjson

from dlp.decode.documents.tokens import Tokens, segments
from dlp.decode.later import Later
from dlp.decode.pieces import Pieces, Span
from dlp.decode.source import Source
from dlp.decode.spellings.escapes import ESCAPES, escapes, unescape
from dlp.decode.spellings.rows import LONGEST_BYTES, STEP, are_cut, even_run
from dlp.model import View

LOOKS_LIKE_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*[\[{"]')

_NESTED = re.compile(rb'[\[{](?:\\[nrt]|\s)*+(?:\\"|[\[{\]}\d])')
_CUT_ESCAPE = re.compile(rb'^"|\\[^\\]{0,5}$')
"""Perhaps the middle of an escape is where a piece begins or ends."""
_HALF_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*+(\\(?:u[0-9A-Fa-f]{0,3})?)\Z")
_ESCAPE_BYTES = 6
_PROSE_BYTES = 128
_END_BYTES = 64
"""Of prose longer than `_PROSE_BYTES` a join takes this much of both ends."""
_WORD_BYTES = 4096
"""The same of a word longer than this: no piece, but a blob."""
_COMMON = 4
"""A value seen as often as this is part of the protocol."""
_LONG_BYTES = 48
"""Looking up a shorter string costs what it saves."""
_SPELLED_BYTES = 100
"""A longer string is no piece of a list of codes: it holds all of what it says."""
_SEPARATOR = 2
"""Newlines between unescaped strings: one alone could be a wrapped line."""


@dataclass(slots=True)
class Strings:
    """Spans in a document."""

    escaped: list[Span] = field(default_factory=list)
    nested: list[Span] = field(default_factory=list)
    """Escaped strings that are documents themselves."""
    values: list[Span] = field(default_factory=list)
    """Stretches of values that joins consist of, in document order."""
    keys: list[bytes] = field(default_factory=list)
    """The key of each of `values`."""
    cuts: set[int] = field(default_factory=set)
    """Those of `values` before which the middle of a long one was left out."""
    long: list[Span] = field(default_factory=list)
    """Strings that are worth remembering, as they stand in the document."""
    stray: bool = False

    def spelled(self, data: bytes) -> list[Span]:
        """
        Of an exact document the long strings that `json` shows as they are meant: what
        is made of several strings is made of shorter ones, or of the joins.
        """
        if self.stray:
            return []
        spans = [s for s in self.escaped + self.nested if s[1] - s[0] >= _SPELLED_BYTES]
        try:
            orjson.loads(b'["' + b'","'.join([data[a:b] for a, b in spans]) + b'"]')
        except orjson.JSONDecodeError:
            return []  # a recipient who is no parser reads the spelling
        return spans

    def by_key(self) -> list[int]:
        """The indexes of `values`, ordered by key."""
        return sorted(range(len(self.keys)), key=self.keys.__getitem__)


def json_strings(source: Source) -> Iterator[View]:
    """The views of a JSON document. See the top of this file."""
    for view, _ in json_views(source, read_strings(source.data), frozenset(), _all):
        yield view


def joins(source: Source) -> Iterator[View]:
    """The joins of a document alone."""
    found = read_strings(source.data)
    if len(found.values) > 1:
        yield from _joins(source, found, _all)


def _all(_section: bytes) -> bool:
    return True


def json_views(
    source: Source,
    found: Strings,
    known: Container[Span],
    is_new: Callable[[bytes], bool],
) -> Iterator[tuple[View, View | None]]:
    """
    The views of a document, each with what of it is to be decoded; None: all.

    `known`: the strings of the document that need not be; `is_new`: whether a section
    of a join is to be shown, which is what stands between the middles of two long
    values: they are left out, so nothing goes on across them.
    """
    if found.escaped:
        yield _unescaped_but(source, found.escaped, known, _trace_escaped)
    if found.nested:
        yield _unescaped_but(source, found.nested, known, _trace_nested)
    if found.stray:
        for view in escapes(source):
            yield view, None
    if len(found.values) > 1:
        for view in _joins(source, found, is_new):
            yield view, None


def without(view: View, spans: Sequence[Span], mark: bytes = b"") -> View:
    """A view with `mark` in place of stretches of it; paths do not show that."""
    starts = [0, *(stop for _, stop in spans)]
    stops = [*(start for start, _ in spans), len(view.data)]
    kept = list(zip(starts, stops, strict=True))
    pieces = [view.data[start:stop] for start, stop in kept]
    trace = Pieces(kept, list(map(len, pieces)), len(mark), names=_unnamed)
    return View(mark.join(pieces), view.part, "", view, depth=view.depth, trace=trace)


def _unescaped_but(
    source: Source,
    spans: list[Span],
    known: Container[Span],
    trace: Callable[[bytes], Pieces],
) -> tuple[View, View | None]:
    view = _unescaped(source, spans, trace)
    new = [span for span in spans if span not in known]
    if len(new) == len(spans):
        return view, None
    return view, _unescaped(source, new, lambda data: _trace_strings(data, new))


def _unescaped(
    source: Source, spans: list[Span], trace: Callable[[bytes], Pieces]
) -> View:
    data = source.data
    text = _unescape_all([data[a:b] for a, b in spans])
    return source.traced("json", text, Later(trace))


def _joins(
    source: Source, found: Strings, is_new: Callable[[bytes], bool]
) -> Iterator[View]:
    spelled = [source.data[start:stop] for start, stop in found.values]
    usual = _sections(spelled, range(len(spelled)), found.cuts)
    new = chain.from_iterable(s for text, s in usual.items() if is_new(text))
    yield from _join(source, "leaves", [found.values[index] for index in new])
    apart = _sections(spelled, found.by_key(), found.cuts)
    new = chain.from_iterable(
        s for text, s in apart.items() if text not in usual and is_new(text)
    )
    yield from _join(source, "leaves by key", [found.values[index] for index in new])


def _sections(
    spelled: Sequence[bytes], order: Sequence[int], cuts: Container[int]
) -> dict[bytes, Sequence[int]]:
    """How each section of a join is spelled, and its pieces; equal ones once."""
    ordered = [spelled[index] for index in order]
    borders = [at for at, index in enumerate(order) if index in cuts]
    return {
        b'"'.join(ordered[first:last]): order[first:last]
        for first, last in zip([0, *borders], [*borders, len(order)], strict=True)
    }


def _join(source: Source, step: str, spans: list[Span]) -> Iterator[View]:
    """
    Some of the values side by side; and those that are as long as each other, which is
    one text that was cut, and no mere join.
    """
    pieces = _pieces([source.data[start:stop] for start, stop in spans])
    trace = Later(lambda data: _trace_join(data, spans))
    yield source.traced(step, b"".join(pieces), trace, joined=True)
    if run := even_run(list(map(len, pieces))):
        some, cut = spans[slice(*run)], pieces[slice(*run)]
        text = b"".join(cut)
        if (
            len(text) <= LONGEST_BYTES
            and are_cut(cut)
            and _are_whole(source.data, some)
        ):
            yield source.traced(STEP, text, Later(lambda data: _trace_join(data, some)))


def _are_whole(data: bytes, spans: list[Span]) -> bool:
    """Whether these are no two ends of one string."""
    return all(
        data.find(b'"', before[1], after[0]) >= 0 for before, after in pairwise(spans)
    )


def _pieces(spelled: list[bytes]) -> list[bytes]:
    """What values say."""
    escaped = [index for index, piece in enumerate(spelled) if b"\\" in piece]
    if not escaped:
        return spelled
    pieces = spelled.copy()
    whole = [index for index in escaped if not _CUT_ESCAPE.search(pieces[index])]
    texts = _unescape_each([pieces[index] for index in whole])
    if len(texts) != len(whole):
        texts, whole = [], []  # some are no strings
    for index in set(escaped).difference(whole):
        pieces[index] = _piece(pieces[index])
    for index, text in zip(whole, texts, strict=True):
        pieces[index] = text.encode()
    return pieces


def _unescape_each(pieces: list[bytes]) -> list[str]:
    try:
        texts: list[str] = orjson.loads(b'["' + b'","'.join(pieces) + b'"]')
    except orjson.JSONDecodeError:
        return []
    return texts


def _piece(data: bytes) -> bytes:
    if b"\\" not in data:
        return data
    try:
        text: str = orjson.loads(b'"%b"' % data)
    except orjson.JSONDecodeError:
        return unescape(data)  # cut in the middle of an escape
    return text.encode()


def _unescape_all(pieces: list[bytes]) -> bytes:
    try:
        text: str = orjson.loads(b'"' + b"\\n\\n".join(pieces) + b'"')
    except orjson.JSONDecodeError:
        return (b"\n" * _SEPARATOR).join(map(unescape, pieces))
    return text.encode()


def _trace_escaped(data: bytes) -> Pieces:
    return _trace_strings(data, read_strings(data).escaped)


def _trace_nested(data: bytes) -> Pieces:
    return _trace_strings(data, read_strings(data).nested)


def _trace_strings(data: bytes, spans: list[Span]) -> Pieces:
    lengths = [len(_unescape_all([data[a:b]])) for a, b in spans]
    return Pieces(spans, lengths, _SEPARATOR, rewrite=ESCAPES, names=_unnamed)


def _unnamed(_index: int) -> str:
    """The parent names the place of a leaf; how it was unescaped is no news."""
    return ""


def _trace_join(data: bytes, spans: list[Span]) -> Pieces:
    lengths = [len(_piece(data[a:b])) for a, b in spans]
    return Pieces(spans, lengths, 0, rewrite=ESCAPES, names=_unnamed)


def read_strings(data: bytes) -> Strings:
    """The strings of the document that make views."""
    found = Strings()
    key = b""
    for _, tokens in segments(data):
        found.stray |= tokens.stray
        spans = list(zip(tokens.starts.tolist(), tokens.stops.tolist(), strict=True))
        for span in compress(spans, tokens.escaped.tolist()):
            nested = _NESTED.match(data, *span) is not None
            (found.nested if nested else found.escaped).append(span)
        long = tokens.stops - tokens.starts >= _LONG_BYTES
        found.long += compress(spans, long.tolist())
        key = _read_values(data, spans, tokens, found, key)
    return found


def _read_values(
    data: bytes, spans: list[Span], tokens: Tokens, found: Strings, key: bytes
) -> bytes:
    """Add the values worth joining; returns the last key."""
    texts = [data[a:b] for a, b in spans]
    often = Counter(texts)
    for text, span, is_key in zip(texts, spans, tokens.keys.tolist(), strict=True):
        if is_key:
            key = text
        elif often[text] < _COMMON or len(text) < 3:
            ends = _ends(text, span)
            found.values += ends
            found.keys += [key] * len(ends)
            if len(ends) > 1:
                found.cuts.add(len(found.values) - 1)
    return key


def _ends(text: bytes, span: Span) -> tuple[Span, ...]:
    """All of a value, or of a long one both ends."""
    size = len(text)
    if size <= _PROSE_BYTES or (size <= _WORD_BYTES and b" " not in text):
        return (span,)
    start, stop = span
    last = stop - _END_BYTES - _begun(text, size - _END_BYTES)
    return (start, start + _END_BYTES - _begun(text, _END_BYTES)), (last, stop)


def _begun(text: bytes, at: int) -> int:
    """Bytes of an escape that stand before a place in its middle."""
    if text.find(b"\\", at - _ESCAPE_BYTES, at) < 0:
        return 0
    half = _HALF_ESCAPE.search(text, at - _END_BYTES // 2, at)
    return len(half[1]) if half else 0
