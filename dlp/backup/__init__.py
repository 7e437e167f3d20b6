"""
The whole state in one encrypted file, and back.

    backup    a copy of one moment while the proxy runs; the file is 0600 and whole, or
              it is not there
    restore   opened, unpacked and checked beside the state folder, then put in its
              place in one step; nothing of it before

A backup holds every key. Whoever opens it can read the CA's key and work on the secret
store: that is why there is no unencrypted form.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from dlp import audit
from dlp.backup.check import check
from dlp.backup.sealed import Key, Lock, Opener, Sealer
from dlp.backup.snapshot import members, pack
from dlp.errors import StateError, UsageError
from dlp.state.locks import held

__all__ = ["backup", "restore", "verify"]


def backup(state: Path, file: Path, lock: Lock) -> int:
    """
    Copy a state folder into a new file; return how many files it holds.

    Raises:
        UsageError: the file is there already, or would be inside the state folder.
        StateError: the state cannot be read, or the file cannot be written.
    """
    if not (state / "keys").is_dir():
        raise UsageError(f"there is no state in {state}: name it with --state")
    if state.resolve() in file.resolve().parents:
        raise UsageError(f"{file} is inside the state folder: put it elsewhere")
    with _new(file) as out, ExitStack() as stack:
        scratch = tempfile.TemporaryDirectory(dir=state, prefix=".backup-")
        found = members(state, Path(stack.enter_context(scratch)), stack)
        sealer = Sealer(out, lock)
        with _archive(sealer, "w|") as archive:
            pack(found, archive)
        sealer.finish()
    return len(found)


def verify(file: Path, key: Key) -> tuple[str, ...]:
    """
    Open a backup and check all that is in it; keep nothing.

    Raises:
        StateError: it cannot be opened or used.
        SecretError: its secret store is damaged.
        UsageError: it was sealed in another way than `key` opens.
    """
    with tempfile.TemporaryDirectory(prefix="dlp-backup-") as folder:
        _unpack(file, Path(folder), key)
        return check(Path(folder))


def restore(file: Path, state: Path, key: Key, *, replace: bool) -> tuple[str, ...]:
    """
    Put a backup in the place of a state folder; return what to know of it.

    With `replace` a state that is there is moved aside, to a name that ends in
    `.before-restore-` and the time.

    Raises:
        UsageError: there is a state and `replace` is not set, or another kind of key.
        StateError: the state is in use; the backup cannot be opened or used. The state
            is as it was.
        SecretError: the secret store in the backup is damaged; as above.
    """
    present = state.is_dir() and any(state.iterdir())
    if present and not replace:
        raise UsageError(
            f"{state} holds a state already: --replace moves it aside, --state names "
            "another folder"
        )
    fresh = state.with_name(f".{state.name}.restore-{secrets.token_hex(4)}")
    with _unused(state):
        try:
            fresh.mkdir(mode=0o700, parents=True)
            _unpack(file, fresh, key)
            notes = check(fresh)
            audit.note(fresh, "state.restore", file.name)
            if present:
                _swap(state, fresh)
            else:
                fresh.rename(state)
        except OSError as error:
            raise StateError(
                f"cannot restore to {state}: {error.strerror}; it must be a folder in "
                "one that this user may write, and no mount point"
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return notes


def _swap(state: Path, fresh: Path) -> None:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = state.with_name(f"{state.name}.before-restore-{stamp}")
    state.rename(aside)
    try:
        fresh.rename(state)
    except OSError:
        aside.rename(state)
        raise


@contextmanager
def _new(file: Path) -> Iterator[BinaryIO]:
    """A file to write, 0600, that has its name only once it is whole."""
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        # The name is taken first, so that two backups do not meet.
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise UsageError(f"{file} is there already: name another file") from error
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    whole = False
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
        whole = True
    except OSError as error:
        raise StateError(f"cannot write {file}: {error.strerror}") from error
    finally:
        if not whole:
            for path in (temporary, file):
                path.unlink(missing_ok=True)


@contextmanager
def _unused(state: Path) -> Iterator[None]:
    """
    Keep the writers of a state out.

    Raises:
        StateError: there is one: every process of ours that changes the state holds
            the lock of its audit log.
    """
    with ExitStack() as stack:
        for path in (state / "audit").glob("*.lock"):
            if not stack.enter_context(held(path)):
                raise StateError(f"{state} is in use: stop the proxy that runs with it")
        yield


def _unpack(file: Path, folder: Path, key: Key) -> None:
    try:
        with file.open("rb") as sealed:
            opener = Opener(sealed, key)
            with _archive(opener, "r|") as archive:
                for member in archive:
                    _place(archive, member, folder)
            while opener.read(1 << 20):  # its end proves that nothing was cut off
                continue
    except tarfile.TarError as error:
        raise StateError("the backup is damaged") from error
    except OSError as error:
        raise StateError(f"cannot read {file}: {error.strerror}") from error


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    parts = PurePosixPath(member.name).parts
    content = archive.extractfile(member) if member.isreg() else None
    if content is None or not parts or {"/", ".."} & set(parts):
        raise StateError(f"the backup holds {member.name!a}, which no state has")
    path = folder.joinpath(*parts)
    for parent in reversed(path.relative_to(folder).parents[:-1]):
        with suppress(FileExistsError):
            (folder / parent).mkdir(mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        shutil.copyfileobj(content, out)
        out.flush()
        os.fsync(out.fileno())
    os.utime(path, (member.mtime, member.mtime))


def _archive(stream: Sealer | Opener, mode: Any) -> tarfile.TarFile:
    return tarfile.open(fileobj=cast(BinaryIO, stream), mode=mode)
