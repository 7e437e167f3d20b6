"""What known agents keep of themselves."""

import os

import pytest

from dlp.cage.agents import AGENTS, keep
from dlp.errors import CageError


@pytest.mark.parametrize("name", AGENTS)
def test_its_folders_are_made_and_named(name, tmp_path):
    folders, _ = keep([f"/opt/bin/{name}", "-p"], tmp_path, {})
    names = [each.format(uid=os.getuid()) for each in AGENTS[name].folders]
    assert folders == tuple(tmp_path / each for each in names)
    assert all(folder.stat().st_mode & 0o777 == 0o700 for folder in folders)


def test_openclaws_gateway_has_its_cache(tmp_path):
    """Without it the gateway takes its own database for unreadable, and ends."""
    folders, _ = keep(["openclaw", "gateway", "run"], tmp_path, {})
    assert tmp_path / ".cache" / f"openclaw-{os.getuid()}" in folders


def test_of_other_programs_nothing_is_kept(tmp_path):
    assert keep(["sh", "-c", "claude"], tmp_path, {}) == ((), {})
    assert list(tmp_path.iterdir()) == []


def test_what_claude_keeps_beside_its_folder_goes_into_it_once(tmp_path):
    beside, inside = tmp_path / ".claude.json", tmp_path / ".claude" / ".claude.json"
    beside.write_text("first")
    _, said = keep(["claude"], tmp_path, {})
    assert said == {"CLAUDE_CONFIG_DIR": str(tmp_path / ".claude")}
    assert inside.read_text() == "first"
    inside.write_text("second")
    keep(["claude"], tmp_path, {})
    assert (beside.read_text(), inside.read_text()) == ("first", "second")


def test_a_link_that_the_agent_left_is_not_written_through(tmp_path):
    (tmp_path / ".claude.json").write_text("settings")
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / ".claude.json").symlink_to(tmp_path / "elsewhere")
    keep(["claude"], tmp_path, {})
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_the_user_names_is_taken(tmp_path):
    there = tmp_path / "there"
    folders, said = keep(["codex"], tmp_path, {"CODEX_HOME": str(there)})
    assert (folders, said) == ((there,), {"CODEX_HOME": str(there)})
    assert not (tmp_path / ".codex").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / ".codex").write_text("a file")
    with pytest.raises(
        CageError, match=r"codex needs .*/\.codex, which cannot be made"
    ):
        keep(["codex"], tmp_path, {})
