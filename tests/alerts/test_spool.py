"""What waits survives; what was done does not come back; a full disk is no silence."""

import os
import sqlite3
import stat

import pytest

from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.spool import MAX_WAITING, Spool
from dlp.errors import StateError

INFO, WARNING, CRITICAL = Severity


def notice(name: str, severity=CRITICAL, at=1.0) -> Notice:
    alert = Alert(at, "secret", severity, "a", "h", "s", "r", "block", "dlp-1")
    return Notice(name, "r", at, (Group(alert, 2, at + 1),), 3)


def first(spool: Spool, channel: str = "hook") -> Notice | None:
    return spool.next(channel, 0.0, lambda: False)


@pytest.fixture
def spool(tmp_path):
    spool = Spool.open(tmp_path)
    yield spool
    spool.close()


def again(spool: Spool, folder) -> Spool:
    """What another process would find, without this one having closed."""
    return Spool.open(folder)


def test_what_waits_is_there_after_a_restart_as_it_was(spool, tmp_path):
    spool.commit([("hook", notice("a")), ("team", notice("a"))], {"place": b"1"})
    later = again(spool, tmp_path)
    assert first(later) == notice("a")
    assert later.counts() == {"hook": 1, "team": 1}
    assert later.memory == {"place": b"1"}
    assert spool._unsaved == {}, "written once, not again and again"
    later.close()


def test_what_is_done_is_gone_for_its_channel(spool, tmp_path):
    spool.commit([("hook", notice("a")), ("team", notice("a"))], {})
    spool.done("hook", notice("a"))
    spool.done("hook", notice("never there"))
    later = again(spool, tmp_path)
    assert (first(later), first(later, "team")) == (None, notice("a"))
    later.close()


def test_handing_in_the_same_again_changes_nothing(spool):
    spool.commit([("hook", notice("a"))], {})
    spool.commit([("hook", notice("a"))], {})
    assert spool.counts() == {"hook": 1}


def test_only_what_changed_of_the_memory_is_written(spool, tmp_path):
    spool.commit([], {"place": b"1", "routes": b"x"})
    spool.commit([], {"place": b"2"})
    later = again(spool, tmp_path)
    assert later.memory == {"place": b"2", "routes": b"x"}
    later.close()


def test_the_most_severe_and_then_the_oldest_goes_first(spool):
    spool.commit(
        [("hook", notice("a", INFO, 1.0)), ("hook", notice("b", CRITICAL, 3.0)),
         ("hook", notice("c", CRITICAL, 2.0))], {},
    )  # fmt: skip
    order = []
    while (one := first(spool)) is not None:
        order.append(one.id)
        spool.done("hook", one)
    assert order == ["c", "b", "a"]


def test_beyond_the_bound_the_mildest_and_oldest_gives_way(spool, tmp_path):
    spool.commit([("hook", notice("mild", INFO, 5.0))], {})
    many = [
        ("hook", notice(f"n{n:04}", WARNING, float(n))) for n in range(MAX_WAITING + 1)
    ]
    assert spool.commit(many, {}) == 2
    assert spool.commit([("hook", notice("late", INFO, 9e9))], {}) == 1
    later = again(spool, tmp_path)
    assert later.counts() == {"hook": MAX_WAITING}
    assert first(later).id == "n0001"
    later.close()


def test_forgetting(spool, tmp_path):
    spool.commit([("hook", notice("old", at=1.0)), ("hook", notice("new", at=9.0)),
                  ("gone", notice("new", at=9.0))], {})  # fmt: skip
    assert spool.forget(lambda channel, one: channel == "hook" and one.at > 5) == 2
    later = again(spool, tmp_path)
    assert later.counts() == {"hook": 1}
    later.close()


def test_the_file_is_the_owners_alone(spool, tmp_path):
    assert stat.S_IMODE(os.stat(tmp_path / "spool.db").st_mode) == 0o600


def test_what_cannot_be_written_is_sent_all_the_same_and_written_later(spool, tmp_path):
    """A lock stands in for a full disk: the write fails, the message does not."""
    other = sqlite3.connect(tmp_path / "spool.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    spool._file.execute("PRAGMA busy_timeout=1")
    spool.commit([("hook", notice("a"))], {"place": b"1"})
    assert spool.fault
    assert first(spool) == notice("a")
    other.execute("ROLLBACK")
    other.close()
    spool.commit([("hook", notice("b"))], {"place": b"1"})
    assert spool.fault == ""
    later = again(spool, tmp_path)
    assert later.counts() == {"hook": 2}
    assert later.memory == {"place": b"1"}
    later.close()


def test_a_damaged_file_is_a_clear_error(tmp_path):
    (tmp_path / "spool.db").write_bytes(b"no database" * 100)
    with pytest.raises(StateError, match="move it away"):
        Spool.open(tmp_path)


def test_nothing_is_waited_for_once_told_to_stop(spool):
    assert spool.next("hook", 60.0, lambda: True) is None
