"""
Binary structures: protobuf, gRPC frames, MessagePack, CBOR, BSON and their kin.

Their strings stand in the raw bytes; what hides one is the byte before it, when a
length happens to be a letter, and what cuts one is being packed as many. So there is no
parser per format: a printable stretch that begins with its own length loses it, and the
strings of a message are put side by side; also only those up to one that is shorter
than the first, which of a text that was cut is the last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from dlp.decode.documents.fields import joined
from dlp.decode.pieces import Pieces, Span
from dlp.decode.printable import is_text
from dlp.decode.runs import Alphabet
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"[\x00-\x08\x0e-\x1a]", START + r"[\x80-\xbf\xd8-\xdf]")

_STEP = "strings"
_SHORTEST = 12
_STRETCHES = Alphabet(bytes(range(0x20, 0x7F)), 1)
_LONG_STRETCHES = Alphabet(bytes(range(0x20, 0x7F)), _SHORTEST + 1)
_LINE_ENDS = (b"\n", b"\r", b"\t")
"""Also tags of fields 1, of protobuf: a string there has a length that fits."""
_MOSTLY = 0.55
"""The share of printable bytes in a message of strings; noise has 0.37."""
_CBOR_STRINGS = (0x40, 0x60)
_CBOR_SHORT = 23
_CHUNKS_HEAD = 5
"""Bytes of keys and marks before the first chunk."""
_SHORTEST_VALUE = 4
"""Shorter ones are keys, indices and tags between the values."""
_TAG_BYTES = 3
"""Of a tag, and of a length, those that may be letters."""
_HEAD_BYTES = 64
"""Bytes of a message in which the field that is the rest of it is looked for."""
_OFTEN = 3
_NAME = re.compile(
    b"(?:"
    + b"|".join(
        re.escape(bytes([size])) + rb"[!-~]{%d}" % size for size in range(1, 64)
    )
    + rb"){2,}+(?=\0|\Z)"
)
"""Labels, each behind its length, up to the empty one."""
_LARGEST_BYTES = 8 << 10
"""Above this a message is no cut secret."""
_LARGEST_PADDED_BYTES = 64 << 10
"""The same with zeros that fill it up."""


def strings(source: Source) -> Iterator[View]:
    """Strings without the length before them; and all strings side by side."""
    data = source.data
    if _is_text(data) or source.view.came_of({_STEP}):
        return
    filled = len(data) - data.count(0)
    small = filled <= _LARGEST_BYTES and len(data) <= _LARGEST_PADDED_BYTES
    found = (_STRETCHES if small else _LONG_STRETCHES).runs(data)
    spans = [
        span
        for start, stop in found
        if not _is_line(data, start, stop)
        for span in _after_lengths(data, start, stop)
    ]
    if spans:
        pieces = [data[start:stop] for start, stop in spans]
        yield source.gather(_STEP, pieces, Pieces(spans, list(map(len, pieces))))
    shown = sum([stop - start for start, stop in found])
    if small and shown > _MOSTLY * filled:
        cut = [span for one in found for span in _chunks(data, *one)]
        values = [span for span in cut[:-1] if span[1] - span[0] >= _SHORTEST_VALUE]
        values += cut[-1:]
        rare = _rare(data, values)
        sized = [_sized(data, *span) for span in values]
        names = _labels(data)
        orders = (found, values, sized, names, *map(_evenly, (values, sized, names)))
        several = {tuple(spans): spans for spans in orders}
        for spans in several.values():
            yield from joined(source, _STEP, spans)
        yield from joined(source, _STEP, rare[::-1])  # as databases fill their pages
        if rare != values:
            yield from joined(source, _STEP, rare)
        cells = [_cell(data, *span) for span in rare]
        if cells != rare:
            for rows in (cells, cells[::-1]):
                yield from joined(source, _STEP, _evenly(rows))
    for start in _ends(data):
        yield source.slice("", (start, len(data)))


def _sized(data: bytes, start: int, stop: int) -> Span:
    """A string as long as the byte before it says: a tag behind it may be a letter."""
    size = data[start - 1] if start else 0
    if _SHORTEST_VALUE <= size < stop - start <= size + _TAG_BYTES:
        return start, start + size
    return start, stop


def _cell(data: bytes, start: int, stop: int) -> Span:
    """
    Without the kind of a text in a row of SQLite (Database File Format, 2.1), which
    tells its length, and of one of 10 to 56 bytes is a letter.
    """
    is_kind = data[start] == 2 * (stop - start - 1) + 13
    return start + is_kind, stop


def _labels(data: bytes) -> list[Span]:
    """Of all names of DNS (RFC 1035, 3.1) the labels, each as long as it says."""
    spans: list[Span] = []
    for name in _NAME.finditer(data):
        at = name.start()
        while at < name.end() and (size := data[at]):
            spans.append((at + 1, at + 1 + size))
            at += 1 + size
    return spans


def _evenly(spans: list[Span]) -> list[Span]:
    """Up to the first that is shorter than the first of all."""
    sizes = [stop - start for start, stop in spans]
    last = next((n for n, size in enumerate(sizes) if size < sizes[0]), len(sizes))
    return spans[: last + 1]


def _is_text(data: bytes) -> bool:
    """Text, and what it begins with no byte that only goes on a character."""
    return is_text(data) and not 0x80 <= data[0] < 0xC0


def _rare(data: bytes, spans: list[Span]) -> list[Span]:
    """Without what comes again and again, and numbers."""
    often = Counter([data[start:stop] for start, stop in spans])
    return [
        span
        for span in spans
        if often[data[slice(*span)]] < _OFTEN and not data[slice(*span)].isdigit()
    ]


def _ends(data: bytes) -> Iterator[int]:
    """Where what has a length before it begins that goes on to the end."""
    for at in range(min(_HEAD_BYTES, len(data) - _SHORTEST)):
        rest = len(data) - at
        first, second = data[at], data[at + 1]
        if first == rest - 1 and first < 0x80:
            yield at + 1
        elif first & 0x7F | second << 7 == rest - 2 and first >= 0x80 > second:
            yield at + 2
        elif rest > 4 + _SHORTEST and rest - 4 in (
            int.from_bytes(data[at : at + 4], "big"),
            int.from_bytes(data[at : at + 4], "little"),
        ):
            yield at + 4


def _is_line(data: bytes, start: int, stop: int) -> bool:
    """
    Whether a stretch is a line of text, and no string: a letter is the length of what
    follows it in most lines, but seldom of just what follows.
    """
    between = (
        data[start - 1 : start] in _LINE_ENDS and data[stop : stop + 1] in _LINE_ENDS
    )
    return between and data[start] != stop - start - 1


def _after_lengths(data: bytes, start: int, stop: int) -> Iterator[Span]:
    """The strings of a stretch that reads as tags, lengths and as many bytes."""
    at = start
    while at + _SHORTEST < stop:
        for begin, size in _lengths(data, at):
            if size >= _SHORTEST and begin + size <= stop:
                yield begin, begin + size
                at = begin + size
                break
        else:
            return


def _chunks(data: bytes, start: int, stop: int) -> list[Span]:
    """A stretch that ends in short strings of CBOR, cut into these; else as it is."""
    for lead in range(start, min(start + _CHUNKS_HEAD, stop)):
        kind = data[lead] & 0xE0
        spans: list[Span] = []
        at = lead
        while at < stop and kind in _CBOR_STRINGS:
            size = data[at] - kind
            if not 0 < size <= min(_CBOR_SHORT, stop - at - 1):
                break
            spans.append((at + 1, at + 1 + size))
            at += 1 + size
        if at == stop and (lead == start or len(spans) > 1):
            return spans
    return [(start, stop)]


def _lengths(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Where a string would begin and how long it would be, if one follows here."""
    for place in (at, at + 1):
        yield place + 1, data[place]
        if 0x60 <= data[place] <= 0x77:  # a short text of CBOR (RFC 8949, 3.1)
            yield place + 1, data[place] - 0x60
