"""
How much of each secret has left in fragments, over requests, agents and restarts.

A message that shows fragments reserves them before it goes on: in one transaction its
bits are added to all that left or is about to, and if that makes a leak nothing is
reserved and the message is to be blocked. So of two messages that only together give a
secret away, one stops, however they are timed and whichever worker has them. What was
reserved is committed when it leaves; what a process that died had reserved counts too.

Bits are positions in a secret, and a secret is named by its keyed digest: nothing here
helps to recover one. A rotated secret has another digest, so it starts at nothing.

Why not in `sqlite.py`: that owns the connection; every table has an owner of its own.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from dlp.state.sqlite import Store, writing

ABANDONED_S = 600.0
"""A reservation this old belongs to a process that died: its bytes may have left."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one message shows of a secret."""

    bits: int
    threshold: int
    """How many bits, over everything, are a leak."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one message."""

    id: int
    completed: tuple[str, ...] = ()
    """Secrets that the message would have given away; then nothing was reserved."""


class Coverage:
    """The fragments that left through one state folder."""

    def __init__(self, store: Store, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now

    async def reserve(
        self, agent: str, fragments: Mapping[str, Fragment]
    ) -> Reservation:
        """
        Set aside what a message shows, unless that completes a secret.

        Raises:
            StateError: the store failed; nothing is reserved, block the message.
        """
        if not fragments:
            return Reservation(0)
        at = self._now()
        return await self._store.run(lambda c: _reserve(c, agent, fragments, at))

    async def commit(self, reservation: Reservation) -> None:
        """
        The message left.

        Raises:
            StateError: the store failed; what was reserved still counts.
        """
        if reservation.id:
            await self._store.run(lambda c: _commit(c, reservation.id))


def _bits(connection: sqlite3.Connection, secret: str) -> int:
    rows = connection.execute(
        "SELECT bits FROM coverage WHERE secret = :secret"
        " UNION ALL SELECT bits FROM reserved WHERE secret = :secret",
        {"secret": secret},
    )
    return reduce(or_, (int.from_bytes(bits) for (bits,) in rows), 0)


def _reserve(
    connection: sqlite3.Connection,
    agent: str,
    fragments: Mapping[str, Fragment],
    at: float,
) -> Reservation:
    number = secrets.randbits(62) | 1
    with writing(connection):
        _settle(connection, 0, at - ABANDONED_S)
        completed = tuple(
            secret
            for secret, fragment in fragments.items()
            if (_bits(connection, secret) | fragment.bits).bit_count()
            >= fragment.threshold
        )
        if completed:
            return Reservation(0, completed)
        connection.executemany(
            "INSERT INTO reserved VALUES (?, ?, ?, ?, ?)",
            [
                (number, secret, agent, _blob(fragment.bits), at)
                for secret, fragment in fragments.items()
            ],
        )
    return Reservation(number)


def _commit(connection: sqlite3.Connection, number: int) -> None:
    with writing(connection):
        _settle(connection, number, 0)


def _settle(connection: sqlite3.Connection, number: int, before: float) -> None:
    """Count as gone what was reserved as `number`, or at a time before `before`."""
    where = (number, before)
    rows = connection.execute(
        "SELECT secret, agent, bits FROM reserved WHERE id = ? OR at < ?", where
    ).fetchall()
    for secret, agent, bits in rows:
        present = connection.execute(
            "SELECT bits FROM coverage WHERE secret = ? AND agent = ?", (secret, agent)
        ).fetchone()
        whole = int.from_bytes(bits) | int.from_bytes(present[0] if present else b"")
        connection.execute(
            "INSERT OR REPLACE INTO coverage VALUES (?, ?, ?)",
            (secret, agent, _blob(whole)),
        )
    connection.execute("DELETE FROM reserved WHERE id = ? OR at < ?", where)


def _blob(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8)
