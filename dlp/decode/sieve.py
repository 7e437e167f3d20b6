"""
One pass over a text that tells which decoders have anything to do there.

Each decoder states what its input must contain as hyperscan patterns. All of them are
compiled into one database that reports a pattern once and no more, so that ordinary
traffic costs one fast scan and no Python per match.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import hyperscan

_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL


class Sieve:
    """Patterns in groups; `scan` says which groups occur. Safe to share by threads."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        owners = [1 << i for i, group in enumerate(groups) for _ in group]
        patterns = [pattern.encode() for group in groups for pattern in group]
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=patterns,
            ids=list(range(len(patterns))),
            elements=len(patterns),
            flags=[_FLAGS] * len(patterns),
        )
        self._owners = owners
        self._local = threading.local()

    def scan(self, data: bytes) -> int:
        """Bit i is set when a pattern of group i occurs in `data`."""
        if not data:
            return 0
        local = self._local
        try:
            scratch, hits = local.scratch, local.hits
        except AttributeError:
            scratch = local.scratch = hyperscan.Scratch(self._database)
            hits = local.hits = []
        hits.clear()
        self._database.scan(
            data, match_event_handler=_collect, context=hits, scratch=scratch
        )
        found = 0
        for hit in hits:
            found |= self._owners[hit]
        return found


def _collect(pattern: int, _start: int, _stop: int, _flags: int, hits: Any) -> None:
    hits.append(pattern)
