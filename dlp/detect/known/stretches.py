"""
Where known runs of grams stand in a buffer.

A *run* is one text whose grams have consecutive ordinals, one gram each `stride` bytes.
Grams found at `p` that belong at `i * stride` of a run say the text would begin at
`p - i * stride`; neighbours that agree on that make a *stretch*. What stays below a
run's `need` is dropped here, unless its variant is `scattered`.

Buffers are searched in windows that overlap by the longest run, so that memory does
not follow the size of a message. The normalised bytes are looked up at every position,
the other forms at every `SPARSE`-th where their runs allow, and round a hit everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dlp.detect.known.forms import Domain
from dlp.detect.known.grams import (
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
from dlp.detect.known.variants import Variant

WINDOW = 1 << 20
"""Bytes searched at a time, besides the overlap."""
SPARSE = 7
"""Odd, so that it meets runs of stride 2 whatever the parity of their beginning."""
RUN = np.dtype(
    [("variant", "u1"), ("need", "u1"), ("stride", "<u2"), ("length", "<u2")]
)
"""One text of one variant: grams at 0, stride, 2*stride... of `length` bytes."""
_WIDE = np.dtype([*((name, RUN[name]) for name in RUN.names or ()), ("rest", "<u2")])
_BLOCK = 8
"""Of so many runs one start is kept; the others are counted from it."""
SHARED_BY_CLASS = 64
"""A gram that occurs more often than this in the index says nothing about a secret."""
_AROUND = 64
"""Bytes looked at on both sides of a sparse hit."""

_Numbers = NDArray[np.unsignedinteger[Any]]
RunTable = np.ndarray[tuple[int], np.dtype[np.void]]


class Stretch(NamedTuple):
    """Grams `first`..`last` of `run`, as a whole at bytes `start`..`stop`."""

    run: int
    first: int
    last: int
    start: int
    stop: int
    enough: bool
    """Whether it is evidence by itself."""


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
    shapes: RunTable
    """The runs that differ."""
    counts: NDArray[np.int64]
    """Grams of each shape."""
    keep: NDArray[np.int64]
    """Of how many grams of a shape one is in the table."""
    scattered: NDArray[np.bool_]
    """Of which shapes what is no evidence by itself is told too."""
    runs: _Numbers
    """The shape of each run; filled up to a multiple of `_BLOCK`."""
    starts: NDArray[np.uint32]
    """Ordinal of the first gram of each `_BLOCK`-th run, ascending."""
    marks: NDArray[np.uint16]
    """For each ordinal a few bits of its tag, also of those not in the table."""
    overlap: int
    """Bytes of the longest run."""
    factors: dict[Domain, np.uint64]
    """For each domain in use, what its grams are multiplied by."""
    every: frozenset[Domain]
    """Domains whose runs may be too short to be met at every `SPARSE`-th byte."""

    @classmethod
    def build(
        cls, runs: RunTable, tags: Words, key: bytes, variants: Sequence[Variant]
    ) -> Search:
        """
        `tags` are those of the runs, laid end to end.

        Of a run that is not dense only every `need`-th gram is in the table, counted
        so that the last of `need` is the first: any `need` neighbours hold one, and
        that one leads to the others (`_with_neighbours`).

        Raises:
            ValueError: more grams than a table holds.
        """
        shapes, shape = _shapes(runs)
        counts = (shapes["length"].astype(np.int64) - GRAM) // shapes["stride"] + 1
        dense = np.array([variant.dense for variant in variants])
        keep = np.where(dense[shapes["variant"]], 1, shapes["need"].astype(np.int64))
        scattered = np.array([variant.scattered for variant in variants])
        sizes = counts[shape]
        starts = np.cumsum(sizes) - sizes
        kept = _kept(starts, sizes, keep[shape])
        table = GramTable.build(tags[kept], kept.view(np.uint64), SHARED_BY_CLASS)
        domains = [variants[number].domain for number in np.unique(shapes["variant"])]
        short = np.unique(shapes["variant"][shapes["length"] < GRAM + SPARSE])
        every = {variants[number].domain for number in short} | {Domain.NORMAL}
        return cls(
            table,
            shapes,
            counts,
            keep,
            scattered[shapes["variant"]],
            np.pad(shape, (0, -len(shape) % _BLOCK)),
            starts[::_BLOCK].astype(np.uint32),
            _marks(tags),
            int(shapes["length"].max(initial=GRAM)),
            {d: multiplier(key, d.value) for d in Domain if d in domains},
            frozenset(every - {Domain.XOR, Domain.ADD}),
        )

    def shape(self, run: int) -> np.void:
        """The row of `shapes` that says how a run is laid out."""
        row: np.void = self.shapes[self.runs[run]]
        return row

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
                tags = _STEPS[domain](data, _SPARSELY) * self.factors[domain]
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
        near = np.zeros(len(window) - _SHORTEST[domain] + 1, np.bool_)
        beside = np.arange(-_AROUND, _AROUND)
        near[np.clip(places[:, None] + beside, 0, len(near) - 1)] = True
        looked = near.nonzero()[0]
        tags = _STEPS[domain](window, looked) * self.factors[domain]
        which, ordinals = self.table.find(tags)
        return looked[which], ordinals

    def stretches(
        self, positions: Places, ordinals: Places, base: int, data: bytes
    ) -> list[Stretch]:
        """Group what was found in the window at `base`; see the module."""
        run, first = self._of(ordinals)
        shape = self.runs[run]
        gram = ordinals - first
        begin = positions - gram * self.shapes["stride"][shape]
        if (self.keep[shape] > 1).any():
            window = np.frombuffer(data, np.uint8)[base : base + WINDOW + self.overlap]
            run, gram, begin = self._with_neighbours(
                _Grams(run, first, gram, begin), window
            )
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
        shape = self.runs[run[head]]
        enough = gram[tail] - gram[head] + 1 >= self.shapes["need"][shape]
        told = enough | self.scattered[shape]
        head, tail, enough = head[told], tail[told], enough[told]
        first, last, run = gram[head], gram[tail], run[head]
        origin = begin[head] + base
        stride = self.shapes["stride"][shape[told]]
        start = origin + first * stride
        stop = origin + last * stride + GRAM
        columns = [c.tolist() for c in (run, first, last, start, stop, enough)]
        return [Stretch(*row) for row in zip(*columns, strict=True)]

    def _of(self, ordinals: Places) -> tuple[Places, Places]:
        """The run of each gram, and the ordinal of the first gram of that run."""
        block = np.searchsorted(self.starts, ordinals.astype(np.uint32), "right") - 1
        start = self.starts[block].astype(np.int64)
        sizes = self.counts[self.runs[block[:, None] * _BLOCK + np.arange(_BLOCK)]]
        before = np.cumsum(sizes, axis=1) <= (ordinals - start)[:, None]
        return (
            block * _BLOCK + before.sum(axis=1),
            start + (sizes * before).sum(axis=1),
        )

    def _with_neighbours(
        self, found: _Grams, window: Octets
    ) -> tuple[Places, Places, Places]:
        """
        The grams that were found, and those beside them that are in no table.

        Of normalised text only, for every run in another form is dense.
        """
        shape = self.runs[found.run]
        keep = self.keep[shape]
        steps = np.arange(1 - keep.max(), keep.max())
        beside = found.gram[:, None] + steps
        real = (abs(steps) < keep[:, None]) & (beside >= 0)
        real &= beside < self.counts[shape][:, None]
        run, first, _, begin = (column[real.nonzero()[0]] for column in found)
        gram = beside[real]
        places = begin + gram * self.shapes["stride"][self.runs[run]]
        there = (places >= 0) & (places <= len(window) - GRAM)
        run, first, gram, begin, places = (
            column[there] for column in (run, first, gram, begin, places)
        )
        tags = grams(window)[places] * self.factors[Domain.NORMAL]
        same = _marks(tags) == self.marks[first + gram]
        return run[same], gram[same], begin[same]


class _Grams(NamedTuple):
    """Columns: a run, the ordinal of its first gram, a gram, where it would begin."""

    run: Places
    first: Places
    gram: Places
    begin: Places


def _shapes(runs: RunTable) -> tuple[RunTable, _Numbers]:
    """The runs that differ, and for each run which of them it is like."""
    whole = np.zeros(len(runs), np.uint64)
    fields: RunTable = whole.view(_WIDE)
    for name in RUN.names or ():
        fields[name] = runs[name]
    different, which = np.unique(whole, return_inverse=True)
    kept: RunTable = np.empty(len(different), RUN)
    for name in RUN.names or ():
        kept[name] = different.view(_WIDE)[name]
    small = len(different) <= np.iinfo(np.uint16).max
    return kept, which.astype(np.uint16 if small else np.uint32)


def _kept(starts: Places, sizes: Places, keep: Places) -> Places:
    """The ordinals that go into the table: of every run each `keep`-th."""
    many = sizes // keep
    ends = np.cumsum(many)
    rank = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - many, many)
    kept: Places = np.repeat(starts + keep - 1, many) + rank * np.repeat(keep, many)
    return kept


def _marks(tags: Words) -> NDArray[np.uint16]:
    marks = np.empty(len(tags), np.uint16)
    for start in range(0, len(tags), CHUNK):
        some = slice(start, start + CHUNK)
        marks[some] = remixed(tags[some]) >> np.uint64(48)
    return marks


_STEPS: dict[Domain, Callable[[Octets, Places | slice], Words]] = {
    Domain.NORMAL: lambda a, where: grams(a)[where],
    Domain.VISIBLE: lambda a, where: grams(a)[where],
    Domain.RAW: lambda a, where: grams(a)[where],
    Domain.XOR: lambda a, where: grams(a[:-1])[where] ^ grams(a[1:])[where],
    Domain.ADD: lambda a, where: grams(a[1:] - a[:-1])[where],
}
"""The grams at some places, for each kind of step from byte to byte."""
_SHORTEST = {d: GRAM + (d in {Domain.XOR, Domain.ADD}) for d in Domain}
"""Bytes that have one gram."""
_SPARSELY = slice(None, None, SPARSE)


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
