import os
import sqlite3

import pytest

from dlp.doctor.examine import examine
from dlp.state.folder import read_or_make_key, write_private
from tests.doctor.conftest import BY_ID, OTHER


def mode(path):
    return path.stat().st_mode & 0o777


@pytest.fixture
def full(state):
    """A state folder with a key and a file."""
    read_or_make_key(state, "agents")
    write_private(state / "agents.json", b"[]")
    return state


@pytest.mark.parametrize(
    ("check", "name", "good"),
    [
        ("state-mode", ".", 0o700),
        ("ca-key-mode", "ca/authority.pem", 0o600),
        ("key-mode", "keys", 0o700),
        ("key-mode", "keys/agents", 0o600),
        ("state-file-mode", "agents.json", 0o600),
    ],
)
@pytest.mark.parametrize("others", [0o040, 0o004, 0o020])
def test_what_others_may_touch_is_seen_and_repaired(
    full, seen, picture, check, name, good, others
):
    path = full / name
    assert seen(check) == ()
    path.chmod(good | others)
    assert f"{good | others:04o}" in seen(check)[0]
    (result,) = examine(picture(), [BY_ID[check]], repair=True).results
    assert (result.status, mode(path)) == ("ok", good)
    assert str(path) in result.changed[0]


def test_without_a_repair_nothing_is_changed(full, seen):
    full.chmod(0o755)
    seen("state-mode")
    assert mode(full) == 0o755


def test_the_certificate_may_be_read_by_all(state, seen):
    assert mode(state / "ca/ca.pem") == 0o644
    assert seen("state-file-mode") == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
def test_a_file_of_somebody_else_is_seen(full, seen):
    assert seen("state-owner") == ()
    os.chown(full / "agents.json", OTHER, -1)
    assert f"user {OTHER}" in seen("state-owner")[0]


def test_a_folder_above_that_others_may_write_is_seen(place, seen):
    assert seen("state-replaceable") == ()
    place.chmod(0o777)
    assert seen("state-replaceable") == (f"{place} can be written by others",)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_a_folder_above_that_is_the_agents_is_seen(place, seen):
    os.chown(place, OTHER, -1)
    assert seen("state-replaceable") == (f"{place} can be written by agent",)


def test_a_state_in_the_working_folder_is_seen(place, seen):
    assert seen("state-in-work") == ()
    assert str(place) in seen("state-in-work", work=place)[0]


def test_a_damaged_store_is_seen(state, seen, skipped):
    assert "no store.db" in skipped("store-damaged")
    path = state / "store.db"
    with sqlite3.connect(path) as opened:
        opened.execute("create table a (b)")
    assert seen("store-damaged") == ()
    with sqlite3.connect(path) as opened:
        opened.execute("pragma user_version=999")
    assert "version 999" in seen("store-damaged")[0]
    path.write_bytes(b"no database at all, but long enough to be looked at" * 9)
    assert "store.db" in seen("store-damaged")[0]


def test_leftovers_of_processes_that_are_gone_are_swept(state, place, picture, seen):
    assert seen("leftovers") == ()
    for name in (".writable.77", ".secrets.77.0a1b2c3d", ".secrets.88.0a1b2c3d"):
        (state / name).touch()
    (place / "proc/88").mkdir(parents=True)
    assert len(seen("leftovers")) == 2
    (result,) = examine(picture(), [BY_ID["leftovers"]], repair=True).results
    assert (result.status, len(result.changed)) == ("ok", 2)
    assert [path.name for path in state.glob(".*")] == [".secrets.88.0a1b2c3d"]


@pytest.mark.parametrize(
    "check", ["state-mode", "ca-key-mode", "key-mode", "state-owner", "leftovers"]
)
def test_without_a_state_nothing_is_said_to_be_fine(place, skipped, check):
    assert "no state folder" in skipped(check, state=place / "nowhere")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_in_the_state_of_somebody_else_nothing_is_made(state, skipped):
    (state / "store.db").touch()
    os.chown(state, OTHER, -1)
    assert f"only user {OTHER}" in skipped("store-damaged")
