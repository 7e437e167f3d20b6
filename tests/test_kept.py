"""What is kept for the next process: whole, its own, and the user's own, or not at all."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from dlp import kept


def test_what_was_written_is_read(tmp_path):
    kept.write(tmp_path / "new" / "cache", "name", b"data")
    assert kept.read(tmp_path / "new" / "cache", "name") == b"data"


def test_only_the_owner_may_look(tmp_path):
    folder = tmp_path / "cache"
    kept.write(folder, "name", b"data")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "name").stat().st_mode & 0o777 == 0o600


def test_without_a_folder_nothing_is_kept():
    kept.write(None, "name", b"data")
    assert kept.read(None, "name") is None


def test_room_is_left_for_what_must_be_recorded(tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(kept, "FREE_BYTES", free * 2)
    kept.write(tmp_path, "name", b"data")
    assert kept.read(tmp_path, "name") is None
    monkeypatch.setattr(kept, "FREE_BYTES", free // 2)
    kept.write(tmp_path, "name", b"data")
    assert kept.read(tmp_path, "name") == b"data"


def flipped(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


SPOILT = {
    "damaged": flipped,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "another's": lambda path: path.write_bytes((path.parent / "other").read_bytes()),
    "writable by the group": lambda path: path.chmod(0o620),
    "writable by all": lambda path: path.chmod(0o602),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_spoilt_does_not_count(tmp_path, spoil):
    kept.write(tmp_path, "name", b"data")
    kept.write(tmp_path, "other", b"data")
    spoil(tmp_path / "name")
    assert kept.read(tmp_path, "name") is None


def test_what_was_spoilt_is_replaced(tmp_path):
    kept.write(tmp_path, "name", b"data")
    flipped(tmp_path / "name")
    kept.write(tmp_path, "name", b"data")
    assert kept.read(tmp_path, "name") == b"data"


def test_a_file_or_folder_of_another_user_is_left_alone(tmp_path, monkeypatch):
    kept.write(tmp_path, "name", b"data")
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert kept.read(tmp_path, "name") is None
    kept.write(tmp_path, "new", b"data")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_others_may_write_is_not_written(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    kept.write(tmp_path / "cache", "name", b"data")
    assert not list((tmp_path / "cache").iterdir())


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "file").write_text("")
    kept.write(tmp_path / "file", "name", b"data")
    assert kept.read(tmp_path / "file", "name") is None


def test_a_write_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "name").mkdir()  # cannot be replaced by a file
    kept.write(tmp_path, "name", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_writers_at_once_leave_one_whole(tmp_path):
    """Whoever reads meanwhile gets what one of them wrote, all of it, or nothing."""
    texts = [bytes([number]) * 300_000 for number in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for text in texts * 8:
            pool.submit(kept.write, tmp_path, "name", text)
        seen = {kept.read(tmp_path, "name") for _ in range(200)}
    assert seen <= {None, *texts}
    assert kept.read(tmp_path, "name") in texts
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_what_was_used_longest_ago_goes(tmp_path, monkeypatch):
    for number, name in enumerate(("old", "used", "newer")):
        kept.write(tmp_path, name, b"x" * 100)
        os.utime(tmp_path / name, (number, number))
    kept.read(tmp_path, "used")
    monkeypatch.setattr(kept, "MOST_BYTES", 400)
    kept.write(tmp_path, "newest", b"x" * 100)
    assert {path.name for path in tmp_path.iterdir()} == {"used", "newer", "newest"}
