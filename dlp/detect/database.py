"""
Rules -> one hyperscan database, compiled or taken from the cache.

The cache holds databases by what they are made of (expressions, hyperscan, processor)
with a digest of their bytes before them: a damaged one would crash the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import hyperscan as hs

from dlp.detect.rule import Rule
from dlp.errors import Problem, RuleError


@dataclass(frozen=True, slots=True)
class Program:
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


def compiled(rules: Sequence[Rule], cache: Path | None) -> tuple[Program, hs.Database]:
    """
    The rules' program and its database; `cache` is a folder to keep it in.

    Raises:
        RuleError: hyperscan refuses a pattern.
    """
    program = _assemble(rules)
    database = _load(program, cache)
    if database is None:
        try:
            database = _compile(program)
        except hs.error as error:
            raise RuleError(*refused(rules)) from error
        _save(database, program, cache)
    return program, database


_IDLE = rb"\x00\xff\x00\xfe\x00"
"""What a database without rules looks for: hyperscan refuses an empty one."""


def _assemble(rules: Sequence[Rule]) -> Program:
    targets: dict[tuple[bytes, int, int], list[int]] = {}
    for index, rule in enumerate(rules):
        if rule.plugin:
            continue
        if not rule.context:
            key = rule.pattern.scan, hs.HS_FLAG_MULTILINE, 0
            targets.setdefault(key, []).append(index)
            continue
        for word in rule.keywords:
            key = _literal(word), hs.HS_FLAG_CASELESS, len(word)
            targets.setdefault(key, []).append(index)
    if not targets:
        targets[_IDLE, 0, 0] = []
    return Program(
        tuple(expression for expression, _, _ in targets),
        tuple(flags for _, flags, _ in targets),
        tuple(tuple(found) for found in targets.values()),
        tuple(size for _, _, size in targets),
    )


def _literal(word: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in word)


@lru_cache(maxsize=2)
def _compile(program: Program) -> hs.Database:
    """
    It takes seconds, so the last two are kept: rules in force, and those before.

    Raises:
        hs.error: hyperscan refuses an expression.
    """
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    count = len(program.expressions)
    database.compile(
        expressions=list(program.expressions),
        ids=list(range(count)),
        elements=count,
        flags=list(program.flags),
    )
    return database


def refused(rules: Sequence[Rule]) -> list[Problem]:
    """What hyperscan refuses of these rules, each tried alone."""
    program = _assemble(rules)
    problems: list[Problem] = []
    for number, expression in enumerate(program.expressions):
        probe = hs.Database(mode=hs.HS_MODE_BLOCK)
        try:
            probe.compile(
                expressions=[expression], ids=[0], flags=[program.flags[number]]
            )
        except hs.error as error:
            what = f"hyperscan refuses the pattern: {error}"
            problems += [
                rules[target].problem(what, "make it simpler")
                for target in program.targets[number]
            ]
    return problems


def _load(program: Program, cache: Path | None) -> hs.Database | None:
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


def _save(database: hs.Database, program: Program, cache: Path | None) -> None:
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
