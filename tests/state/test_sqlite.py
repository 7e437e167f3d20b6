import asyncio
import sqlite3
import time

import pytest

from dlp.errors import StateError
from dlp.state.sqlite import SCHEMA, Store, writing


async def test_work_runs_and_its_result_comes_back(tmp_path):
    store = Store.open(tmp_path)
    assert await store.run(lambda c: c.execute("SELECT 1").fetchone()) == (1,)
    store.close()


async def test_the_files_are_for_the_owner_alone(tmp_path):
    store = Store.open(tmp_path)
    await store.run(
        lambda c: c.execute("INSERT INTO coverage VALUES ('a', 'b', x'01')")
    )
    files = sorted(tmp_path.glob("store.db*"))
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    store.close()


async def test_a_failing_database_is_a_state_error(tmp_path):
    store = Store.open(tmp_path)
    with pytest.raises(StateError, match="failed"):
        await store.run(lambda c: c.execute("SELECT * FROM nothing"))
    store.close()


async def test_a_closed_store_is_a_state_error(tmp_path):
    store = Store.open(tmp_path)
    store.close()
    with pytest.raises(StateError, match="closed"):
        await store.run(lambda c: None)


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "store.db").write_bytes(b"no database" * 500)
    with pytest.raises(StateError, match="cannot be opened"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(StateError, match="cannot be opened"):
        Store.open(tmp_path / "missing")


def test_a_newer_file_is_refused(tmp_path):
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(f"PRAGMA user_version={len(SCHEMA) + 1}")
    with pytest.raises(StateError, match="newer"):
        Store.open(tmp_path)


def test_an_older_file_is_brought_up(tmp_path):
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(SCHEMA[0])
        connection.execute("PRAGMA user_version=1")
    Store.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(SCHEMA),)


def test_a_failed_transaction_leaves_nothing(tmp_path):
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    with pytest.raises(ZeroDivisionError), writing(connection):
        connection.execute("INSERT INTO coverage VALUES ('a', 'b', x'01')")
        raise ZeroDivisionError
    assert connection.execute("SELECT * FROM coverage").fetchall() == []


async def test_whoever_writes_has_read_what_the_others_wrote(tmp_path):
    """Two processes that read, wait and write, one after the other."""

    def add(connection: sqlite3.Connection) -> int:
        with writing(connection):
            (count,) = connection.execute("SELECT count(*) FROM coverage").fetchone()
            time.sleep(0.1)
            row = (f"s{count}", "a", b"")
            connection.execute("INSERT INTO coverage VALUES (?, ?, ?)", row)
        return count

    stores = [Store.open(tmp_path) for _ in range(3)]
    assert sorted(await asyncio.gather(*(s.run(add) for s in stores))) == [0, 1, 2]
    for store in stores:
        store.close()
