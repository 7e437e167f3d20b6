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
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.documents.multipart import parts
from dlp.decode.documents.nesting import Nesting, escaped, unescaped
from dlp.model import Part, noun

type Span = tuple[int, int]

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NAME_ENDS = re.compile(rb'\\*"\s*:')
_SCALARS = re.compile(rb"[-+.\w]+(?:\s*,\s*[-+.\w]+)*")
_SCALAR = re.compile(rb"[-+.\w]+")
_SCALAR_BEFORE = re.compile(rb"[-+.\w]+\Z")
_LONGEST_SCALAR = 400
_ESCAPE = re.compile(rb"(?P<run>\\+)(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_INNER = re.compile(rb"\\+(?:u[0-9a-fA-F]{4}|.)|[^\\]+", re.DOTALL)
_PERCENT = re.compile(rb"%[0-9a-fA-F]{2}")
_ENTITY = re.compile(rb"&#?\w{1,32};")
_TAG = re.compile(rb"<[^>]*(?:>|\Z)")
_TAG_GOES_ON = re.compile(rb"[\"'][^>]*>|>")
_BETWEEN_FIELDS = re.compile(rb"&")
_HEADER_VALUE = re.compile(rb'[^"\r\n]+')
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
    contents = [span for _, span in parts(data)] if "multipart/" in kind else []
    if contents:
        return lambda span: list(_multipart(data, contents, span))
    return lambda span: [Piece(span, data[slice(*span)])]


class _Json:
    """
    JSON, also many documents one after the other.

    A string that holds JSON is followed from its begin to a span once for all spans
    that are asked in order.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._strings = [match.span() for match in _STRING.finditer(data)]
        self._starts = [start for start, _ in self._strings]
        self._string: Span = (0, 0)
        self._at = 0
        self._nesting = Nesting()

    def __call__(self, span: Span) -> list[Piece]:
        pieces = list(self._pieces(*span))
        if len(pieces) < 2:
            return pieces
        # A name between values stays: it is the document's, not the secret's.
        return [piece for piece in pieces if not self._is_name(piece)] or pieces

    def _is_name(self, piece: Piece) -> bool:
        return _NAME_ENDS.match(self._data, piece.span[1]) is not None

    def _pieces(self, start: int, stop: int) -> Iterator[Piece]:
        at = start
        first = max(0, bisect_right(self._starts, start) - 1)
        for number in range(first, bisect_left(self._starts, stop)):
            low, high = self._strings[number]
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
        self._follow(string, start)
        depth, bare = self._nesting.depth, self._nesting.bare
        start, stop = _unbroken(data, (start, stop), string, depth)
        if bare:
            quote = escaped('"', depth).encode()
            start, stop = _whole_scalars(data, start, stop)
            yield Piece((start, stop), unescaped(data[start:stop], depth), quote)
            return
        for low, high in self._texts(string, (start, stop)):
            yield Piece((low, high), unescaped(data[low:high], depth))

    def _texts(self, string: Span, span: Span) -> Iterator[Span]:
        """The stretches of a span that stand in strings as deep as where it begins."""
        at, depth, inside = span[0], self._nesting.depth, True
        for token in _INNER.finditer(self._data, *span):
            self._follow(string, max(self._at, token.end()))
            still = self._nesting.depth == depth and not self._nesting.bare
            if inside and not still and token.start() > at:
                yield at, token.start()
            if still and not inside:
                at = token.end()
            inside = still
        if inside and at < span[1]:
            yield at, span[1]

    def _follow(self, string: Span, to: int) -> None:
        """Have `_nesting` say how deep in its strings a place in a string stands."""
        if string != self._string or to < self._at:
            self._string, self._at, self._nesting = string, string[0], Nesting()
            self._nesting.feed(b"[")
        self._nesting.feed(self._data[self._at : to])
        self._at = to


def _form(data: bytes, span: Span) -> Iterator[Piece]:
    start, stop = _whole(data, span, _PERCENT, max(0, span[0] - 2))
    for low, high in _between(data, (start, stop), _BETWEEN_FIELDS):
        # Names stay: what a finding reaches beyond one value is another's value.
        value = data.find(b"=", low, high) + 1 or low
        if value < high:
            text = data[value:high].replace(b"+", b" ")
            yield Piece((value, high), unquote_to_bytes(text))


def _multipart(data: bytes, contents: list[Span], span: Span) -> Iterator[Piece]:
    """Boundaries and part headers stay, but for the value a span begins in."""
    start, stop = span
    if not any(low <= start < high for low, high in contents):
        value = _HEADER_VALUE.match(data, start, stop)
        if value is not None:
            yield Piece(value.span(), value[0])
    for low, high in contents:
        at, end = max(low, start), min(high, stop)
        if at < end:
            yield Piece((at, end), data[at:end])


def _unbroken(data: bytes, span: Span, string: Span, depth: int) -> Span:
    """The span with all of the escapes at its ends, also those of strings within."""
    start, stop = span
    begin = max(string[0] + 1, start - _LONGEST_ESCAPE)
    for found in _ESCAPE.finditer(data, begin, min(stop + _LONGEST_ESCAPE, string[1])):
        low, high = found.span()
        if low >= stop:
            break
        # Half of a run stands one string deeper; an odd one escapes what follows.
        run = len(found["run"])
        odd = any(run % 2**n == 0 and run >> n & 1 for n in range(depth))
        high = high if odd else found.end("run")
        if low < start < high:
            start = low
        if low < stop < high:
            stop = high
    return start, stop


def _markup(data: bytes, span: Span) -> Iterator[Piece]:
    begin = max(0, span[0] - _LONGEST_ESCAPE)
    start, stop = _whole(data, span, _ENTITY, begin)
    if data.rfind(b"<", 0, start) > data.rfind(b">", 0, start):
        # In a tag: what stands in the quotes is text, the rest of the tag is not.
        end = _TAG_GOES_ON.search(data, start, stop)
        if end is not None:
            text = data[start : end.start()].decode(errors="replace")
            if text:
                yield Piece((start, end.start()), html.unescape(text).encode())
            start = end.end()
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
    """The span with all of the scalars that it begins and ends in."""
    if _SCALAR.match(data, start):
        before = _SCALAR_BEFORE.search(data[max(0, start - _LONGEST_SCALAR) : start])
        start -= len(before[0]) if before else 0
    if _SCALAR.match(data, stop - 1):
        after = _SCALAR.match(data, stop)
        stop = after.end() if after else stop
    return start, stop
