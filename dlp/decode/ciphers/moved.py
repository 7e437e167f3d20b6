"""
Transpositions that are done by hand or in one line: columns, rail fences, spirals,
pairs and groups turned round, halves interleaved, from the outside in.

All of one text at once: the places of its characters are worked out for its length, and
kept. Only a vendor's prefix is looked for in the result: of a registered secret its
letters are known in any order (`dlp.detect.known.wholes`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

Order = npt.NDArray[np.int16]

_WIDEST = 12
_MOST_RAILS = 8


def moved(text: bytes) -> bytes:
    """`text` with every transposition undone, one a line."""
    array = np.frombuffer(text + b"\n", np.uint8)
    return array[_orders(len(text))].tobytes()


@lru_cache(maxsize=100)
def _orders(size: int) -> Order:
    """A row for each transposition: where each character is read, then a newline."""
    rows = list(_rows(np.arange(size, dtype=np.int16)))
    orders = np.full((len(rows), size + 1), size, np.int16)
    orders[:, :size] = rows
    return orders


def _rows(places: Order) -> Iterator[Order]:
    for written in _written(places):
        yield _undone(written)
        yield _undone(written[::-1])
    for width in range(2, _WIDEST + 1):
        yield np.concatenate([places[at::width] for at in range(width)])
    yield np.concatenate((places[0::2], places[1::2][::-1]))


def _undone(written: Order) -> Order:
    """What reads a text again of which character `written[i]` was put at `i`."""
    read = np.empty_like(written)
    read[written] = np.arange(len(written), dtype=np.int16)
    return read


def _written(places: Order) -> Iterator[Order]:
    """In which order the characters of a text are written."""
    size = len(places)
    yield places
    for width in range(2, _WIDEST + 1):
        columns = [places[at::width] for at in range(width)]
        yield np.concatenate(columns)
        yield np.concatenate(columns[::-1])
        yield np.concatenate([c[::-1] if n % 2 else c for n, c in enumerate(columns)])
        yield np.concatenate([c if n % 2 else c[::-1] for n, c in enumerate(columns)])
        groups = [places[at : at + width] for at in range(0, size, width)]
        yield np.concatenate([group[::-1] for group in groups])
        yield np.concatenate([np.roll(group, -1) for group in groups])
        yield np.concatenate([np.roll(group, 1) for group in groups])
    for rails in range(3, _MOST_RAILS + 1):
        cycle = 2 * rails - 2
        rail = np.abs((places + rails - 1) % cycle - (rails - 1))
        yield np.argsort(rail, kind="stable").astype(np.int16)
        yield np.argsort(rails - 1 - rail, kind="stable").astype(np.int16)
    yield np.stack((places, places[::-1]), 1).ravel()[:size]
    yield np.stack((places[::-1], places), 1).ravel()[:size]
    yield from _in_groups(places, 3)
    yield from _in_groups(places, 4)
    yield from _spirals(places)


def _in_groups(places: Order, width: int) -> Iterator[Order]:
    whole = len(places) // width * width
    groups = places[:whole].reshape(-1, width)
    for order in permutations(range(width)):
        yield np.concatenate((groups[:, list(order)].ravel(), places[whole:]))


def _spirals(places: Order) -> Iterator[Order]:
    for width in range(4, _WIDEST + 1):
        height = -(-len(places) // width)
        grid = np.full(width * height, -1, np.int16)
        grid[: len(places)] = places
        rest, out = grid.reshape(height, width), []
        while rest.size:
            out.append(rest[0])
            rest = np.rot90(rest[1:])
        order = np.concatenate(out)
        yield order[order >= 0]
