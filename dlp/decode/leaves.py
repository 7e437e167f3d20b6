"""
JSON: the strings of a document, unescaped, and joined as a recipient could join them.

A scan of quotes, not a parser: it reads JSON, JSON lines, JSON-RPC, documents that are
cut, concatenated or repeat a key (a parser keeps only one of them), at the speed of
memory. Leaves without escapes stand in the raw bytes already and get no view of their
own; three views hold the rest:

- `json`: every string that has escapes, unescaped, one a line
- `leaves`: the values side by side in document order
- `leaves by key`: the same, ordered by key; values of one key in document order

Of a value longer than `_WHOLE_BYTES` a join takes both ends: a secret cut over leaves
stands at their seams.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import orjson

from dlp.decode.escapes import ESCAPES, unescape
from dlp.decode.later import Later
from dlp.decode.pieces import Pieces, Span
from dlp.decode.source import Source
from dlp.model import View

LOOKS_LIKE_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*[\[{"]')

_SEGMENT_BYTES = 1 << 20
_WHOLE_BYTES = 160
_END_BYTES = 64
_LONG_BYTES = 4096
"""Longer strings are looked at one by one, so that an image is not copied."""


@dataclass(slots=True)
class Strings:
    """The strings of a document as spans: escaped ones, values, values by key."""

    escaped: list[Span] = field(default_factory=list)
    values: list[Span] = field(default_factory=list)
    by_key: dict[bytes, list[Span]] = field(default_factory=dict)

    def in_key_order(self) -> list[Span]:
        """All values, sorted by key."""
        return [span for key in sorted(self.by_key) for span in self.by_key[key]]


def json_strings(source: Source) -> Iterator[View]:
    """The views of a JSON document. See the top of this file."""
    data = source.data
    found = read_strings(data)
    if found.escaped:
        yield _unescaped(source, found.escaped)
    if len(found.values) > 1:
        yield from _joins(source, found)


def _unescaped(source: Source, spans: list[Span]) -> View:
    data = source.data
    text = _unescape_all([data[a:b] for a, b in spans])
    return source.traced("json", text, Later(_trace_escaped))


def _joins(source: Source, found: Strings) -> Iterator[View]:
    data = source.data
    ordered = found.values
    text = _join(data, ordered)
    yield source.traced("leaves", text, Later(_trace_leaves), joined=True)
    by_key = _join(data, found.in_key_order())
    if by_key != text:
        trace = Later(_trace_by_key)
        yield source.traced("leaves by key", by_key, trace, joined=True)


def _unescape_all(pieces: list[bytes]) -> bytes:
    try:
        text: str = orjson.loads(b'"' + b"\\n".join(pieces) + b'"')
    except orjson.JSONDecodeError:
        return b"\n".join(map(unescape, pieces))
    return text.encode()


def _join(data: bytes, spans: Iterable[Span]) -> bytes:
    text = b"".join([data[a:b] for a, b in _ends(spans)])
    return unescape(text) if b"\\" in text else text


def _ends(spans: Iterable[Span]) -> Iterator[Span]:
    for a, b in spans:
        if b - a <= _WHOLE_BYTES:
            yield a, b
        else:
            yield a, a + _END_BYTES
            yield b - _END_BYTES, b


def _trace_escaped(data: bytes) -> Pieces:
    spans = read_strings(data).escaped
    lengths = [len(_unescape_all([data[a:b]])) for a, b in spans]
    return Pieces(spans, lengths, inner=ESCAPES.locate)


def _trace_leaves(data: bytes) -> Pieces:
    return _trace_join(data, read_strings(data).values)


def _trace_by_key(data: bytes) -> Pieces:
    return _trace_join(data, read_strings(data).in_key_order())


def _trace_join(data: bytes, spans: Iterable[Span]) -> Pieces:
    parts = list(_ends(spans))
    lengths = [len(unescape(data[a:b])) for a, b in parts]
    return Pieces(parts, lengths, separator=0, inner=ESCAPES.locate)


def read_strings(data: bytes) -> Strings:
    """Every string of the document, in order."""
    found = Strings()
    key = b""
    for start, stop, is_key in tokens(data):
        if is_key:
            key = data[start:stop]
        else:
            span = start, stop
            found.values.append(span)
            group = found.by_key.get(key)
            if group is None:
                found.by_key[key] = [span]
            else:
                group.append(span)
        if data.find(b"\\", start, stop) >= 0:
            found.escaped.append((start, stop))
    return found


def tokens(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Strings as (start, stop, is a key), without the quotes, segment by segment."""
    at = 0
    while at < len(data):
        marks, end = _quotes(data, at)
        starts = marks[0::2]
        stops = marks[1::2]
        yield from zip(starts, stops, _keys(data, stops), strict=True)
        at = end


def _quotes(data: bytes, at: int) -> tuple[list[int], int]:
    """Starts and stops of the strings that begin in the segment at `at`; its end."""
    segment = np.frombuffer(data, np.uint8, min(_SEGMENT_BYTES, len(data) - at), at)
    marks = (segment == 34).nonzero()[0]
    escaped = (segment[marks - 1] == 92).nonzero()[0]
    if len(escaped):
        drop = [i for i in escaped.tolist() if _is_escaped(data, at + int(marks[i]))]
        marks = np.delete(marks, drop)
    places: list[int] = (marks + at).tolist()
    end = at + len(segment)
    if len(places) % 2:
        close = _closing(data, max(end, places[-1] + 1))
        places.append(close)
        end = close + 1
    places[0::2] = [place + 1 for place in places[0::2]]
    return places, end


def _is_escaped(data: bytes, at: int) -> bool:
    first = at
    while first > 0 and data[first - 1] == 92:
        first -= 1
    return (at - first) % 2 == 1


def _closing(data: bytes, at: int) -> int:
    """The next quote that ends a string, or the end of the data."""
    while True:
        at = data.find(b'"', at)
        if at < 0:
            return len(data)
        if not _is_escaped(data, at):
            return at
        at += 1


def _keys(data: bytes, stops: list[int]) -> list[bool]:
    return [_is_key(data, stop + 1) for stop in stops]


_COLON = re.compile(rb"\s*:")


def _is_key(data: bytes, at: int) -> bool:
    after = data[at : at + 1]
    return after == b":" or (after.isspace() and _COLON.match(data, at) is not None)
