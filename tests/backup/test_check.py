import sqlite3
from contextlib import closing

import pytest

from dlp.backup.check import check
from dlp.errors import DLPError
from dlp.state.sqlite import SCHEMA


def damage(name):
    def spoil(state):
        data = bytearray((state / name).read_bytes())
        data[len(data) // 2] ^= 0xFF
        (state / name).write_bytes(data)

    return spoil


def newer(state):
    with closing(sqlite3.connect(state / "store.db")) as connection:
        connection.execute(f"PRAGMA user_version={len(SCHEMA) + 1}")


def empty(name):
    return lambda state: (state / name).write_bytes(b"")


def test_a_sound_state_passes(state):
    assert check(state) == ()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (damage("secrets"), "damaged"),
        (newer, "newer version"),
        (empty("agents.json"), "agents file"),
        (empty("ca/authority.pem"), "damaged"),
        (empty("keys/secrets"), "damaged"),
        (lambda state: (state / "store.db").write_bytes(b"x" * 5000), "store.db"),
    ],
    ids=["secrets", "newer", "agents", "ca", "key", "store"],
)
def test_a_part_that_is_damaged_is_told(state, spoil, told):
    spoil(state)
    with pytest.raises(DLPError, match=told):
        check(state)


def test_a_key_that_is_kept_elsewhere_is_told(state):
    (state / "keys" / "secrets").unlink()
    (note,) = check(state)
    assert "kept elsewhere" in note
