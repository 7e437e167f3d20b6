"""
Bytes that become text when each is reckoned anew: differences and sums of neighbours,
XOR with the place, bits turned, nibbles swapped or apart, every second byte, multiples.

Read of short views only that came out of a decoder and are no text, or are the body
itself: how they begin tells. Why not in shifted.py: there one byte is a key, found by
what keys of vendors begin with; here nothing is secret but what was done.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from dlp.decode.guesses import GUESSES
from dlp.decode.printable import IS_TEXT, is_text
from dlp.decode.source import Source
from dlp.model import View

_SHORTEST, _LONGEST = 24, 1024
"""Of so many bytes in a row none is text by chance in any of the ways below."""
_FEWEST_SYMBOLS = 8
_FEWEST_DIFFERENT = 12
"""Bytes at the beginning: from what repeats itself comes what counts."""
_MOST_WAYS = 8
_ALNUM = (string.ascii_letters + string.digits).encode()
_MOST_PIECES = 4
"""One decoder may have read a text in several ways, a line each."""

type Bytes = npt.NDArray[np.uint8]

_VALUES = np.arange(256, dtype=np.uint8)


@cache
def _tables() -> Bytes:
    """A row for each thing that may have been done to every byte, undone."""
    turns = [(_VALUES >> n) | (_VALUES << (8 - n)) for n in range(1, 8)]
    bits = np.unpackbits(_VALUES[:, None], axis=1)
    backwards = np.packbits(bits[:, ::-1], axis=1)[:, 0]
    multiples = [_VALUES * np.uint8(factor) for factor in range(3, 256, 2)]
    return np.stack([*turns, backwards, ~_VALUES, ~backwards, *multiples])


def is_reckoned(data: bytes) -> bool:
    """Whether a short view that is no text becomes text in one of these ways."""
    return any(True for _ in _texts(data))


def reckoned(source: Source) -> Iterator[View]:
    """The texts that a short view becomes."""
    if source.view.came_of(GUESSES):
        return
    texts = list(dict.fromkeys(_texts(source.data)))
    if texts:
        yield source.child("reckoned", b"\n".join(texts), (0, len(source.data)))


def _texts(data: bytes) -> Iterator[bytes]:
    if not _SHORTEST <= len(data) <= _LONGEST or is_text(data):
        return
    for piece in dict.fromkeys((data, *data.split(b"\n")[:_MOST_PIECES])):
        few = len(set(piece[: 2 * _SHORTEST])) < _FEWEST_DIFFERENT
        if few or len(piece) <= _SHORTEST or is_text(piece):
            continue
        array = np.frombuffer(piece, np.uint8)
        for way in _ways(array[: 2 * _SHORTEST + 1]):
            text = _begun(_row(array, way))
            if len(set(text)) >= _FEWEST_SYMBOLS:
                yield text


def _ways(head: Bytes) -> list[int]:
    """In which ways text begins there; the first of its bytes may be a key."""
    rows = np.stack([row[1:_SHORTEST] for row in _in_a_row(head)])
    ways = np.concatenate(
        (
            IS_TEXT[_tables()[:, head[:_SHORTEST]]].all(axis=1),
            IS_TEXT[rows].all(axis=1),
            IS_TEXT[head[:_SHORTEST] ^ _places()].all(axis=1),
        )
    )
    found: list[int] = ways.nonzero()[0].tolist()
    if len(found) <= _MOST_WAYS:
        return found
    signs = [len(_row(head, way).tobytes().translate(None, _ALNUM)) for way in found]
    return [way for _, way in sorted(zip(signs, found, strict=True))][:_MOST_WAYS]


@cache
def _places() -> Bytes:
    """A row for each number from which places are counted."""
    return np.add.outer(_VALUES, _VALUES[:_SHORTEST])


def _row(array: Bytes, way: int) -> Bytes:
    tables, rows = len(_tables()), list(_in_a_row(array))
    if way < tables:
        return np.asarray(_tables()[way, array])
    if way < tables + len(rows):
        return rows[way - tables]
    first = way - tables - len(rows)
    places = np.arange(first, first + len(array)).astype(np.uint8)
    return np.bitwise_xor(array, places)


def _begun(row: Bytes) -> bytes:
    """The text that a row begins with."""
    strange = (~IS_TEXT[row[1:]]).nonzero()[0]
    return row[: int(strange[0]) + 1 if len(strange) else len(row)].tobytes()


def _in_a_row(array: Bytes) -> Iterator[Bytes]:
    """What depends on places and neighbours; of 48 bytes all are 24 or more."""
    places = np.arange(len(array), dtype=np.uint8)
    half = len(array) // 2 * 2
    before = np.concatenate((_VALUES[:1], array[:-1]))
    yield array ^ before
    yield array - before
    yield np.bitwise_xor.accumulate(array)
    yield np.add.accumulate(array, dtype=np.uint8)
    yield array - places
    yield array + places
    if half >= 2 * _SHORTEST:
        yield array[0::2]
        yield array[1::2]
        yield array[0:half:2] * np.uint8(16) + array[1:half:2]
