"""
Patterns as they were prepared, kept from one process for the next.

To check eight hundred and derive their scan forms takes seconds. Why not in `pattern`,
which prepares one: this knows a folder, and what must be the same for what was kept to
hold: the code that prepares, and the parser of this Python.
"""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from dlp import kept
from dlp.detect import pattern, syntax
from dlp.detect.pattern import Pattern, prepare

_Patterns = dict[tuple[str, bool], Pattern]
"""By what was written, and whether its glued form was asked for, too."""


@dataclass(slots=True)
class Prepared:
    """What was prepared before, and what is asked for now."""

    _folder: Path | None = None
    _known: _Patterns = field(default_factory=dict)
    _used: _Patterns = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path | None) -> Prepared:
        """With what an earlier process kept in `folder`."""
        stored = kept.read(folder, _name())
        return cls(folder, _read(stored) if stored else {})

    def pattern(self, source: str, *, glued: bool = False) -> Pattern:
        """
        The same as `pattern.prepare`.

        Raises:
            PatternError: not a pattern, unbounded, matches nothing or everything.
        """
        key = source, glued
        made = self._used[key] = self._known.get(key) or prepare(source, glued=glued)
        return made

    def keep(self) -> None:
        """For the next process: what was asked for, and nothing else."""
        if self._used.keys() != self._known.keys():
            kept.write(self._folder, _name(), _written(self._used))


@cache
def _name() -> str:
    code = "".join(map(inspect.getsource, (pattern, syntax))) + sys.version
    return f"{sha256(code.encode()).hexdigest()[:32]}.json"


def _written(patterns: _Patterns) -> bytes:
    rows = [
        (
            *key,
            made.scan.decode("latin-1"),
            made.reach,
            made.tail,
            made.most,
            sorted(head.decode("latin-1") for head in made.heads),
            made.lead,
            made.glued.decode("latin-1"),
        )
        for key, made in patterns.items()
    ]
    return json.dumps(rows).encode()


def _read(stored: bytes) -> _Patterns:
    return {
        (source, asked): Pattern(
            source.encode(),
            scan.encode("latin-1"),
            reach,
            tail,
            most,
            frozenset(head.encode("latin-1") for head in heads),
            lead,
            glued.encode("latin-1"),
        )
        for source, asked, scan, reach, tail, most, heads, lead, glued in json.loads(
            stored
        )
    }
