import socket

from dlp.cage import sockets
from dlp.cage.sockets import sockets_below


def bound(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def test_sockets_are_found_and_nothing_else(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    bound(tmp_path / "one")
    bound(tmp_path / "a" / "b" / "two")
    assert sockets_below(tmp_path) == [tmp_path / "one", tmp_path / "a" / "b" / "two"]


def test_the_search_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(sockets, "MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}").mkdir()
    bound(tmp_path / "0" / "s")
    assert sockets_below(tmp_path) == []


def test_a_folder_that_cannot_be_read_has_none(tmp_path):
    assert sockets_below(tmp_path / "nowhere") == []
