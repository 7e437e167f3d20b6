"""
Where known runs of grams stand in a buffer.

A *run* is one text whose grams have consecutive ordinals, one gram each `stride` bytes.
Grams found at `p` that belong at `i * stride` of a run say the text would begin at
`p - i * stride`; neighbours that agree on that make a *stretch*. What stays below a
run's `need` is dropped here.

Buffers are searched in windows that overlap by the longest run, so that memory does
not follow the size of a message. The normalised bytes are looked up at every position,
the other forms at every `SPARSE`-th where their runs allow, and round a hit everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlp.detect.forms import Domain
from dlp.detect.grams import (
    CHUNK,
    GRAM,
    GramTable,
    Octets,
    Places,
    Words,
    grams,
    multiplier,
    remixed,
)
from dlp.detect.variants import Variant

WINDOW = 1 << 20
"""Bytes searched at a time, besides the overlap."""
SPARSE = 7
"""Odd, so that it meets runs of stride 2 whatever the parity of their beginning."""
RUN = np.dtype(
    [("variant", "u1"), ("need", "u1"), ("stride", "<u2"), ("length", "<u2")]
)
"""One text of one variant: grams at 0, stride, 2*stride... of `length` bytes."""
SHARED_BY_CLASS = 64
"""A gram that occurs more often than this in the index says nothing about a secret."""
_AROUND = 64
"""Bytes looked at on both sides of a sparse hit."""

RunTable = np.ndarray[tuple[int], np.dtype[np.void]]


class Stretch(NamedTuple):
    """Grams `first`..`last` of `run`, as a whole at bytes `start`..`stop`."""

    run: int
    first: int
    last: int
    start: int
    stop: int


class Window(NamedTuple):
    """What the first look at a window found: positions, and ordinals of grams there."""

    base: int
    found: dict[Domain, tuple[Places, Places]]


class _Block(NamedTuple):
    domain: Domain
    tags: Words
    offset: int
    step: int


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that is needed to search; immutable."""

    table: GramTable
    runs: RunTable
    starts: NDArray[np.uint32]
    """Ordinal of the first gram of each run, ascending."""
    overlap: int
    """Bytes of the longest run."""
    factors: dict[Domain, np.uint64]
    """For each domain in use, what its grams are multiplied by."""
    every: frozenset[Domain]
    """Domains whose runs may be too short to be met at every `SPARSE`-th byte."""
    keep: NDArray[np.uint8]
    """Of how many grams of a run one is in the table."""
    marks: NDArray[np.uint16]
    """For each ordinal a few bits of its tag, also of those not in the table."""

    @classmethod
    def build(
        cls, runs: RunTable, tags: Words, key: bytes, variants: Sequence[Variant]
    ) -> Search:
        """
        `tags` are those of the runs, laid end to end.

        Of a run that is not dense only every `need`-th gram is in the table: any
        `need` neighbours hold one, and that one leads to the others (`_neighbours`).

        Raises:
            ValueError: more grams than a table holds.
        """
        length = runs["length"].astype(np.uint32)
        counts = (length - GRAM) // runs["stride"] + 1
        starts = (np.cumsum(counts) - counts).astype(np.uint32)
        ordinals = np.arange(len(tags), dtype=np.uint32)
        dense = np.array([variant.dense for variant in variants])
        keep = np.where(dense[runs["variant"]], 1, runs["need"]).astype(np.uint8)
        inside = ordinals - np.repeat(starts, counts)
        kept = inside % np.repeat(keep, counts) == 0
        table = GramTable.build(
            tags[kept], ordinals[kept].astype(np.uint64), SHARED_BY_CLASS
        )
        domains = [variants[number].domain for number in np.unique(runs["variant"])]
        short = np.unique(runs["variant"][length < GRAM + SPARSE])
        every = {variants[number].domain for number in short} | {Domain.NORMAL}
        return cls(
            table,
            runs,
            starts,
            int(length.max(initial=GRAM)),
            {d: multiplier(key, d.value) for d in Domain if d in domains},
            frozenset(every - {Domain.XOR, Domain.ADD}),
            keep,
            _marks(tags),
        )

    def windows(self, form: Callable[[Domain], bytes]) -> Iterator[Window]:
        """
        Look up the grams of a buffer, window by window.

        `form`: the buffer as each domain has it.
        """
        raw = form(Domain.RAW)
        whole = {d: np.frombuffer(form(d), np.uint8) for d in self.factors}
        for base in range(0, len(raw), WINDOW):
            ends = slice(base, base + WINDOW + self.overlap)
            found: dict[Domain, list[tuple[Places, Places]]] = {}
            blocks = (
                block
                for domain, data in whole.items()
                for block in self._blocks(domain, data[ends])
            )
            for group in _groups(blocks):
                for block, places, ordinals in self._look_up(group):
                    pair = places * block.step + block.offset, ordinals
                    found.setdefault(block.domain, []).append(pair)
            yield Window(base, {d: _joined(pairs) for d, pairs in found.items()})

    def _blocks(self, domain: Domain, data: Octets) -> Iterator[_Block]:
        if domain not in self.every:
            if len(data) > GRAM:
                tags = _STEPS[domain](data, SPARSE) * self.factors[domain]
                yield _Block(domain, tags, 0, SPARSE)
            return
        for offset in range(0, len(data) - GRAM + 1, CHUNK):
            tags = grams(data[offset : offset + CHUNK + GRAM - 1])
            yield _Block(domain, tags * self.factors[domain], offset, 1)

    def _look_up(self, group: list[_Block]) -> Iterator[tuple[_Block, Places, Places]]:
        tags = [block.tags for block in group]
        places, ordinals = self.table.find(
            tags[0] if len(tags) == 1 else np.concatenate(tags)
        )
        if not len(places):
            return
        stop = 0
        for block in group:
            start, stop = stop, stop + len(block.tags)
            low, high = np.searchsorted(places, (start, stop)).tolist()
            if low < high:
                yield block, places[low:high] - start, ordinals[low:high]

    def around(
        self, data: bytes, base: int, places: Places, domain: Domain
    ) -> tuple[Places, Places]:
        """Look at every position round the places in the window at `base`."""
        window = np.frombuffer(data, np.uint8)[base : base + WINDOW + self.overlap]
        near = np.zeros(len(window) + 1, np.int32)
        np.add.at(near, np.maximum(places - _AROUND, 0), 1)
        np.add.at(near, np.minimum(places + _AROUND, len(window)), -1)
        all_grams = _STEPS[domain](window, 1)
        looked = np.flatnonzero(np.cumsum(near)[: len(all_grams)])
        which, ordinals = self.table.find(all_grams[looked] * self.factors[domain])
        return looked[which], ordinals

    def stretches(
        self, positions: Places, ordinals: Places, base: int, data: bytes
    ) -> list[Stretch]:
        """Group what was found in the window at `base`; see the module."""
        numbers = ordinals.astype(np.uint32)
        run = np.searchsorted(self.starts, numbers, "right") - 1
        gram = ordinals - self.starts[run]
        begin = positions - gram * self.runs["stride"][run]
        if (self.keep[run] > 1).any():
            window = np.frombuffer(data, np.uint8)[base : base + WINDOW + self.overlap]
            run, gram, begin = self._with_neighbours(run, gram, begin, window)
        # What begins in another window is seen whole there.
        inside = begin < WINDOW
        if base:
            inside &= begin >= 0
        if not inside.all():
            run, gram, begin = run[inside], gram[inside], begin[inside]
        if not len(run):
            return []
        order = np.lexsort((gram, begin, run))
        run, gram, begin = run[order], gram[order], begin[order]
        new = np.ones(len(run), np.bool_)
        new[1:] = run[1:] != run[:-1]
        new[1:] |= begin[1:] != begin[:-1]
        new[1:] |= gram[1:] > gram[:-1] + 1
        head = new.nonzero()[0]
        tail = np.append(head[1:], len(run)) - 1
        enough = gram[tail] - gram[head] + 1 >= self.runs["need"][run[head]]
        head, tail = head[enough], tail[enough]
        first, last, run = gram[head], gram[tail], run[head]
        origin = begin[head] + base
        stride = self.runs["stride"][run]
        start = origin + first * stride
        stop = origin + last * stride + GRAM
        columns = [c.tolist() for c in (run, first, last, start, stop)]
        return [Stretch(*row) for row in zip(*columns, strict=True)]

    def _with_neighbours(
        self, run: Places, gram: Places, begin: Places, window: Octets
    ) -> tuple[Places, Places, Places]:
        """
        The grams that were found, and those beside them that are in no table.

        Of normalised text only, for every run in another form is dense.
        """
        keep = self.keep[run].astype(np.int64)
        steps = np.arange(1 - keep.max(), keep.max())
        beside = gram[:, None] + steps
        counts = (self.runs["length"][run].astype(np.int64) - GRAM) // self.runs[
            "stride"
        ][run] + 1
        real = (abs(steps) < keep[:, None]) & (beside >= 0) & (beside < counts[:, None])
        which = real.nonzero()[0]
        run, gram, begin = run[which], beside[real], begin[which]
        places = begin + gram * self.runs["stride"][run]
        there = (places >= 0) & (places <= len(window) - GRAM)
        run, gram, begin, places = (a[there] for a in (run, gram, begin, places))
        tags = grams(window)[places] * self.factors[Domain.NORMAL]
        same = _marks(tags) == self.marks[self.starts[run] + gram]
        return run[same], gram[same], begin[same]


def _marks(tags: Words) -> NDArray[np.uint16]:
    return (remixed(tags) >> np.uint64(48)).astype(np.uint16)


_STEPS: dict[Domain, Callable[[Octets, int], Words]] = {
    Domain.NORMAL: grams,
    Domain.VISIBLE: grams,
    Domain.RAW: grams,
    Domain.XOR: lambda a, step: grams(a[:-1], step) ^ grams(a[1:], step),
    Domain.ADD: lambda a, step: grams(a[1:] - a[:-1], step),
}
"""The grams of every `step`-th byte, for each kind of step from byte to byte."""


def _groups(blocks: Iterable[_Block]) -> Iterator[list[_Block]]:
    """Small blocks together, so that a small message is looked up once."""
    group: list[_Block] = []
    size = 0
    for block in blocks:
        if group and size + len(block.tags) > CHUNK:
            yield group
            group, size = [], 0
        group.append(block)
        size += len(block.tags)
    if group:
        yield group


def _joined(pairs: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    if len(pairs) == 1:
        return pairs[0]
    places, ordinals = zip(*pairs, strict=True)
    return np.concatenate(places), np.concatenate(ordinals)
