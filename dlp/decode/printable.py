"""
The printable stretches of bytes that are no text as a whole.

A decoded image or object file is not worth scanning byte by byte; what could carry a
secret in it, as `strings(1)` would show, is a small part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.magic import CONTAINERS, MAGICS
from dlp.decode.pieces import Pieces
from dlp.decode.runs import Alphabet
from dlp.decode.source import Source
from dlp.model import View

TEXT_BYTES = bytes([9, 10, 13, *range(0x20, 0x7F)])
_STRETCHES = Alphabet(TEXT_BYTES, 12)
_LONG_STRETCHES = Alphabet(TEXT_BYTES, 15)
_SAMPLE_BYTES = 2048
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_READABLE = re.compile(
    rb"[\x20-\x7e]{15}|(?:[\x20-\x7e]\0(?:\0\0)?){6}|"
    + b"|".join(map(re.escape, MAGICS))
)
_SHORTER = re.compile(rb"[\x20-\x7e]{10}")


def readable(data: bytes) -> bool:
    """
    True when decoding made sense: a printable stretch that is too long for chance, or
    a container.
    """
    return _READABLE.search(data) is not None or data.startswith(CONTAINERS)


def readable_for_its_size(data: bytes) -> bool:
    """As `readable`, for what seldom decodes by chance: a shorter stretch will do."""
    return _SHORTER.search(data) is not None or readable(data)


def is_text(data: bytes) -> bool:
    """True when both ends of `data` are UTF-8 without control characters."""
    if len(data) <= _SAMPLE_BYTES:
        return _is_text(data)
    return _is_text(data[:_SAMPLE_BYTES]) and _is_text(data[-_SAMPLE_BYTES:])


def is_wide_text(data: bytes) -> bool:
    """True when all of `data` is UTF-8 and some of it no ASCII."""
    if data.isascii() or len(data.translate(None, _CONTROL)) != len(data):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_text(sample: bytes) -> bool:
    if len(sample.translate(None, _CONTROL)) != len(sample):
        return False
    if sample.isascii():
        return True
    lost = sample.decode("utf-8", "replace").count("\ufffd")
    return lost <= 6  # a character cut at each end, at most


def stretches(data: bytes) -> bytes:
    """The long printable stretches of `data`, one a line."""
    spans = _LONG_STRETCHES.runs(data)
    return b"\n".join([data[start:stop] for start, stop in spans])


def printable(source: Source) -> Iterator[View]:
    """The printable stretches of a view, one a line."""
    spans = _STRETCHES.runs(source.data)
    if spans:
        pieces = [source.data[start:stop] for start, stop in spans]
        yield source.gather("strings", pieces, Pieces(spans, list(map(len, pieces))))
