"""
Rules -> one hyperscan database, compiled or taken from the cache.

Stands apart from `dlp.patterns`, which compiles and keeps any patterns: here a hit's
number leads back to rules, and what is refused is named by rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import hyperscan as hs

from dlp.detect.rule import Rule
from dlp.errors import Problem, RuleError
from dlp.patterns import Patterns


@dataclass(frozen=True, slots=True)
class Program:
    """What the database is compiled from; `ids` index into `expressions`."""

    expressions: tuple[bytes, ...]
    flags: tuple[int, ...]
    targets: tuple[tuple[int, ...], ...]
    """Detectors that an expression's hits are for."""
    keyword_sizes: tuple[int, ...]
    """Length of the keyword an expression stands for; 0 for a rule's own pattern."""


def compiled(rules: Sequence[Rule], cache: Path | None) -> tuple[Program, hs.Database]:
    """
    The rules' program and its database; `cache` is a folder to keep it in.

    Raises:
        RuleError: hyperscan refuses a pattern.
    """
    program = _assemble(rules)
    try:
        return program, _patterns(program).database(cache)
    except hs.error as error:
        raise RuleError(*refused(rules)) from error


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
def _patterns(program: Program) -> Patterns:
    """To compile takes seconds: the last two stay, rules in force and those before."""
    count = len(program.expressions)
    return Patterns(program.expressions, range(count), program.flags)


def refused(rules: Sequence[Rule]) -> list[Problem]:
    """What hyperscan refuses of these rules, each tried alone."""
    program = _assemble(rules)
    problems: list[Problem] = []
    for number, expression in enumerate(program.expressions):
        try:
            Patterns([expression], [0], [program.flags[number]]).database()
        except hs.error as error:
            what = f"hyperscan refuses the pattern: {error}"
            problems += [
                rules[target].problem(what, "make it simpler")
                for target in program.targets[number]
            ]
    return problems
