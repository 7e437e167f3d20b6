"""
What takes seconds to make, kept in a folder from one process for the next.

Why in no sibling: rules and decoders, which do not know each other, keep things. A
file counts only if it holds what it was called when it was written: one that is
damaged, cut or renamed is made anew. That is no seal. hyperscan runs what it is given,
so whoever may write such a file may do what this user may; in a state folder that is
its owner, who can read its keys as well. So a file of another user, or one that others
may write, is not read, and nothing is written into such a folder: root is not to run
what a user left there. Files are moved into place whole: of several writers at once the
last one's stays.
"""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

_DIGEST_BYTES = 32
MOST_BYTES = 96 << 20
"""Of a folder. The rules take 10 MB, all else 9; what was used last stays."""
FREE_BYTES = 32 << 20
"""Of a disk are left to what must be recorded: without room for that all is refused."""


def read(folder: Path | None, name: str) -> bytes | None:
    """What an earlier process wrote under a name; None if there is nothing to trust."""
    if folder is None:
        return None
    try:
        with (folder / name).open("rb") as file:
            if not _is_private(os.fstat(file.fileno())):
                return None
            stored = file.read()
            with suppress(OSError):  # `_tidy` asks when it was used
                os.utime(file.fileno())
    except OSError:
        return None
    data = stored[_DIGEST_BYTES:]
    return data if _digest(name, data) == stored[:_DIGEST_BYTES] else None


def write(folder: Path | None, name: str, data: bytes) -> None:
    """Keep it for the next process; a folder that cannot be written only costs time."""
    if folder is None:
        return
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder.stat()):
            return
        if shutil.disk_usage(folder).free < len(data) + FREE_BYTES:
            return
        with NamedTemporaryFile(dir=folder, delete_on_close=False) as new:
            new.write(_digest(name, data) + data)
            new.close()
            Path(new.name).replace(folder / name)
        _tidy(folder)


def _is_private(status: os.stat_result) -> bool:
    """Whether it is this user's and nobody else may write it."""
    return status.st_uid == os.geteuid() and not status.st_mode & (
        stat.S_IWGRP | stat.S_IWOTH
    )


def _digest(name: str, data: bytes) -> bytes:
    return sha256(name.encode() + b"\0" + data).digest()


def _tidy(folder: Path) -> None:
    """Drop what was used longest ago: of rules and versions that were replaced."""
    files = [(path.stat(), path) for path in folder.iterdir() if path.is_file()]
    total = 0
    for status, path in sorted(files, key=lambda each: -each[0].st_mtime_ns):
        total += status.st_size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)
