"""
Locks between processes: files that one holds, by flock(2), until it lets go or ends.

Why not in `folder`: that is about one state folder; these stand beside whatever they
guard.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dlp.errors import StateError


def claim(path: Path) -> int | None:
    """
    A descriptor that holds the lock until it is closed; None: somebody else does.

    Raises:
        OSError: the file cannot be made or opened.
    """
    guard = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(guard)
        return None
    return guard


def claim_one(folder: Path, names: Iterable[str]) -> tuple[str, int] | None:
    """
    The first of the names whose lock is free, with the lock; None: none is.

    Raises:
        OSError: a file cannot be made or opened.
    """
    for name in names:
        guard = claim(folder / f"{name}.lock")
        if guard is not None:
            return name, guard
    return None


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """
    Whether the lock was free; it is held meanwhile.

    Raises:
        OSError: the file cannot be made or opened.
    """
    guard = claim(path)
    try:
        yield guard is not None
    finally:
        if guard is not None:
            os.close(guard)


@contextmanager
def awaited(path: Path) -> Iterator[None]:
    """
    Hold the lock, once it is free.

    Raises:
        StateError: the file cannot be made or opened.
    """
    try:
        guard = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StateError(f"cannot write {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
    finally:
        os.close(guard)
