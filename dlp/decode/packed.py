"""
Binary structures: protobuf, gRPC frames, MessagePack, CBOR, BSON and their kin.

Their strings stand in the raw bytes; what hides one is the byte before it, when a
length happens to be a letter, and what cuts one is being packed as many. So there is no
parser per format: a printable stretch that begins with its own length loses it, and the
strings of a message are put side by side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.fields import joined
from dlp.decode.pieces import Pieces, Span
from dlp.decode.printable import is_text
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"[\x00-\x08\x0e-\x1a]", r"^[\x80-\xbf\xd8-\xdf]")

_STRETCH = re.compile(rb"[\x20-\x7e]+")
_SHORTEST = 12
_LARGEST_BYTES = 64 << 10
"""Above this a message is no cut secret."""


def strings(source: Source) -> Iterator[View]:
    """Strings without the length before them; and all strings side by side."""
    data = source.data
    if is_text(data):
        return
    found = [match.span() for match in _STRETCH.finditer(data)]
    spans = [
        span for start, stop in found for span in _after_lengths(data, start, stop)
    ]
    if spans:
        pieces = [data[start:stop] for start, stop in spans]
        yield source.gather("strings", pieces, Pieces(spans, list(map(len, pieces))))
    if len(data) <= _LARGEST_BYTES:
        yield from joined(source, "strings", found)


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


def _lengths(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Where a string would begin and how long it would be, if one follows here."""
    for place in (at, at + 1):
        yield place + 1, data[place]
        if 0x60 <= data[place] <= 0x77:  # a short text of CBOR (RFC 8949, 3.1)
            yield place + 1, data[place] - 0x60
