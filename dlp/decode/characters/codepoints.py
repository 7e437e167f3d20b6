"""
Bytes written as characters: what is text to a JSON parser and data to its reader.

- `latin-1`: one byte a character, as binary strings of JavaScript and `latin-1` of
  Python have it; opened where a container begins
- `packed`: two a character, as when UTF-8 is read as UTF-16
- `code points`: the low bytes of words far from ASCII. A number that was added to every
  character stays in them, so what is no text is residue: `Decoded.residue`

Why not in unicode.py: that reads what looks like ASCII, this what does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from dlp.decode.pieces import Span
from dlp.decode.printable import is_text, readable, readable_for_its_size
from dlp.decode.runs import long_spans_of
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View

_HIGH = r"[\xc2\xc3][\x80-\xbf]"
_CONTAINERS = (
    r"\x1f\xc2\x8b\x08",
    r"x\xc2\x9c",
    r"x\xc3\x9a",
    r"x\x01.{0,24}" + _HIGH,
    r"BZh[1-9]1AY&SY.{0,8}" + _HIGH,
    r"\xc3\xbd7zXZ\x00",
    r"\x28\xc2\xb5/\xc3\xbd",
    r"\]\x00\x00.{2,4}(?:\xc3\xbf){8}",
    r"PK\x03\x04.{0,40}" + _HIGH,
)
"""Signatures of magic.py, in UTF-8 of bytes as characters."""
_WORD = r"[\-./0-~\xc2\xc3\x80-\xbf]{12}"
HINTS = (
    *_CONTAINERS,
    r"(?:[\xc2-\xf4][\x80-\xbf]{1,3}){8}",
    _HIGH + _WORD,
    _WORD + _HIGH,
)

_IS_CONTAINER = re.compile("|".join(_CONTAINERS).encode("latin-1"), re.DOTALL)
_BEGINS = (
    b"\x1f\xc2\x8b\x08", b"x\xc2\x9c", b"x\xc3\x9a", b"x\x01", b"BZh", b"\xc3\xbd7zXZ",
    b"\x28\xc2\xb5/\xc3\xbd", b"]\0\0", b"PK\x03\x04",
)  # fmt: skip
"""What these begin with: literals are looked for in one pass."""
_BYTE_WISE = re.compile(rb"(?:[\x00-\x7f]|[\xc2\xc3][\x80-\xbf])*+")
_SHORTEST_BYTES = 18
"""Less is no container, and in noise what looks like one goes on no longer."""
_LONGEST_STEP = 94
"""Characters that a key consists of differ by less."""
_LOWEST = 0x2D
_SHORTEST = 16
_SHORTEST_PACKED = 8
_FEWEST_DIGITS = 24
_MOST_LOWER = 15
"""Places before its least character at which the row of a word may begin."""
_LEADS = ((0xC2, 0xDF, 2), (0xE0, 0xEF, 3), (0xF0, 0xF4, 4))
"""First bytes of longer characters, and how long these are."""
_PRINTABLE = np.zeros(256, np.bool_)
_PRINTABLE[0x20:0x7F] = True

_BLOCK_BYTES = 1 << 20
_OVERLAP_BYTES = 1 << 10
"""A word over the end of a block is read as far as this."""

type Codes = npt.NDArray[np.int32]


def characters(source: Source) -> Iterator[View]:
    """What the characters of a text stand for."""
    data = source.data
    yield from _containers(source)
    words: list[bytes] = []
    found: list[bytes] = []
    for start, stop in [(0, len(data))] if is_text(data) else _characters(data):
        for at in range(start, stop, _BLOCK_BYTES):
            block = data[at : min(stop, at + _BLOCK_BYTES + _OVERLAP_BYTES)]
            text = block.decode("utf-8", "replace")
            codes = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.int32)
            yield from _packed(source, codes)
            for word in _near(codes):
                words.append((word & 0xFF).astype(np.uint8).tobytes())
                found += _as_digits(word)
    yield from (source.child("code points", text) for text in dict.fromkeys(found))
    if words:
        low = source.child("code points", b"\n".join(words))
        if readable(low.data):
            yield low
        else:
            source.budget.remains(low)


def _containers(source: Source) -> Iterator[View]:
    """From where a container begins, as long as characters stand for bytes."""
    data, done = source.data, 0
    hits = _locator().find(data, len(data))
    for start in sorted(stop - len(_BEGINS[which]) for which, stop in hits):
        if start < done or not _IS_CONTAINER.match(data, start):
            continue
        run = _BYTE_WISE.match(data, start)
        assert run is not None
        text = run[0].decode().encode("latin-1")
        if len(text) >= _SHORTEST_BYTES:
            done = run.end()
            yield source.child("latin-1", text, run.span())


@cache
def _locator() -> Locator:
    return Locator(_BEGINS)


def _characters(data: bytes) -> list[Span]:
    """The stretches of bytes that are UTF-8, of those that are no text as a whole."""
    octets = np.concatenate((np.frombuffer(data, np.uint8), np.zeros(3, np.uint8)))
    more = octets & 0xC0 == 0x80
    size = len(data)
    inside = octets[:size] < 0x80
    for lowest, highest, length in _LEADS:
        begins = octets[:size] - np.uint8(lowest) <= highest - lowest
        for place in range(1, length):
            begins &= more[place : place + size]
        for place in range(length):
            inside[place:] |= begins[: size - place]
    return long_spans_of(inside, _SHORTEST)


def _near(codes: Codes) -> Iterator[Codes]:
    """Words that are no ASCII and of characters near each other throughout."""
    high = codes >= _LOWEST
    near = (np.abs(np.diff(codes)) < _LONGEST_STEP) & high[1:] & high[:-1]
    foreign = np.concatenate(([0], np.cumsum(codes > 0x7F)))
    for start, stop in long_spans_of(near, _SHORTEST - 1):
        if foreign[stop + 1] > foreign[start]:
            yield codes[start : stop + 1]


def _as_digits(word: Codes) -> Iterator[bytes]:
    """
    Texts of which a word is the digits, of hexadecimal or base64, each a character
    so many places from the first of a row: dominoes, hexagrams, faces.
    """
    low, high = int(word.min()), int(word.max())
    for radix, read in ((16, _hexadecimal), (64, _base64)):
        if len(word) >= _FEWEST_DIGITS and high - low < radix:
            firsts = range(max(high - radix + 1, low - _MOST_LOWER), low + 1)
            texts = (read((word - first).astype(np.uint8)) for first in firsts)
            yield from (text for text in texts if readable_for_its_size(text))


def _hexadecimal(digits: npt.NDArray[np.uint8]) -> bytes:
    even = digits[: len(digits) & ~1]
    return (even[::2] << 4 | even[1::2]).tobytes()


def _base64(digits: npt.NDArray[np.uint8]) -> bytes:
    bits = np.unpackbits(digits[:, None], axis=1)[:, 2:].ravel()
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


def _packed(source: Source, codes: Codes) -> Iterator[View]:
    wide = (codes > 0xFF) & (codes < 0x7F00)
    units = np.where(wide, codes, 0)
    both = _PRINTABLE[units & 0xFF] & _PRINTABLE[units >> 8]
    for start, stop in long_spans_of(both, _SHORTEST_PACKED):
        for order in ("<u2", ">u2"):
            text = units[start:stop].astype(order).tobytes()
            yield source.child("packed", text)
