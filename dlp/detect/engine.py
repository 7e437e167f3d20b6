"""
All patterns over all views of a message in one pass.

Strategy: the views are joined with a separator, hyperscan reports (pattern, end) pairs
for the joined buffer, `confirm` decides on each, `resolve` leaves one match per thing
found. Expressions and keywords of context rules share one database.

Traps of the binding: every thread needs its own `Scratch`; a callback that returns
true ends the scan with `ScanTerminated`; start-of-match mode refuses a third of real
rules, so only ends are asked for.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import hyperscan as hs

from dlp.decode.ciphers.own import NONE, Own
from dlp.detect.confirm import Budget, Detector, Flooded, Match
from dlp.detect.database import Program, compiled
from dlp.detect.imported.plugins import SlowDetector
from dlp.detect.overlap import strongest
from dlp.detect.rule import SURE, Rule
from dlp.detect.syntax import prefixes
from dlp.memory import LONGEST, Memory
from dlp.model import Tier, View, noun

SEPARATOR = b"\n\0\n"
"""Between two views: ends a line for `$`, begins one for `^`, no word goes across."""

_ALONE = 256 << 10
"""Bytes from which a view is scanned where it lies; smaller ones are joined."""

_FREE_ENDS = 400_000
"""Ends any scan may report before it counts as flooded, whatever its size."""

_BYTES_PER_END = 12
"""Bytes scanned that allow one more; clean source code has one in 1,000."""

_FREE_BYTES = 8 << 20
"""Bytes any message may have searched in confirming, whatever its size."""

_BYTES_PER_BYTE = 8
"""Bytes of confirming for each byte scanned."""

_MARGIN = 64
"""Bytes round a match that its checks look at: a name's beginning, what follows."""


@noun
class ScanResult:
    """What one scan found."""

    matches: tuple[Match, ...] = ()
    flooded: bool = False
    """More candidates than could be judged: `matches` is not all; block."""
    every: tuple[Match, ...] = ()
    """All matches, before those of one thing became one."""


def _fixed(rule: Rule) -> Iterator[str]:
    """What a rule fixes of the beginning of a key."""
    for text in prefixes(rule.pattern.exact, folded=False):
        if text.isascii():
            yield text.decode()


class Judged(NamedTuple):
    """What judging the candidates in a text cost and gave."""

    cost: int
    found: tuple[tuple[Rule, int, int, Tier], ...]


