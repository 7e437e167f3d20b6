"""
How many opaque bytes each agent sent to each destination, over a day.

What nobody can read, encryption first, cannot be told from a secret; it can only be
bounded. Which bytes are opaque is for the detector to say; here they are counted.

Why not in `coverage.py`: that counts pieces of one secret for good, this any bytes of
unknown meaning for a while.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from dlp.state.sqlite import Store, writing

HOUR_S = 3600
WINDOW_HOURS = 24


@dataclass(frozen=True, slots=True)
class Charge:
    """The outcome of an attempt to send."""

    total: int
    """Bytes within the window, this attempt's included when it was accepted."""
    accepted: bool


class Ledger:
    """The opaque bytes that left through one state folder."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    async def charge(self, agent: str, host: str, amount: int, most: int) -> Charge:
        """
        Count `amount` bytes, unless that makes more than `most` within the window.

        Raises:
            StateError: the store failed; nothing was counted.
        """
        hour = self._hour()
        return await self._store.run(
            lambda c: _charge(c, (agent, host, hour), amount, most)
        )

    async def refund(self, agent: str, host: str, amount: int) -> None:
        """
        Take back bytes that did not leave after all.

        Raises:
            StateError: the store failed; the bytes stay counted.
        """
        hour = self._hour()
        await self._store.run(lambda c: _refund(c, (agent, host, hour), amount))

    def _hour(self) -> int:
        return int(self._now() // HOUR_S)


Row = tuple[str, str, int]
"""Agent, host, hour since the epoch."""


def _charge(connection: sqlite3.Connection, row: Row, amount: int, most: int) -> Charge:
    agent, host, hour = row
    with writing(connection):
        since = hour - WINDOW_HOURS
        connection.execute("DELETE FROM opaque WHERE hour <= ?", (since,))
        (total,) = connection.execute(
            "SELECT coalesce(sum(bytes), 0) FROM opaque WHERE agent = ? AND host = ?",
            (agent, host),
        ).fetchone()
        if total + amount > most:
            return Charge(total, accepted=False)
        connection.execute(
            "INSERT INTO opaque VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes",
            (*row, amount),
        )
    return Charge(total + amount, accepted=True)


def _refund(connection: sqlite3.Connection, row: Row, amount: int) -> None:
    """From the newest hours back, for the charge may have been an hour ago."""
    agent, host, _ = row
    with writing(connection):
        held = connection.execute(
            "SELECT hour, bytes FROM opaque WHERE agent = ? AND host = ?"
            " ORDER BY hour DESC",
            (agent, host),
        ).fetchall()
        for hour, size in held:
            taken = min(size, amount)
            amount -= taken
            connection.execute(
                "UPDATE opaque SET bytes = ? WHERE agent = ? AND host = ? AND hour = ?",
                (size - taken, agent, host, hour),
            )
