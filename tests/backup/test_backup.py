import asyncio
import io
import sqlite3
import stat
import tarfile
import threading
from pathlib import Path

import pytest

from dlp import audit
from dlp.audit import AuditLog
from dlp.backup import backup, restore, verify
from dlp.backup.sealed import Sealer
from dlp.errors import StateError, UsageError
from dlp.model import Retention
from dlp.state import ca
from dlp.state.agents import AgentRegistry
from dlp.state.secrets import SecretStore
from dlp.state.sqlite import Store, writing
from tests.backup.conftest import KEY, LOCK, VALUE, fill, operation


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_restored_state_is_the_one_that_was_backed_up(tmp_path):
    state, again = tmp_path / "state", tmp_path / "again"
    token = fill(state)
    backup(state, tmp_path / "file", LOCK)
    assert restore(tmp_path / "file", again, KEY, replace=False) == ()
    assert SecretStore(again).verify("gh", VALUE)
    found = AgentRegistry(again).authenticate("10.0.0.1", f"Bearer {token}")
    assert found.id == "builder"
    assert ca.open_authority(again).pem == ca.open_authority(state).pem
    Store.open(again).close()
    told = [line.data["object"] for line in audit.lines(again / "audit")]
    assert told[:20] == [f"a{number}" for number in range(20)]
    assert told[-1] == "file", "the restoring is on record"
    assert audit.verify(again / "audit").faults == ()
    assert not (again / "cache").exists()


def test_nobody_else_may_read_it_nor_find_anything_in_it(state, tmp_path):
    backup(state, tmp_path / "file", LOCK)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    data = (tmp_path / "file").read_bytes()
    assert b"PRIVATE KEY" not in data
    assert b"builder" not in data
    restore(tmp_path / "file", tmp_path / "again", KEY, replace=False)
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in [tmp_path / "again", *(tmp_path / "again").rglob("*")]
        if path.name != "ca.pem"
    }
    assert modes == {0o600, 0o700}


def test_a_file_that_is_there_is_not_overwritten(state, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="already"):
        backup(state, tmp_path / "file", LOCK)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("where", ["state/file", "state/sub/file"])
def test_a_backup_is_not_put_into_the_state(state, tmp_path, where):
    with pytest.raises(UsageError, match="inside"):
        backup(state, tmp_path / where, LOCK)


def test_a_folder_without_a_state_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no state"):
        backup(tmp_path / "empty", tmp_path / "file", LOCK)


def test_what_fails_leaves_nothing(state, tmp_path):
    (state / "store.db").write_bytes(b"no database" * 500)
    before = tree(state)
    with pytest.raises(StateError, match="cannot be read"):
        backup(state, tmp_path / "file", LOCK)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert tree(state) == before


