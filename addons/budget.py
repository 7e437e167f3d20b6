"""
The bytes of request bodies that one worker holds at a time.

Why not in `http_stream`: a WebSocket message is held too, and a worker that ends waits
until nothing is.
"""

from __future__ import annotations

import asyncio


class Budget:
    """Bytes of request bodies that one worker holds at a time, and its open streams."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.streams = 0
        self.idle = asyncio.Event()
        """Set while no exchange is in flight."""
        self.idle.set()

    def fits(self, size: int) -> bool:
        """Whether `size` more bytes may be held now."""
        return self.held + size <= self.limit


class Hold:
    """What one stream holds of the budget. Given back once, whatever happens."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._bytes = 0
        budget.streams += 1
        budget.idle.clear()
        self._open = True

    def take(self, size: int) -> bool:
        """Hold `size` more bytes; False when the budget has no room."""
        if not self._budget.fits(size):
            return False
        self._budget.held += size
        self._bytes += size
        return True

    def give_back(self) -> None:
        """The bytes are no longer held; the stream may still be answered."""
        self._budget.held -= self._bytes
        self._bytes = 0

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """The stream is over."""
        if self._open:
            self._open = False
            self.give_back()
            self._budget.streams -= 1
            if not self._budget.streams:
                self._budget.idle.set()
