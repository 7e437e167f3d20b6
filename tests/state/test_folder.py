"""Keys in the state folder: made once, read ever after."""

from pathlib import Path

import pytest

from dlp.errors import StateError
from dlp.state.folder import default_folder, read_or_make_key


def test_a_relative_folder_of_state_is_ignored(monkeypatch, tmp_path):
    """XDG Base Directory 0.8: such a path is invalid."""
    monkeypatch.setenv("HOME", str(tmp_path))
    usual = tmp_path / ".local" / "state" / "agent-dlp"
    for said, meant in (
        ("", usual),
        ("rel/x", usual),
        ("/abs", Path("/abs/agent-dlp")),
    ):
        monkeypatch.setenv("XDG_STATE_HOME", said)
        assert default_folder() == meant


def test_a_key_is_made_once_and_only_read_then(tmp_path):
    """On a full disk, or one that is mounted read-only, it can still be read."""
    key = read_or_make_key(tmp_path, "some")
    keys = tmp_path / "keys"
    changed = keys.stat().st_mtime_ns, (keys / "some").stat().st_ctime_ns
    assert read_or_make_key(tmp_path, "some") == key
    assert (keys.stat().st_mtime_ns, (keys / "some").stat().st_ctime_ns) == changed


@pytest.mark.parametrize("held", [b"", b"short", b"x" * 33])
def test_a_key_of_another_size_is_damaged(tmp_path, held):
    read_or_make_key(tmp_path, "some")
    (tmp_path / "keys" / "some").write_bytes(held)
    with pytest.raises(StateError, match="is damaged"):
        read_or_make_key(tmp_path, "some")


def test_what_cannot_be_read_or_made_is_told(tmp_path):
    (tmp_path / "keys" / "some").mkdir(parents=True)
    with pytest.raises(StateError, match="cannot read the key"):
        read_or_make_key(tmp_path, "some")
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="the key"):
        read_or_make_key(tmp_path / "file", "some")
