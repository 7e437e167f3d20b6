"""
Where known runs of grams stand in a buffer.

A *run* is one text whose grams have consecutive ordinals, one gram each `stride` bytes.
Grams found at `p` that belong at `i * stride` of a run say the text would begin at
`p - i * stride`; neighbours that agree on that make a *stretch*. What stays below a
run's `need` is dropped here.

Buffers are searched in windows that overlap by the longest run, so that memory does
not follow the size of a message. XOR and ADD grams are looked up at every eighth byte
only (each run holds all of its grams) and round a hit everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlp.detect.grams import CHUNK, GRAM, GramTable, Places, Words, grams
from dlp.detect.variants import Domain

WINDOW = 1 << 20
"""Bytes searched at a time, besides the overlap."""
_AROUND = 64
"""Bytes looked at on both sides of a sparse hit."""


class Stretch(NamedTuple):
    """Grams `first`..`last` of `run`, as a whole at bytes `start`..`stop`."""

    run: int
    first: int
    last: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of an index as columns."""

    starts: NDArray[np.int64]
    """Ordinal of the first gram of each run, ascending."""
    stride: NDArray[np.int64]
    need: NDArray[np.int64]
    overlap: int
    """Bytes of the longest run."""


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that is needed to search; immutable."""

    table: GramTable
    runs: Runs
    factors: dict[Domain, np.uint64]
    """For each domain in use, what its grams are multiplied by."""
    short_raw: bool
    """Some raw run is too short to be caught at every eighth byte."""

    def everywhere(self, data: bytes, domain: Domain) -> list[Stretch]:
        """Look at every position of `data`."""
        found: list[Stretch] = []
        for base in range(0, max(len(data) - GRAM + 1, 0), WINDOW):
            window = np.frombuffer(data, np.uint8)[
                base : base + WINDOW + self.runs.overlap
            ]
            hits = self._every_gram(window, self.factors[domain])
            found += self._stretches(*hits, base)
        return found

    def _every_gram(
        self, window: NDArray[np.uint8], factor: np.uint64
    ) -> tuple[Places, Places]:
        positions: list[Places] = []
        ordinals: list[Places] = []
        for offset in range(0, len(window) - GRAM + 1, CHUNK):
            tags = grams(window[offset : offset + CHUNK + GRAM - 1]) * factor
            places, known = self.table.find(tags)
            if len(places):
                positions.append(places + offset)
                ordinals.append(known)
        if not positions:
            return _NOTHING, _NOTHING
        return np.concatenate(positions), np.concatenate(ordinals)

    def sparsely(self, data: bytes) -> dict[Domain, list[Stretch]]:
        """Look for XOR, ADD and RAW grams at every eighth byte of `data`."""
        found: dict[Domain, list[Stretch]] = {d: [] for d in self.factors}
        whole = np.frombuffer(data, np.uint8)
        for base in range(0, max(len(data) - GRAM, 0), WINDOW):
            window = whole[base : base + WINDOW + self.runs.overlap]
            for domain, words in _eighths(window).items():
                if domain not in self.factors:
                    continue
                places, _ = self.table.find(words * self.factors[domain])
                if len(places):
                    hits = self._around(window, np.unique(places) * GRAM, domain)
                    found[domain] += self._stretches(*hits, base)
        return found

    def _around(
        self, window: NDArray[np.uint8], hits: Places, domain: Domain
    ) -> tuple[Places, Places]:
        near = np.zeros(len(window) + 1, np.int32)
        np.add.at(near, np.maximum(hits - _AROUND, 0), 1)
        np.add.at(near, np.minimum(hits + _AROUND, len(window)), -1)
        places = np.flatnonzero(np.cumsum(near[:-1]))
        steps = _STEPS[domain](window)
        places = places[places <= len(steps) - GRAM]
        tags = grams(steps)[places] * self.factors[domain]
        which, ordinals = self.table.find(tags)
        return places[which], ordinals

    def _stretches(
        self, positions: Places, ordinals: Places, base: int
    ) -> list[Stretch]:
        """Group what was found in the window at `base`; see the module."""
        if not len(positions):
            return []
        run = np.searchsorted(self.runs.starts, ordinals, "right") - 1
        gram = ordinals - self.runs.starts[run]
        begin = positions - gram * self.runs.stride[run]
        # What begins in another window is seen whole there.
        inside = (begin < WINDOW) & ((begin >= 0) | (base == 0))
        run, gram, begin = run[inside], gram[inside], begin[inside]
        order = np.lexsort((gram, begin, run))
        run, gram, begin = run[order], gram[order], begin[order]
        if not len(run):
            return []
        new = np.ones(len(run), np.bool_)
        new[1:] = (np.diff(run) != 0) | (np.diff(begin) != 0) | (np.diff(gram) != 1)
        head = np.flatnonzero(new)
        tail = np.append(head[1:], len(run)) - 1
        enough = np.flatnonzero(tail - head + 1 >= self.runs.need[run[head]])
        head, tail = head[enough], tail[enough]
        first, last, run = gram[head], gram[tail], run[head]
        origin = begin[head] + base
        start = origin + first * self.runs.stride[run]
        stop = origin + last * self.runs.stride[run] + GRAM
        columns = (run, first, last, start, stop)
        return [
            Stretch(*row) for row in zip(*(c.tolist() for c in columns), strict=True)
        ]


_NOTHING: Places = np.empty(0, np.int64)

_STEPS = {
    Domain.RAW: lambda a: a,
    Domain.XOR: lambda a: a[:-1] ^ a[1:],
    Domain.ADD: lambda a: a[1:] - a[:-1],
}


def _eighths(window: NDArray[np.uint8]) -> dict[Domain, Words]:
    """The grams of every eighth byte, for each kind of step."""
    size = (len(window) - 1) // GRAM * GRAM
    words = np.ascontiguousarray(window[:size]).view("<u8")
    after = np.ndarray((len(words),), "<u8", window, offset=1, strides=(GRAM,))
    return {
        Domain.RAW: words,
        Domain.XOR: words ^ after,
        Domain.ADD: (window[1 : size + 1] - window[:size]).view("<u8"),
    }
