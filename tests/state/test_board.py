"""Counts that processes show each other."""

import subprocess
import sys

import pytest

from dlp.errors import StateError
from dlp.state import board
from dlp.state.board import Board, is_settled

OTHER = """
import sys
from pathlib import Path
from dlp.state.board import Board
one = Board(Path(sys.argv[1]))
for step in sys.stdin.readline().split():
    getattr(one, step)()
"""


def process(folder, steps):
    """What another process does before it dies."""
    command = [sys.executable, "-c", OTHER, str(folder)]
    subprocess.run(command, input=steps, text=True, check=True)


def test_another_process_sees_what_was_begun_and_that_it_is_done(tmp_path):
    mine = Board(tmp_path)
    before = mine.others()
    process(tmp_path, "begun done")
    after = mine.others()
    assert after != before
    assert is_settled(after)
    process(tmp_path, "begun")
    assert not is_settled(mine.others())


def test_who_takes_the_place_of_a_dead_process_ends_what_it_began(tmp_path):
    mine = Board(tmp_path)
    process(tmp_path, "begun")
    before = mine.others()
    process(tmp_path, "")
    assert is_settled(mine.others())
    assert mine.others() != before


def test_what_it_says_itself_is_no_news(tmp_path):
    mine = Board(tmp_path)
    before = mine.others()
    mine.begun()
    assert mine.others() == before


def test_a_place_that_is_given_back_is_settled_and_taken_again(tmp_path, monkeypatch):
    monkeypatch.setattr(board, "SLOTS", 2)
    mine, other = Board(tmp_path), Board(tmp_path)
    with pytest.raises(StateError, match="2 processes"):
        Board(tmp_path)
    other.begun()
    assert not is_settled(mine.others())
    other.close()
    assert is_settled(mine.others())
    Board(tmp_path).close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot be used"):
        Board(tmp_path / "file")
