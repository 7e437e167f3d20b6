"""Databases of patterns: compiled once, for the next process too."""

import platform
from pathlib import Path

import hyperscan
import pytest

from dlp import patterns
from dlp.patterns import Patterns


@pytest.fixture
def compiles(monkeypatch):
    """The expressions of each database that is compiled."""
    done = []

    class Counting(hyperscan.Database):
        def compile(self, *, expressions, **rest):
            done.append(expressions)
            super().compile(expressions=expressions, **rest)

    patterns._platform()
    monkeypatch.setattr(hyperscan, "Database", Counting)
    return done


def acme():
    return Patterns([b"acme_[0-9]+", b"other"], [7, 8], [0, 0])


def hits(database, data):
    found = []

    def collect(number, _start, stop, *_rest):
        found.append((number, stop))

    scratch = hyperscan.Scratch(database)
    database.scan(data, match_event_handler=collect, scratch=scratch)
    return found


def test_patterns_are_compiled_on_first_use_and_once(compiles):
    made = acme()
    assert not compiles
    assert made.database() is made.database()
    assert compiles == [[b"acme_[0-9]+", b"other"]]


def test_what_an_earlier_process_kept_is_not_compiled(tmp_path, compiles):
    acme().database(tmp_path)
    assert hits(acme().database(tmp_path), b"acme_1 other") == [(7, 6), (8, 12)]
    assert len(compiles) == 1


OTHER = {
    "expressions": Patterns([b"acme_[0-9]+", b"others"], [7, 8], [0, 0]),
    "numbers": Patterns([b"acme_[0-9]+", b"other"], [7, 9], [0, 0]),
    "flags": Patterns([b"acme_[0-9]+", b"other"], [7, 8], [0, hyperscan.HS_FLAG_UTF8]),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_other_patterns_have_another_database(tmp_path, compiles, other):
    acme().database(tmp_path)
    other.database(tmp_path)
    assert len(compiles) == len(list(tmp_path.iterdir())) == 2


def test_what_another_machine_kept_is_compiled(tmp_path, compiles, monkeypatch):
    monkeypatch.setattr(patterns, "_platform", lambda: "another")
    acme().database(tmp_path)
    monkeypatch.undo()
    monkeypatch.setattr(hyperscan, "Database", hyperscan.Database)
    assert hits(acme().database(tmp_path), b"other") == [(8, 5)]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_database_is_compiled_and_replaced(tmp_path, compiles):
    acme().database(tmp_path)
    (stored,) = tmp_path.iterdir()
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    for _ in range(2):
        assert hits(acme().database(tmp_path), b"other") == [(8, 5)]
    assert len(compiles) == 2


def resident_bytes():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's alone")
def test_what_compiling_took_is_given_back():
    """Many small pieces, as compiling leaves them, with one above that stays."""
    pieces = [bytearray(50_000) for _ in range(1_000)]
    last = bytearray(50_000)
    pieces.clear()
    before = resident_bytes()
    patterns.give_back()
    assert before - resident_bytes() > 25_000_000
    assert last
