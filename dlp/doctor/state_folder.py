"""The state folder: who can read, change or replace what the proxy rests on."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from dlp.doctor.access import NOBODY, may_replace, open_to_others
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture
from dlp.state.sqlite import SCHEMA

PUBLIC = frozenset({"ca.pem", "bundle.pem", "truststore.p12", "public.pem"})
"""Files that others may read: certificates and the key that verifies the audit log."""


def _folder_open(picture: Picture) -> Iterator[str]:
    yield from _mode(picture.kept())


def _ca_open(picture: Picture) -> Iterator[str]:
    path = picture.kept() / "ca" / "authority.pem"
    if not path.exists():
        raise CannotTellError("there is no CA yet")
    yield from _mode(path)


def _keys_open(picture: Picture) -> Iterator[str]:
    folder = picture.kept() / "keys"
    if not folder.is_dir():
        raise CannotTellError("there are no keys yet")
    for path in (folder, *sorted(folder.iterdir())):
        yield from _mode(path)


def _rest_open(picture: Picture) -> Iterator[str]:
    for path in _rest(picture):
        yield from _mode(path)


def _rest(picture: Picture) -> Iterator[Path]:
    """Files below the state that have no check of their own and are not public."""
    state = picture.kept()
    for path in _below(state):
        own = path.relative_to(state).parts[0] == "keys" or path.name in PUBLIC
        if not own and path.name != "authority.pem" and not path.is_symlink():
            yield path


def _below(state: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(state, onerror=_refuse):
        names.sort()
        for name in sorted(files):
            yield Path(folder, name)


def _refuse(error: OSError) -> None:
    raise error


def _mode(path: Path) -> Iterator[str]:
    mode = open_to_others(path)
    if mode:
        yield f"{path} has mode {mode}"


def _strange_owner(picture: Picture) -> Iterator[str]:
    for path in _below(picture.kept()):
        uid = path.lstat().st_uid
        if uid != picture.owner:
            yield f"{path} belongs to user {uid}, the folder to {picture.owner}"


def _replaceable(picture: Picture) -> Iterator[str]:
    state = picture.kept()
    others = [NOBODY]
    if picture.agent.uid not in {0, picture.owner}:
        others.append(picture.agent)
    for user in others:
        found = may_replace(user, state)
        if found:
            yield f"{found} can be written by {user.name}"
            return


def _in_work(picture: Picture) -> Iterator[str]:
    state, work = picture.kept().resolve(), picture.work.resolve()
    if work in state.parents or work == state:
        yield f"{state} lies in the working folder {work}"


def _damaged_store(picture: Picture) -> Iterator[str]:
    path = picture.kept() / "store.db"
    if not path.exists():
        raise CannotTellError("there is no store.db yet")
    picture.only_owner()  # SQLite makes files beside the one it reads
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            (said,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = opened.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        yield f"{path}: {error}"
        return
    if said != "ok":
        yield f"{path} is damaged"
    if version > len(SCHEMA):
        yield f"{path} has version {version}, this program knows {len(SCHEMA)}"


def _leftovers(picture: Picture) -> Iterator[str]:
    for path in _stale(picture):
        yield f"{path} was left behind"


def _stale(picture: Picture) -> Iterator[Path]:
    """Temporary files (`write_private`, `open_folder`) of processes that are gone."""
    for path in _below(picture.kept()):
        words = path.name.split(".")
        numbers = [word for word in words[2:4] if word.isdecimal()]
        if path.name.startswith(".") and len(words) > 2 and numbers:
            running = any((picture.root / "proc" / n).exists() for n in numbers)
            if not running:
                yield path


def _close(paths: Iterator[Path]) -> Iterator[str]:
    for path in paths:
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            path.chmod(mode & 0o700)
            yield f"{path}: mode {mode:04o} is now {mode & 0o700:04o}"


def _close_folder(picture: Picture) -> Iterator[str]:
    yield from _close(iter([picture.kept()]))


def _close_ca(picture: Picture) -> Iterator[str]:
    yield from _close(iter([picture.kept() / "ca" / "authority.pem"]))


def _close_keys(picture: Picture) -> Iterator[str]:
    folder = picture.kept() / "keys"
    yield from _close(iter([folder, *folder.iterdir()]))


def _close_rest(picture: Picture) -> Iterator[str]:
    yield from _close(_rest(picture))


def _sweep(picture: Picture) -> Iterator[str]:
    for path in list(_stale(picture)):
        path.unlink()
        yield f"{path} was removed"


CHECKS = (
    Check(
        "state-mode", Severity.CRITICAL,
        "The state folder is closed to others",
        "It holds the CA key, the keys of the secret store and the audit log.",
        "chmod 700 the state folder",
        ("ASI03", "T3"), _folder_open, _close_folder,
    ),
    Check(
        "ca-key-mode", Severity.CRITICAL,
        "The CA key can be read by its owner alone",
        "Whoever has it can pose as any host to every client that trusts the CA.",
        "chmod 600 STATE/ca/authority.pem; then `dlp ca rotate`, for it may have been "
        "read",
        ("ASI03", "T9"), _ca_open, _close_ca,
    ),
    Check(
        "key-mode", Severity.CRITICAL,
        "The keys of the state can be read by their owner alone",
        "They open the secret store and sign the audit log.",
        "chmod 700 STATE/keys and 600 what is in it",
        ("ASI03", "T3"), _keys_open, _close_keys,
    ),
    Check(
        "state-file-mode", Severity.HIGH,
        "No other file of the state can be read by others",
        "Fingerprints, agents and the record of what was sent are nobody's business.",
        "chmod 600 the files named",
        ("ASI03", "T3"), _rest_open, _close_rest,
    ),
    Check(
        "state-owner", Severity.HIGH,
        "Everything in the state belongs to one user",
        "A file of somebody else can be changed by them, and stops a start or a "
        "rotation.",
        "chown -R the state folder to the user that runs the proxy",
        ("ASI03", "T3"), _strange_owner,
    ),
    Check(
        "state-replaceable", Severity.CRITICAL,
        "Nobody else can put another state folder in its place",
        "A folder above it that others may write lets them rename it and lay out "
        "their own, with their own CA and no secrets.",
        "Take the write permission of group and others away from the path named",
        ("ASI03", "T3"), _replaceable,
    ),
    Check(
        "state-in-work", Severity.MEDIUM,
        "The state folder is outside the agent's working folder",
        "What lies there is read by the agent, committed, synchronised and archived.",
        "Move it, and name it with --state",
        ("ASI03", "T3"), _in_work,
    ),
    Check(
        "store-damaged", Severity.HIGH,
        "The store is sound and of a version that is known",
        "Without it partial leaks cannot be added up, and every partial hit is "
        "refused.",
        "Restore store.db from a backup, or move it away while the proxy is stopped",
        ("ASI08", "T4"), _damaged_store,
    ),
    Check(
        "leftovers", Severity.LOW,
        "No temporary file was left behind",
        "A killed process may leave half a key or store.",
        "Remove the files named",
        ("ASI03", "T3"), _leftovers, _sweep,
    ),
)  # fmt: skip
