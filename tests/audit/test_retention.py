import fcntl
import os
import shutil
from dataclasses import asdict

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dlp.audit import AuditLog, chain, lines, verify
from dlp.audit.retention import DAY_S, PATIENCE_S, prune
from dlp.model import Retention
from dlp.record import Operation
from dlp.state.folder import read_or_make_key

NOW = 2e9


def write(state, writer, count, first=0):
    log = AuditLog.open(state, writer, Retention(segment=600))
    for number in range(first, first + count):
        log.append(
            Operation(1000.0 + number, "cli:me", "agent.add", f"{writer}{number}")
        )
    log.close()


def told(state):
    return [line.data["object"] for line in lines(state / "audit")]


def dated(state, ages):
    """Let segments, by the beginning of their name, be so many days old."""
    for path in (state / "audit").glob("*.jsonl"):
        age = next(
            (days for name, days in ages.items() if path.name.startswith(name)), 0
        )
        os.utime(path, (NOW - age * DAY_S,) * 2)


def let_go(state, now=NOW, **keep):
    key = Ed25519PrivateKey.from_private_bytes(read_or_make_key(state, "audit"))
    return [path.name for path in prune(state / "audit", key, Retention(**keep), now)]


def sizes(state):
    return sum(path.stat().st_size for path in (state / "audit").glob("*.jsonl"))


@pytest.fixture
def state(tmp_path):
    write(tmp_path, "w0", 20)
    dated(tmp_path, {})
    return tmp_path


def test_within_bounds_nothing_goes(state):
    assert let_go(state, bytes=1 << 20, days=9) == []
    assert not (state / "audit" / "w0.pruned").exists()


def test_bytes_bound_the_log_and_the_rest_is_proved(state):
    before = told(state)
    assert let_go(state, bytes=2000)
    assert sizes(state) <= 2000
    after = told(state)
    assert 0 < len(after) < len(before)
    assert after == before[-len(after) :]
    report = verify(state / "audit")
    assert report.faults == ()
    assert [note.file for note in report.notes] == ["w0.pruned"]


def test_days_bound_the_log(state):
    dated(state, {"w0.000001": 31, "w0.000002": 31, "w0.000003": 29})
    assert let_go(state, days=30) == ["w0.000001.jsonl", "w0.000002.jsonl"]
    assert verify(state / "audit").faults == ()


def test_it_goes_on_and_on(state):
    for first in range(20, 120, 20):
        write(state, "w0", 20, first)
        let_go(state, bytes=2000)
        assert verify(state / "audit").faults == ()
    assert told(state)[-1] == "w0119"


def test_of_all_writers_the_oldest_goes_first(state):
    write(state, "w1", 20)
    dated(state, {"w0": 5, "w1": 1})
    gone = let_go(state, bytes=sizes(state) - 1)
    assert gone == ["w0.000001.jsonl"]
    assert verify(state / "audit").faults == ()


def test_the_newest_segment_of_a_writer_stays(state):
    assert let_go(state, bytes=1)
    assert len(list((state / "audit").glob("*.jsonl"))) == 1
    assert verify(state / "audit").faults == ()


def test_a_writer_that_is_gone_keeps_nothing_of_age(state):
    dated(state, {"w0": 40})
    let_go(state, days=30)
    assert told(state) == []
    assert verify(state / "audit").faults == ()
    write(state, "w0", 1, 20)
    assert told(state) == ["w020"]
    report = verify(state / "audit")
    assert (report.lines, report.faults) == (1, ())


def test_a_writer_that_runs_closes_its_own(state):
    log = AuditLog.open(state)
    dated(state, {"w0": 40})
    let_go(state, days=30)
    assert len(list((state / "audit").glob("*.jsonl"))) == 1
    log.close()


def test_a_chain_goes_on_where_it_was_when_everything_is_gone(state):
    dated(state, {"w0": 40})
    let_go(state, days=30)
    shutil.copy(state / "audit" / "w0.pruned", state / "mark")
    write(state, "w0", 3, 20)
    seqs = [line.seq for line in lines(state / "audit")]
    assert seqs[0] == orjson.loads((state / "mark").read_bytes())["seq"] + 1


