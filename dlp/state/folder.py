"""
The state folder: where it is, who may read it, and the keys it holds.

Why not in a sibling: every edge (audit, secrets, agents, CA, caches) starts here.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from dlp.errors import StateError


def default_folder() -> Path:
    """
    The per-user state folder (XDG Base Directory, `XDG_STATE_HOME`, of which a relative
    path is to be ignored: each working folder would have a state and a CA of its own).

    Raises:
        StateError: this user has no home, as in a container with a number for a user.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    try:
        base = named if named.is_absolute() else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise StateError(
            "this user has no home folder: name the state folder with --state"
        ) from error
    return base / "agent-dlp"


def usual_cache() -> Path | None:
    """
    Where compiled rules are kept for what was given no state folder: that of the usual
    one if there is one, else the user's cache (XDG Base Directory, `XDG_CACHE_HOME`).
    None: nowhere.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        state = default_folder()
        if is_there(state):
            return state / "cache"
        return (Path(home) if home else Path.home() / ".cache") / "agent-dlp"
    except (StateError, RuntimeError):  # a user without a home
        return None


def is_there(folder: Path) -> bool:
    """
    Whether there is a state folder.

    Raises:
        StateError: that cannot be told.
    """
    try:
        return stat.S_ISDIR(folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StateError(
            f"the state folder {folder} cannot be read: {error.strerror}; "
            "name another with --state"
        ) from error


def open_folder(folder: Path | None = None, *, reads: bool = False) -> Path:
    """
    Make the state folder if it is missing, for the owner alone, and prove it writable.

    `reads`: for what is in it already, so one that is named is there, or mistyped.

    Raises:
        StateError: it cannot be made, or nothing can be written in it.
    """
    path = (folder or default_folder()).expanduser().absolute()
    if reads and folder and not is_there(path):
        raise StateError(f"there is no state folder {path}; correct --state")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StateError(
            f"the state folder {path} cannot be used: {error.strerror}; "
            "name another with --state"
        ) from error
    return path


def read_or_make_key(state: Path, name: str) -> bytes:
    """
    The 32-byte key `STATE/keys/NAME`, made at first use with mode 0600.

    Raises:
        StateError: it cannot be read or written, or has the wrong size.
    """
    path = state / "keys" / name
    try:
        key = _read(path) or _make(path)
    except OSError as error:
        raise StateError(f"cannot read the key {path}: {error.strerror}") from error
    if len(key) != 32:
        raise StateError(f"the key {path} is damaged: restore it from a backup")
    return key


def _read(path: Path) -> bytes | None:
    """What is there: for that nothing need be writable, as on a full disk."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _make(path: Path) -> bytes:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, secrets.token_bytes(32), exclusive=True)
    except FileExistsError:
        pass
    except OSError as error:
        raise StateError(f"cannot write the key {path}: {error.strerror}") from error
    return path.read_bytes()


def write_private(path: Path, data: bytes, *, exclusive: bool = False) -> None:
    """
    Write a 0600 file in one step: readers see the old content or the new, never half.

    Raises:
        FileExistsError: `exclusive` and it is already there.
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if exclusive:
            os.link(temporary, path)
        else:
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
