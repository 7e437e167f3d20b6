"""
Appending to a chain, and keeping it on disk.

`append` writes with one `os.write` and returns; a thread makes the writes durable and
signs the head. Both take one lock for the time of a write, never for that of a sync.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock, Thread

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dlp.audit import chain
from dlp.audit.chain import Link
from dlp.audit.retention import DAY_S, prune
from dlp.audit.segments import (
    NOTHING,
    end_of,
    last_good,
    mark_of,
    segments_of,
    signed,
)
from dlp.errors import StateError
from dlp.model import Retention
from dlp.record import Operation, Record
from dlp.state.folder import read_or_make_key, write_private
from dlp.state.locks import claim_one

FLUSH_S = 0.5
"""Longest time a line waits for its fsync; with the sync itself it stays under 1 s."""
CHECKPOINT_LINES = 1000
LOOK_S = 600.0
"""How often it is looked for lines that are too old or too many."""
_WRITERS = 64


class AuditLog:
    """One writer's chain. Threads may share it; processes may not."""

    def __init__(self, folder: Path, writer: str, key: Ed25519PrivateKey) -> None:
        """Use `AuditLog.open`."""
        self.writer = writer
        self._folder = folder
        self._key = key
        self._lock = Lock()
        self._wake = Event()
        self._stop = Event()
        self._last = NOTHING
        self._signed = 0
        self._number = 0
        self._size = 0
        self._file = -1
        self._retention: Retention | None = None
        self._began = time.time()
        self._look_at = 0.0
        self._error = ""
        self._unsafe = False
        self._guard = -1
        self._thread = Thread(target=self._keep, name="audit-sync", daemon=True)

    @classmethod
    def open(
        cls, state: Path, writer: str = "w0", retention: Retention | None = None
    ) -> AuditLog:
        """
        Continue the chain of `writer`, or of the next free name when it is in use.

        Without a `retention` nothing is ever removed.

        Raises:
            StateError: the folder or the chain cannot be written.
        """
        folder = state / "audit"
        key = Ed25519PrivateKey.from_private_bytes(read_or_make_key(state, "audit"))
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _publish(folder, key)
            name, guard = _claim(folder, writer)
            log = cls(folder, name, key)
            log._guard = guard
            log._retention = retention
            log._resume()
        except OSError as error:
            raise StateError(
                f"the audit log in {folder} cannot be written: {error.strerror}"
            ) from error
        log._thread.start()
        return log

    def keep(self, retention: Retention) -> None:
        """Remove what is over this from now on."""
        if retention != self._retention:
            self._retention, self._look_at = retention, 0.0
            self._wake.set()

    def check(self) -> str:
        """Why nothing can be written now, or empty; after a failure it tries again."""
        if self._error:
            with suppress(StateError):
                self.append(Operation(time.time(), "proxy", "audit.resume", ""))
        return self._error

    def append(self, entry: Record | Operation) -> None:
        """
        Write one line; when this returns, it survives the death of this process.

        Raises:
            StateError: it was not written. What it tells of must not happen.
        """
        kind = "decision" if isinstance(entry, Record) else "operation"
        with self._lock:
            self._write(kind, entry)
        self._wake.set()

    def sync(self) -> None:
        """
        Put everything written on disk and sign the head.

        Raises:
            StateError: it could not be made durable.
        """
        with self._lock:
            descriptor, last = self._file, self._last
            if last.seq == self._signed or descriptor < 0:
                return
            descriptor = os.dup(descriptor)
        try:
            if os.fstat(descriptor).st_nlink == 0:
                raise StateError("the audit segment was deleted under the writer")
            os.fsync(descriptor)
            self._sign(last)
        except (OSError, StateError) as error:
            self._fail(error)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Sign and close the chain."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(StateError):
            self.sync()
        for descriptor in (self._file, self._guard):
            if descriptor >= 0:
                os.close(descriptor)
        self._file = self._guard = -1

    def _write(self, kind: str, data: object) -> None:
        if self._guard < 0:
            raise StateError("the audit log is closed")
        try:
            if self._full() or self._unsafe or self._file < 0:
                self._rotate()
            line, link = chain.forge(self._last, kind, data)
            self._put(line)
        except OSError as error:
            self._error = error.strerror or str(error)
            raise StateError(
                f"the audit log cannot be written: {self._error}"
            ) from error
        self._error = ""
        self._last = link
        self._size += len(line)
        if link.seq % CHECKPOINT_LINES == 0 and kind != "checkpoint":
            self._checkpoint()

    def _full(self) -> bool:
        keep = self._retention or Retention()
        of_age = keep.days and self._size and time.time() - self._began > DAY_S
        return bool(self._size >= keep.full or of_age)

    def _put(self, line: bytes) -> None:
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, self._size)
            raise OSError(0, "no space for a whole line")

    def _checkpoint(self) -> None:
        head = chain.sign(self._key, self.writer, self._last, time.time())
        self._write("checkpoint", asdict(head))

    def _rotate(self) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.fsync(self._file)
            os.close(self._file)
            self._file = -1
        self._open(self._number + 1)
        self._unsafe = False
        self._look_at = 0.0

    def _open(self, number: int) -> None:
        path = self._folder / chain.segment_name(self.writer, number)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._number, self._began = number, time.time()
        self._size = os.fstat(self._file).st_size
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _let_go(self) -> None:
        """
        Remove what is over.

        Raises:
            OSError: it could not be; it is tried again.
        """
        keep, now = self._retention, time.monotonic()
        if keep is None or now < self._look_at:
            return
        self._look_at = now + LOOK_S
        with self._lock:
            if keep.days and self._size and time.time() - self._began > DAY_S:
                self._rotate()
        prune(self._folder, self._key, keep, time.time())

    def _resume(self) -> None:
        segments, torn = segments_of(self._folder, self.writer), b""
        self._open(chain.segment_of(segments[-1].name)[1] if segments else 1)
        if segments:
            self._began = _began(segments[-1])
            self._last, torn = last_good(segments.pop())
        while segments and not self._last.seq:
            self._last, _ = last_good(segments.pop())
        known = self._known_end()
        if known.seq > self._last.seq:
            # Lines are gone: removed by retention, or cut off. To begin again where the
            # rest ends would make the cut invisible.
            self._last = known
        if torn:
            self._recover(torn)
        if not end_of(self._folder, self.writer).exists():
            self._sign(self._last)

    def _known_end(self) -> Link:
        """The furthest line that we ever vouched for."""
        public, ends = self._key.public_key(), [NOTHING]
        for path, what in (
            (end_of(self._folder, self.writer), chain.END),
            (mark_of(self._folder, self.writer), chain.PRUNED),
        ):
            head = signed(path)
            if (
                head
                and head.writer == self.writer
                and chain.vouched(public, head, what)
            ):
                ends.append(Link(head.seq, head.hash))
        return max(ends, key=lambda end: end.seq)

    def _recover(self, torn: bytes) -> None:
        """A write that a crash cut short is kept, closed off and explained."""
        end = b"" if torn.endswith(b"\n") else b"\n"
        data = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        line, self._last = chain.forge(self._last, "recovered", data)
        os.write(self._file, end + line)
        self._size = os.fstat(self._file).st_size

    def _sign(self, last: Link) -> None:
        head = chain.sign(self._key, self.writer, last, time.time())
        path = end_of(self._folder, self.writer)
        write_private(path, orjson.dumps(asdict(head)))
        self._signed = last.seq

    def _fail(self, error: OSError | StateError) -> None:
        self._error, self._unsafe = str(error), True
        raise StateError(f"the audit log is not durable: {error}") from error

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(LOOK_S)
            self._wake.clear()
            with suppress(StateError):
                self.sync()
            # What cannot be removed fills the disk, and that is told when it is full.
            with suppress(OSError):
                self._let_go()
            self._stop.wait(FLUSH_S)


def note(state: Path, verb: str, subject: str, detail: str = "") -> None:
    """
    Put what a person did on the command line on record, durably.

    Raises:
        StateError: it cannot be written. What it tells of must not happen.
    """
    log = AuditLog.open(state, "cli")
    try:
        actor = f"cli:{_user()}"
        log.append(Operation(time.time(), actor, verb, subject, detail=detail))
        log.sync()
    finally:
        log.close()


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        return str(os.getuid())


def _began(path: Path) -> float:
    """When a segment's first line was written."""
    with path.open("rb") as file:
        first = chain.parse(file.readline().rstrip(b"\n"))
    at = first.data.get("at") if first else None
    return float(at) if isinstance(at, int | float) else time.time()


def _claim(folder: Path, writer: str) -> tuple[str, int]:
    names = (writer, *(f"{writer}-{number}" for number in range(1, _WRITERS)))
    if claimed := claim_one(folder, names):
        return claimed
    raise StateError(f"{_WRITERS} writers named {writer} hold the audit log already")


def _publish(folder: Path, key: Ed25519PrivateKey) -> None:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = folder / "public.pem"
    if not path.exists():
        write_private(path, pem)
