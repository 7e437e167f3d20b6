"""
Patterns and their hyperscan database, compiled on first use or taken from what an
earlier process kept.

Why in no sibling: rules, decoders and policy all look for many patterns at once. A
database is kept by what it is made of: expressions, numbers, flags, hyperscan and
processor.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import hyperscan as hs

from dlp import kept


class Patterns:
    """Expressions, the number each reports, its flags. Threads may share it."""

    __slots__ = ("_database", "expressions", "flags", "ids")

    def __init__(
        self, expressions: Sequence[bytes], ids: Sequence[int], flags: Sequence[int]
    ) -> None:
        self.expressions, self.ids, self.flags = expressions, ids, flags
        self._database: hs.Database | None = None

    def database(self, folder: Path | None = None) -> hs.Database:
        """
        Of these patterns; `folder` keeps it from one process for the next.

        Raises:
            hs.error: hyperscan refuses an expression.
        """
        if self._database is None:
            name = self._name() if folder else ""
            stored = kept.read(folder, name)
            if stored is not None:
                self._database = hs.loadb(stored, mode=hs.HS_MODE_BLOCK)
            else:
                made = _compiled(self.expressions, self.ids, self.flags)
                kept.write(folder, name, hs.dumpb(made) if folder else b"")
                self._database = made
        return self._database

    def _name(self) -> str:
        made_of = repr((self.expressions, self.ids, self.flags, _platform()))
        return f"{sha256(made_of.encode()).hexdigest()[:32]}.hs"


def give_back() -> None:
    """
    Return to the system what compiling took: 90 MB for the rules, which a process would
    keep for good. Only glibc needs it, and has it (malloc_trim(3)).
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _compiled(
    expressions: Sequence[bytes], ids: Sequence[int], flags: Sequence[int]
) -> hs.Database:
    database = hs.Database(mode=hs.HS_MODE_BLOCK)
    database.compile(
        expressions=list(expressions),
        ids=list(ids),
        elements=len(expressions),
        flags=list(flags),
    )
    return database


@cache
def _platform() -> str:
    """What a database of another machine or version differs in."""
    probe = _compiled([b"a"], [0], [0])
    digest = sha256(hs.dumpb(probe)).hexdigest()
    return f"{version('hyperscan')} {digest} {probe.info()!r}"
