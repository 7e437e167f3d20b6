"""
Mounts that reach further than this machine, from /proc/self/mountinfo (proc(5)). Pure.

Why not in `plan`: the probe asks the same, inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

REMOTE = re.compile(
    r"autofs|nfs4?|cifs|smb3|smbfs|ncpfs|afs|ceph|glusterfs|lustre|9p|virtiofs|davfs"
    r"|fuse\..*|fuse"
)
"""File systems whose look-up of a name is a message to somebody (proc(5))."""
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Row:
    """One mount."""

    number: str
    below: str
    """Number of the mount that it stands on."""
    at: Path
    kind: str


def mounts(mountinfo: str) -> list[Row]:
    """Every mount, in the order in which they were made."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        number, below, _, _, name = left.split(" ")[:5]
        name = _ESCAPED.sub(lambda octal: chr(int(octal[1], 8)), name)
        found.append(Row(number, below, Path(name), right.split(" ")[0]))
    return found


def remote_mounts(mountinfo: str, needed: Iterable[Path]) -> tuple[Path, ...]:
    """Where remote file systems are seen, but those that hold a `needed` path."""
    rows = mounts(mountinfo)
    kinds = {row.number: row.kind for row in rows}
    places = {row.number: (row.below, row.at) for row in rows}
    kept = {above for path in needed for above in (path, *path.parents)}
    return tuple(
        sorted(
            path
            for number, (_, path) in places.items()
            if REMOTE.fullmatch(kinds[number])
            and path not in kept
            and not _covered(number, places)
        )
    )


def _covered(number: str, places: Mapping[str, tuple[str, Path]]) -> bool:
    """Whether a mount lies under one on it, or under one beside it that is above."""
    came_from = ""
    while number in places:
        below, path = places[number]
        for other, (other_below, at) in places.items():
            if other_below == number and at == path and other != came_from:
                return True
            if other_below == below and at in path.parents:
                return True
        came_from, number = number, below
    return False
