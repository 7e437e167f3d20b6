"""Places on this machine: standard output, and a file that something else collects."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dlp.audit.sinks.delivery import Row, SinkError


@dataclass(frozen=True, slots=True)
class Stdout:
    """Standard output, a line each."""

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        try:
            sys.stdout.buffer.write(_lines(rows))
            sys.stdout.buffer.flush()
        except OSError as error:
            raise SinkError(f"standard output: {error.strerror}", final=True) from error


@dataclass(frozen=True, slots=True)
class File:
    """
    A file that lines are added to, for the owner alone, on disk when `send` returns.

    It is opened for each batch, so it may be rotated by moving it away.
    """

    path: Path

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch: all of it, or the file is as it was."""
        data, flags = _lines(rows), os.O_WRONLY | os.O_APPEND | os.O_CREAT
        try:
            descriptor = os.open(self.path, flags, 0o600)
            try:
                self._append(descriptor, data)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise SinkError(f"{self.path}: {error.strerror}") from error

    def _append(self, descriptor: int, data: bytes) -> None:
        before = os.fstat(descriptor).st_size
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, before)
            raise


def _lines(rows: Sequence[Row]) -> bytes:
    return b"".join(text + b"\n" for _, text in rows)
