"""Patterns that an earlier process prepared are the same, and cost nothing."""

import pytest

from dlp.detect import prepared
from dlp.detect.pattern import PatternError, prepare
from dlp.detect.prepared import Prepared
from dlp.detect.rules import load_rules

SOURCES = (r"(?i)\bacme[ _-]?(?P<secret>[a-z]{20,40})\b", r"x\xe9(?:ab|cd)[0-9]{30}")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder in which they are kept; to prepare one now is an error."""
    made = Prepared.open(tmp_path)
    for source in SOURCES:
        made.pattern(source)
        made.pattern(source, glued=True)
    made.keep()
    monkeypatch.setattr(prepared, "prepare", None)
    return tmp_path


@pytest.mark.parametrize("glued", [True, False])
@pytest.mark.parametrize("source", SOURCES)
def test_what_was_kept_is_the_same(kept, source, glued):
    again = Prepared.open(kept).pattern(source, glued=glued)
    assert again == prepare(source, glued=glued)


def test_other_code_prepares_anew(kept, monkeypatch):
    monkeypatch.setattr(prepared, "_name", lambda: "another")
    with pytest.raises(TypeError):
        Prepared.open(kept).pattern(SOURCES[0])


def test_only_what_was_asked_for_is_kept_on(kept):
    again = Prepared.open(kept)
    again.pattern(SOURCES[0])
    again.keep()
    with pytest.raises(TypeError):
        Prepared.open(kept).pattern(SOURCES[1])


def test_nothing_new_is_not_written(kept):
    (file,) = kept.iterdir()
    again = Prepared.open(kept)
    for source in SOURCES:
        again.pattern(source)
        again.pattern(source, glued=True)
    before = file.stat().st_ino
    again.keep()
    assert file.stat().st_ino == before


def test_a_wrong_pattern_is_refused_each_time(tmp_path):
    for _ in range(2):
        made = Prepared.open(tmp_path)
        with pytest.raises(PatternError):
            made.pattern("x*")
        made.keep()


def test_the_built_in_rules_are_the_same(tmp_path, monkeypatch):
    rules = load_rules(cache=tmp_path)
    monkeypatch.setattr(prepared, "prepare", None)
    assert load_rules(cache=tmp_path) == rules
