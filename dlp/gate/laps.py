"""
How long each stage of a message took.

Why not in the gate: that says which stages there are; this reads the clock between
them.
"""

from __future__ import annotations

import time


class Laps:
    """Stages that follow each other without a gap. Seconds."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._taken: list[tuple[str, float]] = []

    def end(self, stage: str) -> None:
        """A stage is over; the next one begins."""
        now = time.perf_counter()
        self._taken.append((stage, now - self._last))
        self._last = now

    @property
    def taken(self) -> tuple[tuple[str, float], ...]:
        """Every stage that has ended, and last their `total`."""
        return (*self._taken, ("total", self._last - self._began))
