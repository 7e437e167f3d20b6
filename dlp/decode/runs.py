"""
Maximal runs of an alphabet, found at the speed of memory.

Why not a regex: one that looks for long runs tries every word; this compares whole
arrays. In small inputs members are written as one symbol and so many of it looked for,
which costs less than an array.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from dlp.decode.pieces import Span

_SMALL_BYTES = 16 << 10
_BLOCK_BYTES = 1 << 20

_FEWEST_LINES, _SHORTEST_LINE = 200, 60
"""Of a code that is wrapped (RFC 2045, 6.8: 76 symbols; PEM: 64), 12 KiB or more."""
_LONGEST_BREAK = 16
"""A line end, spelled or not, quotation marks, and what lines are indented by."""

type Places = npt.NDArray[np.int64]


class Alphabet:
    """A set of byte values, ready to find runs of at least `shortest` of them."""

    def __init__(self, members: bytes, shortest: int) -> None:
        self.shortest = shortest
        self._table = bytes(b in members for b in range(256))
        self._run = b"\1" * shortest
        self._ranges = list(_ranges(members))

    def runs(self, data: bytes) -> list[Span]:
        """Spans of the runs, in order."""
        if len(data) < _SMALL_BYTES:
            return list(self._few(data.translate(self._table)))
        spans: list[Span] = []
        for at in range(0, len(data), _BLOCK_BYTES):
            found = self._block(data, at)
            if spans and found and spans[-1][1] >= found[0][0]:
                spans[-1] = spans[-1][0], found.pop(0)[1]
            spans += found
        return spans

    def _few(self, inside: bytes) -> Iterator[Span]:
        start = inside.find(self._run)
        while start >= 0:
            stop = inside.find(0, start + self.shortest)
            stop = len(inside) if stop < 0 else stop
            yield start, stop
            start = inside.find(self._run, stop)

    def _block(self, data: bytes, at: int) -> list[Span]:
        """Runs that begin in one block; one that goes on is cut at its end."""
        size = min(_BLOCK_BYTES + self.shortest - 1, len(data) - at)
        inside = self._inside(np.frombuffer(data, np.uint8, size, at))
        return [(at + a, at + b) for a, b in long_spans_of(inside, self.shortest)]

    def _inside(self, data: np.ndarray) -> np.ndarray:
        inside = np.zeros(len(data), bool)
        for low, high in self._ranges:
            inside |= data - np.uint8(low) <= high - low
        return inside


@cache
def words(shortest: int, *, quoted: bool = False) -> Alphabet:
    """Words of printable characters; `quoted`: quotation marks part them, too."""
    apart = b' "' if quoted else b" "
    return Alphabet(bytes(b for b in range(0x20, 0x7F) if b not in apart), shortest)


@cache
def lines(shortest: int, *, quoted: bool = False) -> Alphabet:
    """The same with the blanks between them."""
    apart = b'"' if quoted else b""
    return Alphabet(bytes(b for b in range(0x20, 0x7F) if b not in apart), shortest)


def long_spans_of(inside: npt.NDArray[np.bool_], shortest: int) -> list[Span]:
    """The spans of at least `shortest` true values in a row."""
    covered = 1
    while covered < shortest and len(inside):
        step = min(covered, shortest - covered)
        inside = inside[step:] & inside[:-step]
        covered += step
    starts, stops = spans_of(inside)
    stops = stops + (shortest - 1)
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def unwrapped_only(spans: list[Span]) -> list[Span]:
    """
    Those of `spans`, in order, that are no lines of a large wrapped code: of hundreds
    of one length, one below the other, none is a token by itself.
    """
    if len(spans) < _FEWEST_LINES:
        return spans
    edges = np.array(spans)
    sizes = edges[:, 1] - edges[:, 0]
    follows = (sizes[1:] == sizes[:-1]) & (sizes[1:] >= _SHORTEST_LINE)
    follows &= (edges[1:, 0] - edges[:-1, 1] <= _LONGEST_BREAK) & (sizes[1:] % 4 == 0)
    kept = np.ones(len(spans), np.bool_)
    for start, stop in long_spans_of(follows, _FEWEST_LINES - 1):
        kept[start : stop + 1] = False
    return [spans[index] for index in kept.nonzero()[0].tolist()]


def spans_of(inside: npt.NDArray[np.bool_]) -> tuple[Places, Places]:
    """Where runs of true values begin, and where they end."""
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if len(inside) and inside[0]:
        edges = np.concatenate(([0], edges))
    if len(edges) % 2:
        edges = np.append(edges, len(inside))
    return edges[::2], edges[1::2]


def _ranges(members: bytes) -> Iterator[tuple[int, int]]:
    low = high = -2
    for member in [*sorted(set(members)), 999]:
        if member == high + 1:
            high = member
            continue
        if low >= 0:
            yield low, high
        low = high = member
