"""
Where a document can be cut so that it stays one: the pieces of a span that are text.

A finding's span can hold more than text: half an escape, the comma between two numbers,
a tag. Those stay. The first piece gets the placeholder, the others are emptied: were
each replaced by its own, the placeholders of single letters would spell the secret.

Why not in `redact`: that knows findings and nothing of formats.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from dlp.decode.leaves import LOOKS_LIKE_JSON
from dlp.decode.nesting import Nesting, escaped, unescaped
from dlp.model import Part, noun

type Span = tuple[int, int]

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SCALARS = re.compile(rb"[-+.\w]+(?:\s*,\s*[-+.\w]+)*")
_SCALAR = re.compile(rb"[-+.\w]*")
_SCALAR_BEFORE = re.compile(rb"[-+.\w]*\Z")
_LONGEST_SCALAR = 400
_ESCAPE = re.compile(rb"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
_ENTITY = re.compile(rb"&#?\w{1,32};")
_TAG = re.compile(rb"<[^>]*>")
_FIELD = re.compile(rb"[&=]")
_LONGEST_ESCAPE = 40


@noun
class Piece:
    """A stretch of text that can be replaced."""

    span: Span
    reads: bytes | None
    """What it says to a reader; None when that cannot be told."""
    quote: bytes = b""
    """Stands round what replaces it: it is no string, and has to become one."""


type Carrier = Callable[[Span], list[Piece]]


def carrier(part: Part) -> Carrier:
    """What knows the pieces of a part's spans."""
    data, kind = part.data, part.media_type.lower()
    if "x-www-form-urlencoded" in kind:
        return lambda span: list(_form(data, span))
    if LOOKS_LIKE_JSON.match(data):
        return _Json(data)
    if "xml" in kind or "html" in kind or data.lstrip()[:1] == b"<":
        return lambda span: list(_markup(data, span))
    return lambda span: [Piece(span, data[slice(*span)])]


class _Json:
    """JSON, also many documents one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._strings = [match.span() for match in _STRING.finditer(data)]
        self._starts = [start for start, _ in self._strings]

    def __call__(self, span: Span) -> list[Piece]:
        return list(self._pieces(*span))

    def _pieces(self, start: int, stop: int) -> Iterator[Piece]:
        at = start
        first = max(0, bisect_right(self._starts, start) - 1)
        for low, high in self._strings[first:]:
            if low >= stop:
                break
            if high <= start:
                continue
            yield from self._scalars(at, low)
            yield from self._in_string((low, high), max(start, low + 1), stop)
            at = high
        yield from self._scalars(at, stop)

    def _scalars(self, start: int, stop: int) -> Iterator[Piece]:
        """Numbers side by side become one string."""
        if start >= stop:
            return
        start, stop = _whole_scalars(self._data, start, stop)
        for found in _SCALARS.finditer(self._data, start, stop):
            yield Piece(found.span(), found[0], b'"')

    def _in_string(self, string: Span, start: int, stop: int) -> Iterator[Piece]:
        data = self._data
        stop = min(stop, string[1] - 1)
        if start >= stop:
            return
        start, stop = _whole(data, (start, stop), _ESCAPE, string[0] + 1)
        inner = Nesting()
        inner.feed(b"[" + data[string[0] : start])
        quote = b""
        if inner.bare:
            quote = escaped('"', inner.depth).encode()
            start, stop = _whole_scalars(data, start, stop)
        yield Piece((start, stop), unescaped(data[start:stop], inner.depth), quote)


def _form(data: bytes, span: Span) -> Iterator[Piece]:
    start, stop = _whole(data, span, _PERCENT, max(0, span[0] - 2))
    for low, high in _between(data, (start, stop), _FIELD):
        yield Piece((low, high), unquote_to_bytes(data[low:high].replace(b"+", b" ")))


def _markup(data: bytes, span: Span) -> Iterator[Piece]:
    begin = max(0, span[0] - _LONGEST_ESCAPE)
    start, stop = _whole(data, span, _ENTITY, begin)
    for low, high in _between(data, (start, stop), _TAG):
        text = data[low:high].decode(errors="replace")
        yield Piece((low, high), html.unescape(text).encode())


def _between(data: bytes, span: Span, structure: re.Pattern[bytes]) -> Iterator[Span]:
    at, stop = span
    for found in structure.finditer(data, at, stop):
        if found.start() > at:
            yield at, found.start()
        at = found.end()
    if at < stop:
        yield at, stop


def _whole(data: bytes, span: Span, escape: re.Pattern[bytes], begin: int) -> Span:
    """The span with all of the escapes at its ends; they are read from `begin`."""
    start, stop = span
    for found in escape.finditer(data, begin, stop + _LONGEST_ESCAPE):
        low, high = found.span()
        if low < start < high:
            start = low
        if low < stop < high:
            stop = high
        if low >= stop:
            break
    return start, stop


def _whole_scalars(data: bytes, start: int, stop: int) -> Span:
    before = _SCALAR_BEFORE.search(data[max(0, start - _LONGEST_SCALAR) : start])
    after = _SCALAR.match(data, stop)
    first = start - len(before[0]) if before else start
    return first, after.end() if after else stop
