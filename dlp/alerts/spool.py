"""
What waits to be sent, and how far the log was read: `STATE/alerts/spool.db`.

Both change in one transaction, so nothing is lost or repeated over a restart. What is
in memory is the truth; the file is its copy, and where it cannot be written (a full
disk is something to be told!) messages are sent all the same. Threads may share it.

Why not in `dlp.state.sqlite`: a verdict waits for that database, and must never wait
for an alert.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import Any

import orjson

from dlp.alerts.nouns import RANK, Alert, Group, Notice, Severity
from dlp.errors import StateError

MAX_WAITING = 500
"""Notices for one channel; beyond that the mildest, and of those the oldest, goes."""
MAX_AGE_S = 3 * 86400.0
"""After that a notice is history: the audit log has it."""
_BUSY_S = 2.0
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS notices (
        channel TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (channel, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, body BLOB NOT NULL);
"""

type Delivery = tuple[str, Notice]
"""A notice and the channel it is for."""


class Spool:
    """The notices that wait. One process at a time may have it open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `Spool.open`."""
        self._file = connection
        self._changed = Condition()
        self._waiting: dict[str, dict[str, Notice]] = {}
        self._unsaved: dict[tuple[str, str], bytes | None] = {}
        """Rows that the file lacks, or (None) has too many."""
        self.memory: dict[str, bytes] = {}
        """What was handed to the last `commit`, by name."""
        self._stale: set[str] = set()
        """Names whose rows in the file are of an earlier one."""
        self.fault = ""
        """Why the file could not be written last time, or empty."""

    @classmethod
    def open(cls, folder: Path) -> Spool:
        """
        Take up what an earlier process left.

        Raises:
            StateError: the file cannot be used.
        """
        path = folder / "spool.db"
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            spool = cls(connection)
            spool._load()
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                f"{path} cannot be used: {error}; move it away to begin a new one"
            ) from error
        return spool

    def close(self) -> None:
        """Write what is not on disk yet and let the file go."""
        with self._changed:
            self._save()
            self._file.close()
            self._changed.notify_all()

    def commit(
        self, deliveries: Iterable[Delivery], memory: Mapping[str, bytes]
    ) -> int:
        """Keep what is to be sent together with `memory`; how many had to give way."""
        with self._changed:
            dropped = 0
            for channel, notice in deliveries:
                waiting = self._waiting.setdefault(channel, {})
                if notice.id in waiting:
                    continue
                waiting[notice.id] = notice
                self._unsaved[channel, notice.id] = orjson.dumps(notice)
                if len(waiting) > MAX_WAITING:
                    self._remove(channel, min(waiting.values(), key=_worth).id)
                    dropped += 1
            self._stale |= {
                name for name, row in memory.items() if self.memory.get(name) != row
            }
            self.memory.update(memory)
            if self._stale or self._unsaved:
                self._save()
            self._changed.notify_all()
            return dropped

    def next(
        self, channel: str, seconds: float, stop: Callable[[], bool]
    ) -> Notice | None:
        """
        What is sent next: the most severe, and of those the oldest.

        Waits for one, but no longer than that, and not once `stop` and `wake` say so.
        """
        with self._changed:
            if not self._waiting.get(channel) and not stop():
                self._changed.wait(seconds)
            return max(
                self._waiting.get(channel, {}).values(),
                key=lambda notice: (RANK[notice.severity], -notice.at),
                default=None,
            )

    def wake(self) -> None:
        """End the waiting of every `next`."""
        with self._changed:
            self._changed.notify_all()

    def done(self, channel: str, notice: Notice) -> None:
        """It was accepted, or given up."""
        with self._changed:
            if notice.id in self._waiting.get(channel, {}):
                self._remove(channel, notice.id)
                self._save()

    def forget(self, keep: Callable[[str, Notice], bool]) -> int:
        """Drop what is not to be kept, by channel and notice; how many."""
        with self._changed:
            gone = [
                (channel, notice.id)
                for channel, waiting in self._waiting.items()
                for notice in waiting.values()
                if not keep(channel, notice)
            ]
            for channel, name in gone:
                self._remove(channel, name)
            if gone:
                self._save()
            return len(gone)

    def counts(self) -> dict[str, int]:
        """How many wait, by channel."""
        with self._changed:
            return {channel: len(found) for channel, found in self._waiting.items()}

    def _remove(self, channel: str, name: str) -> None:
        del self._waiting[channel][name]
        self._unsaved[channel, name] = None

    def _save(self) -> None:
        try:
            self._file.execute("BEGIN IMMEDIATE")
            for (channel, name), body in self._unsaved.items():
                if body is None:
                    self._file.execute(
                        "DELETE FROM notices WHERE channel = ? AND id = ?",
                        (channel, name),
                    )
                else:
                    self._file.execute(
                        "INSERT OR REPLACE INTO notices VALUES (?, ?, ?)",
                        (channel, name, body),
                    )
            self._file.executemany(
                "INSERT OR REPLACE INTO memory VALUES (?, ?)",
                [(name, self.memory[name]) for name in self._stale],
            )
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            self.fault = str(error)
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
        else:
            self.fault = ""
            self._unsaved.clear()
            self._stale.clear()

    def _load(self) -> None:
        for channel, body in self._file.execute("SELECT channel, body FROM notices"):
            notice = notice_from(orjson.loads(body))
            self._waiting.setdefault(channel, {})[notice.id] = notice
        self.memory = dict(self._file.execute("SELECT name, body FROM memory"))


def notice_from(data: dict[str, Any]) -> Notice:
    """The inverse of what orjson makes of one."""
    groups = tuple(map(group_from, data["groups"]))
    return Notice(data["id"], data["route"], data["at"], groups, data["more"])


def group_from(data: dict[str, Any]) -> Group:
    """The inverse of what orjson makes of one."""
    alert = {**data["alert"], "severity": Severity(data["alert"]["severity"])}
    return Group(Alert(**alert), data["count"], data["last_at"])


def _worth(notice: Notice) -> tuple[int, float]:
    return RANK[notice.severity], notice.at
