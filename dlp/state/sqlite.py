"""
The database of a state folder: `STATE/store.db`, SQLite in WAL mode.

One thread per process holds the connection; `run` hands it a piece of work and awaits
the outcome, so the event loop never waits for a disk. Several worker processes share
the file: whoever changes something begins with `writing`, which takes the write lock
before it reads, so that what was read still holds when it is acted on.

A table belongs to the module that uses it, which adds its statements to `SCHEMA`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from dlp.errors import StateError

T = TypeVar("T")

BUSY_S = 5.0
"""How long to wait for another process's transaction."""

SCHEMA: tuple[str, ...] = (
    """
    CREATE TABLE coverage (
        secret TEXT NOT NULL, agent TEXT NOT NULL, bits BLOB NOT NULL,
        PRIMARY KEY (secret, agent)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE reserved (
        id INTEGER NOT NULL, secret TEXT NOT NULL, agent TEXT NOT NULL,
        bits BLOB NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (id, secret)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE learned (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
        issuer TEXT NOT NULL, sealed BLOB NOT NULL, expires_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE opaque (
        agent TEXT NOT NULL, host TEXT NOT NULL, hour INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (agent, host, hour)
    ) WITHOUT ROWID
    """,
)
"""One statement per version of the file, in order; never changed, only added to."""


class Store:
    """The open database of one process."""

    def __init__(self, path: Path, thread: ThreadPoolExecutor) -> None:
        self._path = path
        self._thread = thread
        self._connection: sqlite3.Connection | None = None

    @classmethod
    def open(cls, state: Path) -> Store:
        """
        Open the database, or make it.

        Raises:
            StateError: it cannot be used, or a newer version of this program made it.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        store = cls(state / "store.db", thread)
        try:
            thread.submit(store._connect).result()
        except StateError:
            thread.shutdown()
            raise
        return store

    def close(self) -> None:
        """Finish what was handed in and close the file."""
        self._thread.submit(self._disconnect).result()
        self._thread.shutdown()

    def check(self) -> None:
        """
        Whether something could be written now; not for the event loop.

        Raises:
            StateError: the file is gone, locked for too long, or cannot be used.
        """
        if not self._path.exists():
            raise StateError(f"the store {self._path} is gone: restart the proxy")
        try:
            self._thread.submit(self._guarded, _try).result()
        except RuntimeError as error:
            raise StateError(f"the store {self._path} is closed") from error

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """
        Do a piece of work in the store's thread.

        Raises:
            StateError: the database failed; nothing of the work is kept.
        """
        try:
            future = self._thread.submit(self._guarded, work)
        except RuntimeError as error:
            raise StateError(f"the store {self._path} is closed") from error
        # A cancelled caller must not leave a transaction that nobody knows of.
        return await asyncio.shield(asyncio.wrap_future(future))

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        assert self._connection is not None
        try:
            return work(self._connection)
        except sqlite3.Error as error:
            raise StateError(f"the store {self._path} failed: {error}") from error

    def _connect(self) -> None:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(
                self._path, timeout=BUSY_S, isolation_level=None
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            self._upgrade(connection)
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                f"the store {self._path} cannot be opened: {error}; restore it from a "
                "backup or move it away"
            ) from error
        self._connection = connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """All statements or none; what was there before is kept beside it."""
        with writing(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(SCHEMA):
                raise StateError(
                    f"the store {self._path} was made by a newer version of dlp "
                    f"(schema {version}, this one knows {len(SCHEMA)}): run that one, "
                    "or restore a backup of before"
                )
            if 0 < version < len(SCHEMA):
                copy(self._path, self._path.with_name(f"store.db.v{version}"))
            for statement in SCHEMA[version:]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(SCHEMA)}")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _try(connection: sqlite3.Connection) -> None:
    with writing(connection):
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def copy(source: Path, target: Path) -> Path:
    """
    Copy a database as it is at one moment, for the owner alone, in one step; `target`.

    Writers go on meanwhile (https://sqlite.org/backup.html).

    Raises:
        sqlite3.Error: it cannot be read, or the copy is not sound.
        OSError: it cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with (
            closing(sqlite3.connect(source, timeout=BUSY_S)) as old,
            closing(sqlite3.connect(temporary)) as new,
        ):
            old.backup(new)
            # A copy is one file: no log of its own beside it.
            new.execute("PRAGMA journal_mode=DELETE")
            if new.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError(f"{source} is damaged")
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        return temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the write lock from the start; all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    end = "ROLLBACK"
    try:
        yield
        end = "COMMIT"
    finally:
        connection.execute(end)
