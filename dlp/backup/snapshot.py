"""
What is in a state folder at one moment, while a proxy goes on writing to it.

Rule 1: databases are copied by SQLite, other files are replaced in one step by whoever
writes them. Rule 2: of the audit log the signed ends are read first, then every segment
is looked for and opened, then what retention left is read: whatever is written or
removed meanwhile, the copy holds at least what its ends vouch for, and verifies.
"""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from dlp.errors import StateError
from dlp.state.sqlite import copy

VOLATILE = frozenset({"run", "cache", "lost+found"})
"""Folders at the top that a proxy makes anew."""
_TRANSIENT = (".lock", "-wal", "-shm", "-journal")
_TRIES = 8


@dataclass(slots=True)
class Member:
    """One file, opened."""

    name: str
    file: BinaryIO
    size: int
    changed_at: float


def members(state: Path, scratch: Path, stack: ExitStack) -> list[Member]:
    """
    Every file that makes up the state, opened; `stack` closes them.

    Raises:
        StateError: one cannot be read, or is neither a file nor a folder.
    """
    for _ in range(_TRIES):
        try:
            return [
                _open(state, path, scratch, stack)
                for each in (_is_end, _is_other)
                for path in sorted(filter(each, _walk(state)), key=_order)
            ]
        except FileNotFoundError:  # retention took a segment away: look again
            continue
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"the state cannot be read: {error}") from error
    raise StateError(f"{state} changes too fast to be copied: try again")


def pack(found: list[Member], archive: tarfile.TarFile) -> None:
    """Write files to an archive, each as long as it was when it was opened."""
    for member in found:
        info = tarfile.TarInfo(member.name)
        info.size = member.size
        info.mode = 0o600
        info.mtime = int(member.changed_at)
        archive.addfile(info, member.file)


def _walk(state: Path) -> Iterator[Path]:
    for path in state.iterdir():
        if path.name not in VOLATILE and not path.name.startswith("."):
            yield from _below(path)


def _below(path: Path) -> Iterator[Path]:
    if path.name.startswith(".") or path.name.endswith(_TRANSIENT):
        return
    if path.is_symlink():
        raise StateError(f"{path} is a link: a backup would not hold what it names")
    if path.is_dir():
        for each in path.iterdir():
            yield from _below(each)
    elif path.is_file():
        yield path


def _is_end(path: Path) -> bool:
    return path.suffix == ".head"


def _is_other(path: Path) -> bool:
    return not _is_end(path)


def _order(path: Path) -> tuple[bool, Path]:
    return path.suffix != ".jsonl", path


def _open(state: Path, path: Path, scratch: Path, stack: ExitStack) -> Member:
    name = path.relative_to(state).as_posix()
    if _is_end(path):  # it will have moved on when the segments are opened
        data = path.read_bytes()
        return Member(name, BytesIO(data), len(data), path.stat().st_mtime)
    if path.suffix == ".db":
        path = copy(path, scratch / name.replace("/", "+"))
    file = stack.enter_context(path.open("rb"))
    status = os.fstat(file.fileno())
    return Member(name, file, status.st_size, status.st_mtime)
