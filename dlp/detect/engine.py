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
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from tempfile import NamedTemporaryFile

import hyperscan as hs

from dlp.detect.confirm import Budget, Detector, Flooded, Match
from dlp.detect.overlap import strongest
from dlp.detect.rules import Rule
from dlp.errors import Problem, RuleError
from dlp.model import View

SEPARATOR = b"\n\0\n"
"""Between two views: ends a line for `$`, begins one for `^`, no word goes across."""

_HITS = 50_000
"""Ends one scan may report before it counts as flooded."""

_FREE_BYTES = 8 << 20
"""Bytes any message may have searched in confirming, whatever its size."""

_BYTES_PER_BYTE = 8
"""Bytes of confirming for each byte scanned."""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What one scan found."""

    matches: tuple[Match, ...] = ()
    flooded: bool = False
    """More candidates than could be judged: `matches` is not all; block."""


@dataclass(frozen=True, slots=True)
class _Program:
    """What the database is compiled from; `ids` index into `expressions`."""

    expressions: tuple[bytes, ...]
    flags: tuple[int, ...]
    targets: tuple[tuple[int, ...], ...]
    """Detectors that an expression's hits are for."""
    keyword_sizes: tuple[int, ...]
    """Length of the keyword an expression stands for; 0 for a rule's own pattern."""

    def digest(self) -> str:
        """Names the compiled form: content, hyperscan and processor."""
        text = repr((self.expressions, self.flags, version("hyperscan"), _platform()))
        return sha256(text.encode()).hexdigest()[:32]


def _platform() -> str:
    probe = hs.Database(mode=hs.HS_MODE_BLOCK)
    probe.compile(expressions=[b"a"], ids=[0], flags=[0])
    return sha256(hs.dumpb(probe)).hexdigest() + repr(probe.info())


@dataclass(slots=True, eq=False)
class Engine:
    """Compiled rules. Immutable; any number of threads may scan at once."""

    rules: tuple[Rule, ...]
    _program: _Program
    _database: hs.Database
    _detectors: tuple[Detector, ...]
    _local: threading.local = field(default_factory=threading.local)

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
        program = _assemble(rules)
        database = _load(program, cache) or _compile(program, rules)
        _save(database, program, cache)
        detectors = tuple(Detector(rule, examples=examples) for rule in rules)
        return cls(tuple(rules), program, database, detectors)

    @property
    def generation(self) -> str:
        """Names the rules and the checks that confirm them."""
        return sha256(repr(self.rules).encode()).hexdigest()

    def scan(self, views: Sequence[View]) -> ScanResult:
        """Every match in every view."""
        hits: list[tuple[int, int]] = []
        buffer = SEPARATOR.join([view.data for view in views])

        def on_hit(number: int, _start: int, end: int, _flags: int, _: object) -> bool:
            hits.append((number, end))
            return len(hits) > _HITS

        flooded = False
        try:
            self._database.scan(
                buffer, match_event_handler=on_hit, scratch=self._scratch()
            )
        except hs.ScanTerminated:
            flooded = True
        if not hits:
            return ScanResult()
        budget = Budget(_FREE_BYTES + _BYTES_PER_BYTE * len(buffer))
        matches: list[Match] = []
        try:
            for (target, index), ends in self._grouped(hits, views).items():
                detector, view = self._detectors[target], views[index]
                confirm = (
                    detector.contextual(view, ends, budget)
                    if detector.rule.context
                    else detector.anchored(view, [end for _, end in ends], budget)
                )
                matches.extend(confirm)
        except Flooded:
            flooded = True
        return ScanResult(strongest(matches), flooded)

    def _grouped(
        self, hits: Iterable[tuple[int, int]], views: Sequence[View]
    ) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """(detector, view) -> ordered spans in the view, a pattern's of no length."""
        starts = list(
            accumulate((len(v.data) + len(SEPARATOR) for v in views), initial=0)
        )
        program = self._program
        grouped: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for number, end in sorted(set(hits), key=lambda hit: hit[1]):
            index = bisect_right(starts, end - 1) - 1
            local = end - starts[index]
            first = max(0, local - program.keyword_sizes[number])
            for target in program.targets[number]:
                grouped.setdefault((target, index), []).append((first, local))
        return grouped

    def _scratch(self) -> hs.Scratch:
        scratch: hs.Scratch | None = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hs.Scratch(self._database)
        return scratch


def _assemble(rules: Sequence[Rule]) -> _Program:
    targets: dict[tuple[bytes, int, int], list[int]] = {}
    for index, rule in enumerate(rules):
        if not rule.context:
            key = rule.pattern.scan, hs.HS_FLAG_MULTILINE, 0
            targets.setdefault(key, []).append(index)
            continue
        for word in rule.keywords:
            key = _literal(word), hs.HS_FLAG_CASELESS, len(word)
            targets.setdefault(key, []).append(index)
    return _Program(
        tuple(expression for expression, _, _ in targets),
        tuple(flags for _, flags, _ in targets),
        tuple(tuple(found) for found in targets.values()),
        tuple(size for _, _, size in targets),
    )


def _literal(word: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in word)


def _compile(program: _Program, rules: Sequence[Rule]) -> hs.Database:
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    count = len(program.expressions)
    try:
        database.compile(
            expressions=list(program.expressions),
            ids=list(range(count)),
            elements=count,
            flags=list(program.flags),
        )
    except hs.error as error:
        raise RuleError(*_refused(program, rules)) from error
    return database


def _refused(program: _Program, rules: Sequence[Rule]) -> list[Problem]:
    """Which patterns hyperscan refuses, found one by one."""
    problems: list[Problem] = []
    for number, expression in enumerate(program.expressions):
        probe = hs.Database(mode=hs.HS_MODE_BLOCK)
        try:
            probe.compile(
                expressions=[expression], ids=[0], flags=[program.flags[number]]
            )
        except hs.error as error:
            problems += [
                rules[target].problem(
                    f"hyperscan refuses the pattern: {error}", "make it simpler"
                )
                for target in program.targets[number]
            ]
    return problems


def _load(program: _Program, cache: Path | None) -> hs.Database | None:
    """The database as an earlier process compiled it, None when there is none."""
    if cache is None:
        return None
    try:
        stored = (cache / f"{program.digest()}.hs").read_bytes()
    except OSError:
        return None
    if sha256(stored[32:]).digest() != stored[:32]:
        return None
    return hs.loadb(stored[32:], mode=hs.HS_MODE_BLOCK)


def _save(database: hs.Database, program: _Program, cache: Path | None) -> None:
    """Keep it for the next process; a cache that cannot be written is only slower."""
    if cache is None:
        return
    path = cache / f"{program.digest()}.hs"
    with suppress(OSError):
        if path.exists():
            return
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        code = hs.dumpb(database)
        with NamedTemporaryFile(dir=cache, delete=False) as new:
            new.write(sha256(code).digest() + code)
        Path(new.name).replace(path)
