"""
Sockets that stand in a folder, whoever made them.

Why not in `plan`: that is pure. /proc/net/unix shows only this network namespace's
sockets, and one that was bound by a relative name without its folder.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator
from pathlib import Path

MOST_ENTRIES = 20_000
DEPTH = 6


def sockets_below(folder: Path) -> list[Path]:
    """Sockets down to `DEPTH` below `folder`, the nearest first, of so many entries."""
    found, seen = [], 0
    waiting = deque([(os.fspath(folder), 0)])
    while waiting and seen < MOST_ENTRIES:
        path, depth = waiting.popleft()
        for entry in _entries(path):
            seen += 1
            if entry.is_dir(follow_symlinks=False):
                if depth < DEPTH:
                    waiting.append((entry.path, depth + 1))
            elif not entry.is_file(follow_symlinks=False) and _is_socket(entry):
                found.append(Path(entry.path))
    return found


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(path) as listing:
            yield from listing
    except OSError:  # not ours to read, so not the command's
        return


def _is_socket(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode)
    except OSError:
        return False
