"""
The printable stretches of bytes that are no text as a whole.

A decoded image or object file is not worth scanning byte by byte; what could carry a
secret in it, as `strings(1)` would show, is a small part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from dlp.decode.compressed.magic import CONTAINERS, MAGICS
from dlp.decode.pieces import Pieces
from dlp.decode.runs import Alphabet
from dlp.decode.source import Source
from dlp.model import View

TEXT_BYTES = bytes([9, 10, 13, *range(0x20, 0x7F)])
IS_TEXT = np.array([byte in TEXT_BYTES for byte in range(256)])
VISIBLE = bytes(0x21 <= byte < 0x7F for byte in range(256))
"""To translate by: 1 for what leaves ink, 0 for blanks and all else."""
_STRETCHES = Alphabet(TEXT_BYTES, 12)
_LONG_STRETCHES = Alphabet(TEXT_BYTES, 15)
_SAMPLE_BYTES = 2048
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_KINDS = bytes(1 if 0x20 <= b < 0x7F else 0 if b == 0 else 2 for b in range(256))
_STRETCH = b"\1" * 15
_SHORTER = b"\1" * 10
_MAGIC = re.compile(b"|".join(map(re.escape, MAGICS)))
_SHORT_LINES = 16
"""Bytes that are no chance when all of them are text."""
_LONGEST_LINES = 4096
_FEWEST_SYMBOLS = 12
"""What repeats itself is text in any reading."""
_WIDE_PAIRS = 6
_WIDE = re.compile(rb"\x01\0(?:\0\0)?(?:\x01\0(?:\0\0)?){%d}" % (_WIDE_PAIRS - 1))
"""
UTF-16 or UTF-32 in terms of `_KINDS`. The first pair stands before the others, so that
it is looked for at the speed of memory.
"""

_FLOATS = re.compile(
    rb"(?:\0{2}[\0-\x02]\x01){8}|(?:\x01[\0-\x02]\0{2}){8}"
    rb"|(?:\0{5}[\0-\x02]\x01{2}){8}|(?:\x01{2}[\0-\x02]\0{5}){8}"
)
"""Characters as floats of four or eight bytes (charset.py), in the same terms."""


def readable(data: bytes) -> bool:
    """
    True when decoding made sense: a printable stretch that is too long for chance, or
    a container; or all of it is text, in lines or characters however short.
    """
    return has_stretch(data) or is_all_text(data)


def has_stretch(data: bytes) -> bool:
    """True when a stretch of it is text that is too long for chance, or a container."""
    return _shows(data, _STRETCH)


def readable_for_its_size(data: bytes) -> bool:
    """As `readable`, for what seldom decodes by chance: a shorter stretch will do."""
    return _shows(data, _SHORTER) or is_all_text(data)


def _shows(data: bytes, stretch: bytes) -> bool:
    # Measured: one expression for all of this takes eight times as long for 32 bytes,
    # and `in` six times as long as `find`.
    kinds = data.translate(_KINDS)
    zeros = kinds.count(0)
    return (
        kinds.find(stretch) >= 0
        or data.startswith(CONTAINERS)
        or _MAGIC.search(data) is not None
        or (zeros >= _WIDE_PAIRS and _WIDE.search(kinds) is not None)
        or (2 * zeros >= len(kinds) > 0 and _FLOATS.search(kinds) is not None)
    )


def are_floats(data: bytes) -> bool:
    """Whether characters stand here as floats, in a row."""
    return _FLOATS.search(data.translate(_KINDS)) is not None


def is_all_text(data: bytes) -> bool:
    """True for lines or characters however short, and nothing else, but not much."""
    if not _SHORT_LINES <= len(data) <= _LONGEST_LINES:
        return False
    # Most bytes are no text, which takes less to see than how many differ.
    if data.translate(None, TEXT_BYTES) and not is_wide_text(data):
        return False
    return len(set(data)) >= _FEWEST_SYMBOLS


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
