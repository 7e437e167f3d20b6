from contextlib import ExitStack

import pytest

from dlp.audit import AuditLog
from dlp.backup.snapshot import members
from dlp.errors import StateError
from tests.backup.conftest import operation


@pytest.fixture
def found(state, tmp_path):
    (state / "audit" / "w0.pruned").write_text("{}")
    (state / "run").mkdir()
    (state / "run" / "metrics").write_text("x")
    (state / ".half-written").write_text("x")
    with ExitStack() as stack:
        yield members(state, tmp_path, stack)


def test_ends_come_before_segments_and_what_retention_left_after_them(found):
    """So that the copy holds what its ends vouch for, whatever is written meanwhile."""
    names = [member.name for member in found]
    places = [
        names.index(f"audit/{name}")
        for name in ("w0.head", "w0.000001.jsonl", "w0.pruned")
    ]
    assert places == sorted(places)
    assert places[0] == 0


def test_what_is_made_anew_is_left_out(found):
    names = {member.name for member in found}
    assert {
        "agents.json",
        "secrets",
        "store.db",
        "ca/authority.pem",
        "keys/audit",
    } <= names
    assert not any(name.startswith(("run/", "cache/", ".")) for name in names)
    assert not any(name.endswith((".lock", "-wal", "-shm")) for name in names)


def test_what_is_written_after_it_was_opened_is_not_in_it(state, tmp_path):
    with ExitStack() as stack:
        found = members(state, tmp_path, stack)
        log = AuditLog.open(state)
        log.append(operation(99))
        log.close()
        (segment,) = [each for each in found if each.name.endswith(".jsonl")]
        assert segment.size < (state / segment.name).stat().st_size


def test_a_state_that_never_holds_still_is_told(state, tmp_path, monkeypatch):
    def gone(*args):
        raise FileNotFoundError

    monkeypatch.setattr("dlp.backup.snapshot._open", gone)
    with ExitStack() as stack, pytest.raises(StateError, match="too fast"):
        members(state, tmp_path, stack)
