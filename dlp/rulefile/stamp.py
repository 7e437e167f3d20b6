"""Whether a rules folder changed, by looking: notification fails on network mounts."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

type Stamp = tuple[tuple[str, int, int, int, int], ...]


def folder_stamp(folder: Path) -> Stamp:
    """
    Differs from an earlier one when a rules file came, went or changed.

    The inode and the time of its last change tell of a file that was replaced by one
    of the same size and date, as `cp -p`, git and a mounted ConfigMap do.
    """
    rows = []
    for path in sorted(folder.rglob("*.yaml")):
        with suppress(FileNotFoundError):
            now = path.stat()
            times = now.st_ctime_ns, now.st_mtime_ns
            rows.append((str(path), now.st_ino, *times, now.st_size))
    return tuple(rows)
