"""
One pass over a text that tells which decoders have anything to do there.

Each decoder states what its input must contain as hyperscan patterns. They are compiled
into databases that report a pattern once and no more, so that ordinary traffic costs a
few fast scans and no Python per match. Compiled on first use: a process that is to
answer soon asks for the databases of `patterns` before.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import hyperscan

from dlp.patterns import Patterns

BETWEEN = b"\n \n"
"""Between views that are sieved together."""
START = r"(?:^|\n \n)"
"""Where a view begins, also behind another one."""
END = r"(?:\n \n|$)"
"""Where one ends, also before another one."""

_FLAGS = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL


class Sieve:
    """
    Patterns and the bit each sets; `scan` says which occur.

    Threads may share it.
    """

    def __init__(self, patterns: Sequence[tuple[int, str]]) -> None:
        self.patterns = Patterns(
            [pattern.encode() for _, pattern in patterns],
            [bit for bit, _ in patterns],
            [_FLAGS] * len(patterns),
        )
        self._local = threading.local()

    def scan(self, data: bytes) -> int:
        """The bits of all patterns that occur in `data`."""
        local = self._local
        try:
            scan, scratch, hits = local.state
        except AttributeError:
            database = self.patterns.database()
            scratch = hyperscan.Scratch(database)
            scan, hits = database.scan, []
            local.state = scan, scratch, hits
        hits.clear()
        scan(data, match_event_handler=_collect, context=hits, scratch=scratch)
        found = 0
        for bit in hits:
            found |= 1 << bit
        return found


def _collect(bit: int, _start: int, _stop: int, _flags: int, hits: Any) -> None:
    hits.append(bit)


class Locator:
    """Literals, and every place where one ends. Safe to share by threads."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self.patterns = Patterns(
            ["".join(f"\\x{b:02x}" for b in x).encode() for x in literals],
            range(len(literals)),
            [0] * len(literals),
        )
        self._local = threading.local()

    def find(self, data: bytes, most: int) -> list[tuple[int, int]]:
        """At most `most` pairs of a literal's index and where it ends."""
        database = self.patterns.database()
        scratch = getattr(self._local, "scratch", None)
        if scratch is None:
            scratch = self._local.scratch = hyperscan.Scratch(database)
        hits: list[tuple[int, int]] = []

        def collect(index: int, _start: int, stop: int, *_rest: Any) -> bool:
            hits.append((index, stop))
            return len(hits) >= most

        with suppress(hyperscan.ScanTerminated):
            database.scan(data, match_event_handler=collect, scratch=scratch)
        return hits
