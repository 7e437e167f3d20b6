import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from dlp.errors import StateError
from dlp.state import sqlite
from dlp.state.sqlite import SCHEMA, Store, copy, writing


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


def version(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def earlier(folder, version):
    """A store as the program of that schema left it, with something in each table."""
    path = folder / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for statement in SCHEMA[:version]:
            connection.execute(statement)
        for table, count in columns(connection).items():
            places = ", ".join("?" * count)
            row = [f"{n}" for n in range(1, count + 1)]
            connection.execute(f"INSERT INTO {table} VALUES ({places})", row)
        connection.execute(f"PRAGMA user_version={version}")
    return path


def columns(connection):
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'"
    )
    return {
        name: len(connection.execute(f"PRAGMA table_info({name})").fetchall())
        for (name,) in tables.fetchall()
    }


def content(path):
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in columns(connection)
        }


def test_a_newer_file_is_refused_and_left_alone(tmp_path):
    Store.open(tmp_path).close()
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(SCHEMA) + 1}")
    with pytest.raises(StateError, match=f"newer .*{len(SCHEMA) + 1}.*{len(SCHEMA)}"):
        Store.open(tmp_path)
    assert version(path) == len(SCHEMA) + 1


@pytest.mark.parametrize("schema", range(1, len(SCHEMA)))
def test_an_older_file_is_brought_up_and_kept(tmp_path, schema):
    path = earlier(tmp_path, schema)
    before = content(path)
    Store.open(tmp_path).close()
    assert version(path) == len(SCHEMA)
    after = content(path)
    assert {table: after[table] for table in before} == before
    (kept,) = tmp_path.glob("*store.db.v*")
    assert kept.name == f"store.db.v{schema}"
    assert version(kept) == schema
    assert content(kept) == before
    assert kept.stat().st_mode & 0o077 == 0


def test_a_new_file_and_one_of_this_schema_are_not_kept(tmp_path):
    for _ in range(2):
        Store.open(tmp_path).close()
    assert list(tmp_path.glob("*.v*")) == []


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path = earlier(tmp_path, 1)
    before = content(path)
    broken = (*SCHEMA, "CREATE TABLE halfway (x)", "CREATE NONSENSE")
    monkeypatch.setattr(sqlite, "SCHEMA", broken)
    with pytest.raises(StateError, match="cannot be opened"):
        Store.open(tmp_path)
    assert (version(path), content(path)) == (1, before)


def test_what_cannot_be_kept_is_not_upgraded(tmp_path):
    path = earlier(tmp_path, 1)
    (tmp_path / "store.db.v1").mkdir()
    with pytest.raises(StateError, match="cannot be opened"):
        Store.open(tmp_path)
    assert version(path) == 1


def test_several_workers_upgrade_once(tmp_path):
    path = earlier(tmp_path, 1)
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(Store.open, [tmp_path] * 4))
    for store in stores:
        store.close()
    assert version(path) == len(SCHEMA)
    assert [found.name for found in tmp_path.glob("*.v*")] == ["store.db.v1"]


async def test_a_copy_holds_what_was_there_and_is_one_sound_file(tmp_path):
    store = Store.open(tmp_path)
    row = "INSERT INTO coverage VALUES ('a', 'b', x'01')"
    await store.run(lambda c: c.execute(row))
    copy(tmp_path / "store.db", tmp_path / "copy.db")
    store.close()
    assert content(tmp_path / "copy.db")["coverage"] == [("a", "b", b"\1")]
    assert [found.name for found in tmp_path.glob("*copy*")] == ["copy.db"]


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
