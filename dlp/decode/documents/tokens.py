"""
The strings of a JSON text, found by its quotes.

A scan, not a parser: it reads JSON, JSON lines, documents that are cut, concatenated or
repeat a key, at the speed of memory. Text is read segment by segment, each ending
outside a string, so that a body of nothing but quotes costs no more than any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SEGMENT_BYTES = 1 << 20

_QUOTE, _BACKSLASH, _COLON = 34, 92, 58
_KEY_END = re.compile(rb"\s*:")

Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The strings of one segment, without their quotes."""

    starts: Places
    stops: Places
    keys: npt.NDArray[np.bool_]
    """Which are keys."""
    escaped: npt.NDArray[np.bool_]
    """Which hold a backslash."""
    stray: bool
    """A backslash stands outside a string: this is not quite JSON."""


def segments(
    data: bytes, at: int = 0, size: int = SEGMENT_BYTES
) -> Iterator[tuple[int, Tokens]]:
    """The end of each segment, and its strings. `at` must be outside a string."""
    while at < len(data):
        end, tokens = _segment(data, at, size)
        yield end, tokens
        at = end


def _segment(data: bytes, at: int, size: int) -> tuple[int, Tokens]:
    symbols = np.frombuffer(data, np.uint8, min(size, len(data) - at), at)
    quotes = (symbols == _QUOTE).nonzero()[0]
    end = at + len(symbols)
    has_escapes = data.find(b"\\", at, end) >= 0
    if has_escapes and len(quotes):
        before = symbols[quotes - 1] == _BACKSLASH
        before[0] &= quotes[0] > 0  # else it is the last symbol that was looked at
        if before.any():
            quotes = quotes[~(before & _all_escaped(symbols, quotes))]
    quotes = quotes + at
    if len(quotes) % 2:
        close = _closing(data, max(end, int(quotes[-1]) + 1))
        quotes = np.append(quotes, close)
        end = min(close + 1, len(data))
    starts, stops = quotes[0::2] + 1, quotes[1::2]
    escaped = np.zeros(len(starts), np.bool_)
    stray = False
    if has_escapes:
        escaped, stray = _find_escapes(data, at, end, starts, stops)
    return end, Tokens(starts, stops, _find_keys(data, stops), escaped, stray)


def _find_escapes(
    data: bytes, at: int, end: int, starts: Places, stops: Places
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Which strings hold a backslash, and whether one stands outside of them."""
    symbols = np.frombuffer(data, np.uint8, end - at, at)
    marks = (symbols == _BACKSLASH).nonzero()[0] + at
    counts = np.searchsorted(marks, stops) - np.searchsorted(marks, starts)
    return counts > 0, int(counts.sum()) != len(marks)


def _find_keys(data: bytes, stops: Places) -> npt.NDArray[np.bool_]:
    symbols = np.frombuffer(data, np.uint8)
    after = symbols[np.minimum(stops + 1, len(symbols) - 1)]
    keys: npt.NDArray[np.bool_] = after == _COLON
    spaced = (after <= 32).nonzero()[0]
    for index in spaced.tolist():
        keys[index] = _KEY_END.match(data, int(stops[index]) + 1) is not None
    return keys


def _all_escaped(symbols: npt.NDArray[np.uint8], quotes: Places) -> Places:
    """For each quote, whether an odd number of backslashes stands before it."""
    marks = (symbols == _BACKSLASH).nonzero()[0]
    numbers = np.arange(len(marks))
    first = numbers.copy()
    first[1:][marks[1:] == marks[:-1] + 1] = 0
    first = np.maximum.accumulate(first)
    last = np.searchsorted(marks, quotes) - 1
    odd: Places = (numbers - first)[last] % 2 == 0
    return odd


def _escaped(data: bytes, at: int) -> bool:
    """Whether an odd number of backslashes stands before `at`."""
    first = at
    while first > 0 and data[first - 1] == _BACKSLASH:
        first -= 1
    return (at - first) % 2 == 1


def _closing(data: bytes, at: int) -> int:
    """The next quote that ends a string, or the end of the data."""
    while True:
        at = data.find(b'"', at)
        if at < 0:
            return len(data)
        if not _escaped(data, at):
            return at
        at += 1
