import os

import pytest

from dlp.audit import note


@pytest.fixture
def log(state):
    for name in ("a", "b", "c"):
        note(state, "agent.add", name)
    return state / "audit"


def test_without_a_log_nothing_is_said_to_be_whole(skipped):
    assert "no audit log" in skipped("audit-intact")
    assert "no audit log" in skipped("audit-shipped")


def test_a_changed_line_is_seen(log, seen):
    assert seen("audit-intact") == ()
    (path,) = log.glob("*.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"x"'))
    assert "was changed" in seen("audit-intact")[0]


def test_a_log_that_stays_here_is_seen(log, seen):
    assert seen("audit-shipped") == ("the audit log is sent nowhere",)
    place = log / "ship" / "0123.json"
    place.parent.mkdir()
    place.write_text("{}")
    assert seen("audit-shipped") == ()
    week = place.stat().st_mtime - 7 * 86400
    os.utime(place, (week, week))
    assert seen("audit-shipped") == ("nothing was sent for 7 days",)
