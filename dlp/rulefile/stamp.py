"""Whether a rules folder changed, by looking: notification fails on network mounts."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

type FileStamp = tuple[int, int, int, int]
type Stamp = tuple[tuple[str, FileStamp], ...]


def file_stamp(path: Path) -> FileStamp:
    """
    Differs from an earlier one when the file changed.

    The inode and the time of its last change tell of a file that was replaced by one
    of the same size and date, as `cp -p`, git and a mounted ConfigMap do.

    Raises:
        OSError: there is none, or it cannot be looked at.
    """
    now = path.stat()
    return now.st_ino, now.st_ctime_ns, now.st_mtime_ns, now.st_size


def folder_stamp(folder: Path) -> Stamp:
    """Differs from an earlier one when a rules file came, went or changed."""
    rows = []
    for path in sorted(folder.rglob("*.yaml")):
        with suppress(FileNotFoundError):
            rows.append((str(path), file_stamp(path)))
    return tuple(rows)