@pytest.fixture
def marked(state, tmp_path):
    """A log from which something went, the log as it was before, what went."""
    whole = tmp_path / "whole"
    shutil.copytree(state / "audit", whole)
    gone = let_go(state, bytes=2000)
    assert len(gone) > 2
    return state / "audit", whole, gone


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_crash_after_the_mark_leaves_a_whole_log(marked, removed):
    folder, whole, gone = marked
    shutil.copy(folder / "w0.pruned", whole)
    for name in gone[:removed]:
        (whole / name).unlink()
    assert verify(whole).faults == ()


def faults(folder):
    return " ".join(str(fault) for fault in verify(folder).faults)


def test_what_goes_beyond_the_mark_is_named(marked):
    folder, _, _ = marked
    first = min(folder.glob("*.jsonl"))
    first.unlink()
    assert "were dropped" in faults(folder)


def test_what_goes_without_a_mark_is_named(marked):
    folder, _, _ = marked
    (folder / "w0.pruned").unlink()
    assert "lines 1 to" in faults(folder)


def test_a_changed_mark_is_named(marked):
    folder, _, _ = marked
    mark = orjson.loads((folder / "w0.pruned").read_bytes())
    (folder / "w0.pruned").write_bytes(orjson.dumps(mark | {"seq": mark["seq"] + 1}))
    assert "signature of what was removed" in faults(folder)


def test_a_head_is_no_mark(marked):
    """Both are signed ends: one of an earlier time must not excuse a dropped beginning."""
    folder, _, _ = marked
    shutil.copy(folder / "w0.head", folder / "w0.pruned")
    assert "signature of what was removed" in faults(folder)


def test_a_change_under_a_mark_that_a_crash_left_is_named(marked):
    folder, whole, gone = marked
    shutil.copy(folder / "w0.pruned", whole)
    path = whole / gone[-1]
    path.write_bytes(path.read_bytes().replace(b"agent.add", b"agent.axx"))
    assert "was changed" in faults(whole)


def sent(state, reached, age_s=0):
    (state / "audit" / "ship").mkdir(exist_ok=True)
    place = state / "audit" / "ship" / "x.json"
    place.write_bytes(orjson.dumps(reached))
    os.utime(place, (NOW - age_s,) * 2)


def whole(state, *names):
    folder = state / "audit"
    return {
        f"{name}.jsonl": (folder / f"{name}.jsonl").stat().st_size for name in names
    }


def test_what_was_not_sent_stays(state):
    reached = whole(state, "w0.000001", "w0.000002")
    sent(state, reached | {"w0.000003.jsonl": 5})
    assert let_go(state, bytes=1) == ["w0.000001.jsonl", "w0.000002.jsonl"]
    sent(state, whole(state, "w0.000003"))
    assert let_go(state, bytes=1) == ["w0.000003.jsonl"]


def test_a_place_that_takes_nothing_for_a_week_holds_nothing(state):
    sent(state, {}, age_s=PATIENCE_S - 60)
    assert let_go(state, bytes=1) == []
    sent(state, {}, age_s=PATIENCE_S + 60)
    assert let_go(state, bytes=1)


def test_only_one_process_removes_at_a_time(state):
    with (state / "audit" / "prune.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        assert let_go(state, bytes=1) == []
    assert let_go(state, bytes=1)


def test_files_are_for_the_owner_alone(state):
    let_go(state, bytes=1)
    for path in (state / "audit").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_damaged_note_of_what_was_sent_holds_everything(state):
    sent(state, {})
    place = state / "audit" / "ship" / "x.json"
    for text in (b"{", b"[]"):
        place.write_bytes(text)
        os.utime(place, (NOW, NOW))
        assert let_go(state, bytes=1) == []


@pytest.mark.parametrize("before", [0, 1], ids=["gone", "still there"])
def test_a_mark_of_another_chain_is_named(marked, before):
    """Well signed, by the same key, as after a restored backup: but of other lines."""
    folder, whole, _ = marked
    state = folder.parent
    key = Ed25519PrivateKey.from_private_bytes(read_or_make_key(state, "audit"))
    seq = orjson.loads((folder / "w0.pruned").read_bytes())["seq"]
    mark = chain.sign(key, "w0", chain.Link(seq, "f" * 64), NOW, chain.PRUNED)
    target = whole if before else folder
    (target / "w0.pruned").write_bytes(orjson.dumps(asdict(mark)))
    assert "not the one that was removed" in faults(target)
