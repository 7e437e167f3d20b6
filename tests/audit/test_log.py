import os
import subprocess
import sys
import threading
import time

import pytest

from dlp.audit import AuditLog, lines, verify
from dlp.audit import log as log_module
from dlp.errors import StateError
from dlp.model import Retention
from dlp.record import Operation


def note(number):
    return Operation(1000.0 + number, "cli:me", "agent.add", f"a{number}")


def told(state):
    return [line.data["object"] for line in lines(state / "audit")]


@pytest.fixture
def state(tmp_path):
    return tmp_path


def test_a_line_is_in_the_file_when_append_returns(state):
    log = AuditLog.open(state)
    log.append(note(1))
    assert told(state) == ["a1"]
    log.close()


def test_a_chain_goes_on_over_restarts(state):
    for number in range(3):
        log = AuditLog.open(state)
        log.append(note(number))
        log.close()
    assert told(state) == ["a0", "a1", "a2"]
    report = verify(state / "audit")
    assert (report.writers, report.lines, report.unsigned) == (1, 3, 0)
    assert not report.faults


def test_two_processes_never_share_a_chain(state):
    one, two = AuditLog.open(state), AuditLog.open(state)
    one.append(note(1))
    two.append(note(2))
    assert {one.writer, two.writer} == {"w0", "w0-1"}
    assert told(state) == ["a1", "a2"]
    one.close()
    two.close()
    assert verify(state / "audit").writers == 2


def test_threads_share_a_writer(state):
    log = AuditLog.open(state)
    threads = [
        threading.Thread(target=lambda: [log.append(note(n)) for n in range(100)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    report = verify(state / "audit")
    assert (report.lines, report.faults) == (400, ())


def test_lines_are_on_disk_and_signed_within_a_second(state):
    log = AuditLog.open(state)
    log.append(note(1))
    time.sleep(0.2)
    log.append(note(2))
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline and verify(state / "audit").unsigned:
        time.sleep(0.02)
    assert verify(state / "audit").unsigned == 0
    log.close()


def test_segments_rotate_and_stay_one_chain(state):
    log = AuditLog.open(state, retention=Retention(segment=600))
    for number in range(20):
        log.append(note(number))
    log.close()
    assert len(list((state / "audit").glob("*.jsonl"))) > 4
    assert len(told(state)) == 20
    assert not verify(state / "audit").faults


def test_old_segments_go_while_the_log_is_written_and_the_chain_stays_proved(state):
    log = AuditLog.open(state, retention=Retention(segment=600, bytes=2000))
    deadline = time.monotonic() + 30
    number = 0
    while (state / "audit" / "w0.000001.jsonl").exists():
        assert time.monotonic() < deadline
        log.append(note(number))
        number += 1
        time.sleep(0.001)
    log.close()
    assert told(state)[-1] == f"a{number - 1}"
    report = verify(state / "audit")
    assert report.faults == ()
    assert "retention removed" in str(report.notes[0])


def test_without_a_retention_nothing_goes(state):
    """As for the lines of `dlp` commands, which know no policy."""
    log = AuditLog.open(state)
    log.append(note(1))
    os.utime(state / "audit" / "w0.000001.jsonl", (1, 1))
    log.sync()
    log.close()
    assert told(state) == ["a1"]


def test_a_retention_in_days_closes_and_removes_what_is_of_age(state):
    """Nothing is written meanwhile: the first line is of 1970 by its own word."""
    log = AuditLog.open(state)
    log.append(note(1))
    log.close()
    log = AuditLog.open(state)
    os.utime(state / "audit" / "w0.000001.jsonl", (1, 1))
    log.keep(Retention(days=1))
    deadline = time.monotonic() + 30
    while told(state):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    log.append(note(2))
    log.close()
    assert told(state) == ["a2"]
    assert verify(state / "audit").faults == ()


@pytest.mark.parametrize("cut", ["tail", "all"])
def test_a_cut_shows_also_after_the_writer_went_on(state, cut):
    for number in range(3):
        log = AuditLog.open(state)
        log.append(note(number))
        log.close()
    path = state / "audit" / "w0.000001.jsonl"
    rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(rows[0]) if cut == "tail" else path.unlink()
    log = AuditLog.open(state)
    log.append(note(9))
    log.close()
    (fault,) = verify(state / "audit").faults
    assert "lines 2 to 3 were dropped" in str(fault) or "lines 1 to 3" in str(fault)


def test_checkpoints_stand_in_the_chain(state, monkeypatch):
    monkeypatch.setattr(log_module, "CHECKPOINT_LINES", 5)
    log = AuditLog.open(state)
    for number in range(12):
        log.append(note(number))
    log.close()
    text = (state / "audit" / "w0.000001.jsonl").read_text()
    assert text.count('"kind":"checkpoint"') == 2
    assert not verify(state / "audit").faults


FULL = """
import resource, sys
from pathlib import Path
from dlp.audit import AuditLog
from dlp.errors import StateError
from dlp.record import Operation
log = AuditLog.open(Path(sys.argv[1]))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, hard))
written = refused = 0
for number in range(20):
    try:
        log.append(Operation(1.0, "cli:me", "agent.add", "a"))
        written += 1
    except StateError:
        refused += 1
print(written, refused, log.check() != "")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(log.check() == "")
log.append(Operation(1.0, "cli:me", "agent.add", "b"))
log.close()
"""


def test_a_full_disk_refuses_and_heals(state):
    out = subprocess.run(
        [sys.executable, "-c", FULL, str(state)],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    written, refused = int(out[0]), int(out[1])
    assert written > 2
    assert written + refused == 20
    assert out[2:] == ["True", "True"]
    report = verify(state / "audit")
    assert report.faults == ()
    assert report.notes == ()
    assert len(told(state)) == written + 2


def test_a_write_cut_short_by_a_crash_is_explained(state):
    log = AuditLog.open(state)
    log.append(note(1))
    log.close()
    path = state / "audit" / "w0.000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"seq":2,"prev":"ab')
    before = verify(state / "audit")
    assert before.faults == ()
    assert "cut short" in before.notes[0].what
    log = AuditLog.open(state)
    log.append(note(2))
    log.close()
    after = verify(state / "audit")
    assert after.faults == ()
    assert "cut short" in after.notes[0].what
    assert told(state) == ["a1", "a2"]


def test_a_segment_deleted_under_the_writer_is_noticed(state):
    log = AuditLog.open(state)
    log.append(note(1))
    log.sync()
    (state / "audit" / "w0.000001.jsonl").unlink()
    log.append(note(2))
    with pytest.raises(StateError):
        log.sync()
    log.append(note(3))
    log.close()
    assert told(state) == ["a3"]
    assert "dropped" in str(verify(state / "audit").faults[0])


def test_an_unusable_folder_stops_the_start(state):
    (state / "audit").write_text("a file")
    with pytest.raises(StateError, match="cannot be written"):
        AuditLog.open(state)


def test_a_closed_log_refuses(state):
    log = AuditLog.open(state)
    log.close()
    with pytest.raises(StateError, match="closed"):
        log.append(note(1))


def test_files_are_for_the_owner_alone(state):
    log = AuditLog.open(state)
    log.append(note(1))
    log.close()
    for path in (state / "audit").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name
    assert (state / "audit").stat().st_mode & 0o077 == 0
