"""
Appending to a chain, and keeping it on disk.

`append` writes with one `os.write` and returns; a thread makes the writes durable and
signs the head. Both take one lock for the time of a write, never for that of a sync.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Lock, Thread

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dlp.audit import chain
from dlp.audit.chain import Link
from dlp.errors import StateError
from dlp.record import Operation, Record
from dlp.state.folder import read_or_make_key, write_private

FLUSH_S = 0.5
"""Longest time a line waits for its fsync; with the sync itself it stays under 1 s."""
CHECKPOINT_LINES = 1000
_WRITERS = 64
_REREAD_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Retention:
    """How much a writer keeps."""

    segment_bytes: int = 64 << 20
    segments: int = 64
    """Segments kept; the oldest goes first, and the chain says so."""


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
        self._last = Link(0, chain.START)
        self._signed = 0
        self._number = 0
        self._size = 0
        self._file = -1
        self._retention = Retention()
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
            log._retention = retention or Retention()
            log._resume()
        except OSError as error:
            raise StateError(
                f"the audit log in {folder} cannot be written: {error.strerror}"
            ) from error
        log._thread.start()
        return log

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
            full = self._size >= self._retention.segment_bytes
            if full or self._unsafe or self._file < 0:
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
        self._prune()

    def _open(self, number: int) -> None:
        path = self._folder / chain.segment_name(self.writer, number)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        self._number = number
        self._size = os.fstat(self._file).st_size
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _prune(self) -> None:
        segments = segments_of(self._folder, self.writer)
        doomed = segments[: max(0, len(segments) - self._retention.segments)]
        if not doomed:
            return
        gone = last_good(doomed[-1])[0]
        for path in doomed:
            path.unlink()
        data = {"through": gone.seq, "hash": gone.hash, "segments": len(doomed)}
        line, self._last = chain.forge(self._last, "pruned", data)
        self._put(line)
        self._size += len(line)

    def _resume(self) -> None:
        segments = segments_of(self._folder, self.writer)
        if not segments:
            self._open(1)
            self._sign(self._last)
            return
        self._open(chain.segment_of(segments[-1].name)[1])
        self._last, torn = last_good(segments.pop())
        while segments and not self._last.seq:
            self._last, _ = last_good(segments.pop())
        if torn:
            self._recover(torn)

    def _recover(self, torn: bytes) -> None:
        """A write that a crash cut short is kept, closed off and explained."""
        end = b"" if torn.endswith(b"\n") else b"\n"
        data = {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}
        line, self._last = chain.forge(self._last, "recovered", data)
        os.write(self._file, end + line)
        self._size = os.fstat(self._file).st_size

    def _sign(self, last: Link) -> None:
        head = chain.sign(self._key, self.writer, last, time.time())
        path = self._folder / f"{self.writer}.head"
        write_private(path, orjson.dumps(asdict(head)))
        self._signed = last.seq

    def _fail(self, error: OSError | StateError) -> None:
        self._error, self._unsafe = str(error), True
        raise StateError(f"the audit log is not durable: {error}") from error

    def _keep(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            with suppress(StateError):
                self.sync()
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


def segments_of(folder: Path, writer: str) -> list[Path]:
    """A writer's segments, oldest first."""
    return sorted(folder.glob(f"{writer}.[0-9]*.jsonl"))


def last_good(path: Path) -> tuple[Link, bytes]:
    """The last sound line of a segment, and the bytes after it that are not one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _REREAD_BYTES))
        data = file.read()
    end = len(data)
    while end > 0:
        start = data.rfind(b"\n", 0, end - 1) + 1
        line = data[start:end]
        parsed = chain.parse(line[:-1]) if line.endswith(b"\n") else None
        if parsed and parsed.sound:
            return Link(parsed.seq, parsed.hash), data[end:]
        end = start
    return Link(0, chain.START), data


def _claim(folder: Path, writer: str) -> tuple[str, int]:
    for attempt in range(_WRITERS):
        name = writer if attempt == 0 else f"{writer}-{attempt}"
        guard = os.open(
            folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(guard)
        else:
            return name, guard
    raise StateError(f"{_WRITERS} writers named {writer} hold the audit log already")


def _publish(folder: Path, key: Ed25519PrivateKey) -> None:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = folder / "public.pem"
    if not path.exists():
        write_private(path, pem)
