"""Files of the agent's that are worth opening. Why not in an area: two of them walk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PASSED_BY = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", "target"}
)
DEEP = 5
"""Folders below the working folder."""
MOST_FILES = 50_000
MOST_BYTES = 1 << 20
"""Of one file, from its beginning."""


def below(folder: Path) -> Iterator[Path]:
    """
    The files of a project, without what its tools put there.

    Raises:
        OSError: a folder may not be listed.
    """
    seen = 0
    for here, names, files in os.walk(folder, onerror=_refuse):
        depth = len(Path(here).relative_to(folder).parts)
        names[:] = sorted(set(names) - PASSED_BY) if depth < DEEP else []
        for name in sorted(files):
            seen += 1
            if seen > MOST_FILES:
                return
            yield Path(here, name)


def _refuse(error: OSError) -> None:
    raise error


def beginning(path: Path) -> bytes:
    """What is looked at of a file."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES)
