import pytest

from dlp.audit import AuditLog, find, lines, read
from dlp.audit.read import last, since
from dlp.errors import UsageError
from dlp.model import Action, Agent, Destination, Reason, Verdict
from dlp.record import Facts, Operation, make_record, reference


def decision(at):
    return make_record(
        reference(at, bytes(7)),
        at,
        Verdict(Action.ALLOW, Reason.OK, "st"),
        Facts(Agent("a"), Destination("https", "example.com", 443)),
    )


@pytest.fixture
def folder(tmp_path):
    one, two = AuditLog.open(tmp_path), AuditLog.open(tmp_path)
    for number in range(6):
        (one if number % 2 else two).append(decision(1.7e9 + number))
    one.append(Operation(1.7e9 + 6, "cli:me", "agent.add", "x"))
    one.close()
    two.close()
    return tmp_path / "audit"


def test_lines_of_all_writers_come_in_order(folder):
    assert [line.at - 1.7e9 for line in lines(folder)] == [0, 1, 2, 3, 4, 5, 6]
    assert {line.writer for line in lines(folder)} == {"w0", "w0-1"}


def test_the_newest_lines(folder):
    assert [line.at - 1.7e9 for line in last(folder, 2)] == [5, 6]
    with pytest.raises(UsageError):
        last(folder, 0)


def test_a_decision_is_found_by_its_reference(folder):
    line = find(folder, reference(1.7e9 + 3, bytes(7)))
    assert line is not None
    assert line.data["at"] == 1.7e9 + 3
    assert find(folder, reference(1.7e9 + 3, b"\xff" * 7)) is None
    with pytest.raises(UsageError):
        find(folder, "x")


def test_damaged_lines_are_left_out(folder):
    path = next(folder.glob("w0.*.jsonl"))
    path.write_bytes(b"garbage\n" + path.read_bytes() + b'{"torn')
    assert len(list(lines(folder))) == 7


def test_lines_after_a_position_come_once(tmp_path):
    folder = tmp_path / "audit"
    log = AuditLog.open(tmp_path)
    for number in range(5):
        log.append(decision(1.7e9 + number))
    first, at = since(folder, {}, 3)
    second, at = since(folder, at, 3)
    assert [line.at - 1.7e9 for line in first + second] == [0, 1, 2, 3, 4]
    assert since(folder, at, 3)[0] == []
    log.append(decision(1.7e9 + 5))
    assert len(since(folder, at, 3)[0]) == 1
    log.close()


def test_a_line_that_is_being_written_waits(tmp_path):
    (tmp_path / "w0.000001.jsonl").write_bytes(b'{"seq":1')
    assert since(tmp_path, {}, 9) == ([], {"w0.000001.jsonl": 0})


def test_positions_of_files_that_are_gone_are_forgotten(tmp_path):
    assert since(tmp_path, {"w0.000001.jsonl": 7}, 9) == ([], {})


def test_a_file_that_another_writer_begins_or_retention_removes_meanwhile(
    tmp_path, monkeypatch
):
    """What appears or goes while the folder is read is met the next time."""
    first, second = (tmp_path / f"{name}.000001.jsonl" for name in ("a", "b"))
    for path in (first, second):
        path.write_bytes(b"")
    views = iter([[first], [first, second]])
    monkeypatch.setattr(read, "segments", lambda _folder: next(views))
    assert read.since(tmp_path, {}, 10) == ([], {"a.000001.jsonl": 0})
    first.unlink()
    found, reached = read.since(tmp_path, {"a.000001.jsonl": 0}, 10)
    assert found == []
    assert set(reached) == {"a.000001.jsonl", "b.000001.jsonl"}
