"""
What another user may do with a path, by the mode bits of it and of what leads there.

Access control lists are not looked at: where one is set it can only be told by trying,
as that user. `os.access` answers for the calling user alone.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

READ, WRITE, ENTER = os.R_OK, os.W_OK, os.X_OK


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who has processes here."""

    name: str
    uid: int
    groups: frozenset[int]
    """Every group, the primary one too."""
    home: Path


NOBODY = User("others", 2**32 - 2, frozenset(), Path("/"))
"""Somebody who owns nothing and is in no group."""


def may(user: User, path: Path, want: int) -> bool:
    """
    Whether `user` can reach the path and use it so.

    Raises:
        OSError: it is not there, or we may not look.
    """
    real = path.resolve()
    return _allows(user, real.stat(), want) and all(
        _allows(user, parent.stat(), ENTER) for parent in real.parents
    )


def may_replace(user: User, path: Path) -> Path | None:
    """
    The path itself or the folder above it whose bits let `user` put something else in
    its place; None when they do not. An owner may always, by changing the bits first.

    Raises:
        OSError: it is not there, or we may not look.
    """
    real = path.resolve()
    if _owns_or_writes(user, real):
        return real
    below = real
    for folder in real.parents:
        if _owns_or_writes(user, folder):
            # In a folder with the sticky bit only owners rename (unlink(2), EPERM).
            sticky = folder.stat().st_mode & stat.S_ISVTX
            if not sticky or user.uid in {folder.stat().st_uid, below.stat().st_uid}:
                return folder
        below = folder
    return None


def open_to_others(path: Path) -> str:
    """The mode of a path whose bits give group or others anything, else empty."""
    mode = stat.S_IMODE(path.lstat().st_mode)
    return f"{mode:04o}" if mode & 0o077 else ""


def _owns_or_writes(user: User, path: Path) -> bool:
    status = path.stat()
    return user.uid == status.st_uid or _allows(user, status, WRITE)


def _allows(user: User, status: os.stat_result, want: int) -> bool:
    if user.uid == 0:
        return True
    if user.uid == status.st_uid:
        shift = 6
    elif status.st_gid in user.groups:
        shift = 3
    else:
        shift = 0
    return (status.st_mode >> shift) & want == want