@dataclass(slots=True, eq=False)
class Engine:
    """Compiled rules. Immutable; any number of threads may scan at once."""

    rules: tuple[Rule, ...]
    _program: Program
    _database: hs.Database
    _detectors: tuple[Detector, ...]
    _slow: tuple[SlowDetector, ...]
    own: Own = NONE
    """What keys begin with that no vendor issues."""
    _local: threading.local = field(default_factory=threading.local)
    _memory: Memory[Judged] = field(default_factory=Memory)
    """What judging the candidates in a view gave."""

    @classmethod
    def build(
        cls, rules: Sequence[Rule], cache: Path | None = None, *, examples: bool = False
    ) -> Engine:
        """
        Compile the rules, or load them compiled from the folder `cache`.

        `examples`: whether tokens known from documentation count.

        Raises:
            RuleError: hyperscan refuses a pattern.
        """
        program, database = compiled(rules, cache)
        detectors = tuple(Detector(rule, examples=examples) for rule in rules)
        slow = tuple(SlowDetector(rule) for rule in rules if rule.plugin)
        own = Own(text for rule in rules if rule.tier in SURE for text in _fixed(rule))
        for each in own.patterns:
            each.database(cache)
        return cls(tuple(rules), program, database, detectors, slow, own)

    @property
    def generation(self) -> str:
        """Names the rules and the checks that confirm them."""
        return sha256(repr(self.rules).encode()).hexdigest()

    @property
    def overlap(self) -> int:
        """
        Bytes that two neighbouring blocks of a stream must share.

        Then whatever a scan of the whole would find is whole in one of them.
        """
        return max(rule.pattern.most + rule.context for rule in self.rules) + _MARGIN

    def scan(self, views: Sequence[View]) -> ScanResult:
        """Every match in every view, strongest first; equal ones once."""
        size = sum([len(view.data) for view in views])
        budget = Budget(_FREE_BYTES + _BYTES_PER_BYTE * size)
        matches: list[Match] = []
        flooded = False
        for batch in _batches(views, size):
            hits = self._hits(batch, limit=_FREE_ENDS + size // _BYTES_PER_END)
            flooded = flooded or hits is None
            try:
                matches.extend(self._confirmed(hits or (), batch, budget))
            except Flooded:
                flooded = True
        for slow in self._slow:
            matches.extend(slow.find(views))
        if not matches:
            return ScanResult(flooded=flooded)
        return ScanResult(strongest(matches), flooded, tuple(matches))

    def _hits(self, views: Sequence[View], limit: int) -> list[list[int]] | None:
        """
        Expression, first and last of ends side by side in the joined views.

        A private key could end at each of its bytes. None when more than `limit` ends.
        """
        runs: list[list[int]] = []
        latest: dict[int, list[int]] = {}
        count = 0

        def on_hit(number: int, _start: int, end: int, _flags: int, _: object) -> bool:
            nonlocal count
            count += 1
            run = latest.get(number)
            if run is not None and run[2] <= end <= run[2] + 1:
                run[2] = end
            else:
                run = latest[number] = [number, end, end]
                runs.append(run)
            return count > limit

        whole = len(views) == 1
        data = views[0].data if whole else SEPARATOR.join([view.data for view in views])
        try:
            self._database.scan(
                data, match_event_handler=on_hit, scratch=self._scratch()
            )
        except hs.ScanTerminated:
            return None
        return runs

    def _confirmed(
        self, hits: Sequence[list[int]], views: Sequence[View], budget: Budget
    ) -> Iterator[Match]:
        for index, targets in self._grouped(hits, views).items():
            view = views[index]
            if len(view.data) > LONGEST:
                yield from self._judged(view, targets, budget)
                continue
            name = self._memory.name(view.data)
            known = self._memory.get(name)
            if known is None:
                left = budget.left
                matches = list(self._judged(view, targets, budget))
                yield from matches
                found = tuple((m.rule, m.start, m.stop, m.tier) for m in matches)
                self._memory.put(name, Judged(left - budget.left, found))
            else:
                budget.charge(known.cost)
                for rule, start, stop, tier in known.found:
                    yield Match(rule, view, start, stop, tier)

    def _judged(
        self, view: View, targets: Mapping[int, list[tuple[int, int]]], budget: Budget
    ) -> Iterator[Match]:
        for target, spans in targets.items():
            detector = self._detectors[target]
            if detector.rule.context:
                yield from detector.contextual(view, spans, budget)
            else:
                yield from detector.anchored(view, spans, budget)

    def _grouped(
        self, hits: Sequence[list[int]], views: Sequence[View]
    ) -> dict[int, dict[int, list[tuple[int, int]]]]:
        """
        View -> detector -> ordered spans in it: from the beginning of a keyword to its
        end, from the first end of a pattern to the last beside it.
        """
        grouped: dict[int, dict[int, list[tuple[int, int]]]] = {}
        if not hits:
            return grouped
        sizes = (len(view.data) + len(SEPARATOR) for view in views)
        starts = list(accumulate(sizes, initial=0))
        program = self._program
        for number, start, last in sorted(hits, key=itemgetter(1)):
            first = start
            while first <= last:
                index = bisect_right(starts, first - 1) - 1
                base, border = starts[index : index + 2]
                begin = max(0, first - base - program.keyword_sizes[number])
                inside = grouped.setdefault(index, {})
                for target in program.targets[number]:
                    span = begin, min(last, border) - base
                    inside.setdefault(target, []).append(span)
                first = border + 1
        return grouped

    def _scratch(self) -> hs.Scratch:
        scratch: hs.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hs.Scratch(self._database)
        return scratch


def _batches(views: Sequence[View], size: int) -> Iterator[Sequence[View]]:
    """All views together when they are small, else the large ones alone, uncopied."""
    if size <= _ALONE:
        yield views
        return
    yield from ([view] for view in views if len(view.data) > _ALONE)
    if small := [view for view in views if len(view.data) <= _ALONE]:
        yield small