def test_a_link_is_told_not_left_out(state, tmp_path):
    (state / "secrets").rename(tmp_path / "elsewhere")
    (state / "secrets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="is a link"):
        backup(state, tmp_path / "file", LOCK)
    assert not (tmp_path / "file").exists()


def test_a_segment_that_begins_before_its_end_is_read_is_copied(
    state, tmp_path, monkeypatch
):
    """What the signed end vouches for is there, however late it was written."""
    log = AuditLog.open(state, retention=Retention(segment=4000, bytes=0))
    read, ends = Path.read_bytes, []

    def late(path):
        if path.suffix == ".head" and not ends:
            ends.append(path)
            for number in range(60):
                log.append(operation(number))
            log.sync()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", late)
    backup(state, tmp_path / "file", LOCK)
    log.close()
    assert ends
    assert restore(tmp_path / "file", tmp_path / "again", KEY, replace=False) == ()


async def test_a_backup_is_whole_while_everything_is_written_to(state, tmp_path):
    """Lines are appended, segments rotate and go, rows come in pairs."""
    log = AuditLog.open(state, retention=Retention(segment=4000, bytes=12000))
    store = Store.open(state)
    stop = threading.Event()

    def append():
        number = 0
        while not stop.is_set():
            log.append(operation(number))
            if number % 10 == 0:
                log.sync()
            number += 1

    def pair(connection):
        with writing(connection):
            for agent in "ab":
                row = (
                    "INSERT OR IGNORE INTO coverage VALUES (hex(randomblob(8)), ?, x'')"
                )
                connection.execute(row, (agent,))

    async def insert():
        while not stop.is_set():
            await store.run(pair)

    thread = threading.Thread(target=append)
    thread.start()
    inserting = asyncio.ensure_future(insert())
    try:
        for number in range(5):
            await asyncio.to_thread(backup, state, tmp_path / f"f{number}", LOCK)
    finally:
        stop.set()
        thread.join()
        await inserting
        store.close()
        log.close()
    for number in range(5):
        again = tmp_path / f"again{number}"
        assert restore(tmp_path / f"f{number}", again, KEY, replace=False) == ()
        with sqlite3.connect(again / "store.db") as connection:
            counts = connection.execute(
                "SELECT count(*) FROM coverage GROUP BY agent"
            ).fetchall()
        assert len(set(counts)) <= 1, "half of a transaction"


def test_a_state_that_is_there_is_not_replaced_unasked(state, tmp_path):
    backup(state, tmp_path / "file", LOCK)
    before = tree(state)
    with pytest.raises(UsageError, match="--replace"):
        restore(tmp_path / "file", state, KEY, replace=False)
    assert tree(state) == before


def test_what_is_replaced_is_kept_aside(state, tmp_path):
    backup(state, tmp_path / "file", LOCK)
    AgentRegistry(state).add("later")
    before = tree(state)
    restore(tmp_path / "file", state, KEY, replace=True)
    assert [agent.id for agent in AgentRegistry(state).registered()] == ["builder"]
    (aside,) = tmp_path.glob("state.before-restore-*")
    assert tree(aside) == before
    assert {path.name for path in tmp_path.iterdir()} == {"state", aside.name, "file"}


def test_a_state_in_use_is_never_replaced(state, tmp_path):
    backup(state, tmp_path / "file", LOCK)
    log = AuditLog.open(state)
    before = tree(state)
    with pytest.raises(StateError, match="in use"):
        restore(tmp_path / "file", state, KEY, replace=True)
    assert tree(state) == before
    log.close()
    restore(tmp_path / "file", state, KEY, replace=True)


@pytest.mark.parametrize("there", [True, False])
def test_a_damaged_backup_changes_nothing(state, tmp_path, there):
    backup(state, tmp_path / "file", LOCK)
    data = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(data[:-1])
    target = state if there else tmp_path / "new"
    before = tree(state)
    with pytest.raises(StateError, match="cut short"):
        restore(tmp_path / "file", target, KEY, replace=True)
    assert tree(state) == before
    assert {path.name for path in tmp_path.iterdir()} == {"state", "file"}


def test_verify_says_that_a_backup_is_sound_and_keeps_nothing(state, tmp_path):
    backup(state, tmp_path / "file", LOCK)
    assert verify(tmp_path / "file", KEY) == ()
    assert {path.name for path in tmp_path.iterdir()} == {"state", "file"}


def test_a_log_that_was_tampered_with_is_told_and_restored_as_it_was(state, tmp_path):
    path = state / "audit" / "w0.000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"a7"', b'"b7"'))
    backup(state, tmp_path / "file", LOCK)
    notes = restore(tmp_path / "file", tmp_path / "new", KEY, replace=False)
    assert any("line 8 was changed" in note for note in notes)


def crafted(path, rows):
    """A well-sealed file with an archive of our making."""
    with path.open("wb") as file:
        sealer = Sealer(file, LOCK)
        with tarfile.open(fileobj=sealer, mode="w|") as archive:
            for info, data in rows:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        sealer.finish()


@pytest.mark.parametrize(
    "name", ["../out", "/tmp/dlp-out", "a/../../out", "keys/../../out"]
)
def test_nothing_is_written_outside(tmp_path, name):
    crafted(tmp_path / "file", [(tarfile.TarInfo(name), b"x")])
    with pytest.raises(StateError, match="no state has"):
        restore(tmp_path / "file", tmp_path / "sub" / "new", KEY, replace=False)
    assert not list(tmp_path.rglob("*out"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_only_files_are_unpacked(tmp_path, kind):
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    crafted(tmp_path / "file", [(info, b"")])
    with pytest.raises(StateError, match="no state has"):
        restore(tmp_path / "file", tmp_path / "new", KEY, replace=False)


def test_an_archive_without_a_state_is_told(tmp_path):
    crafted(tmp_path / "file", [(tarfile.TarInfo("thing"), b"x")])
    with pytest.raises(StateError, match="holds no state"):
        restore(tmp_path / "file", tmp_path / "new", KEY, replace=False)
    assert not (tmp_path / "new").exists()
