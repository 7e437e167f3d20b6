import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dlp.audit import AuditLog, note
from dlp.cli.audit import app
from dlp.errors import UsageError
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, Operation, make_record, reference

FOUND = Finding("anthropic-api-key", Kind.PATTERN, Tier.STRONG, "body > $.messages[3]")
BLOCK = Verdict(Action.BLOCK, Reason.CONTENT, "anthropic-api-key", (FOUND,))
FACTS = Facts(
    Agent("builder"),
    Destination("https", "api.example.com", 443, "POST", "/v1/messages"),
    (Part(PartKind.BODY, b""),),
    "llm",
)
REFERENCE = reference(1.7e9, bytes(7))


@pytest.fixture
def state(tmp_path):
    log = AuditLog.open(tmp_path)
    log.append(Operation(1.6e9, "cli:me", "agent.add", "builder"))
    log.append(make_record(REFERENCE, 1.7e9, BLOCK, FACTS))
    log.close()
    return tmp_path


def run(state, *words):
    return CliRunner().invoke(app, [*words, "--state", str(state)])


def test_tail(state):
    rows = run(state, "tail").stdout.splitlines()
    assert rows[0] == "2020-09-13 12:26:40  cli:me agent.add builder"
    assert rows[1].startswith("2023-11-14 22:13:20  block  content      builder")
    assert "POST https://api.example.com:443/v1/messages" in rows[1]
    assert rows[1].endswith(REFERENCE)
    assert len(run(state, "tail", "-n", "1").stdout.splitlines()) == 1


def test_tail_json(state):
    rows = [json.loads(row) for row in run(state, "tail", "--json").stdout.splitlines()]
    assert [row["kind"] for row in rows] == ["operation", "decision"]


def test_verify(state):
    result = run(state, "verify")
    assert (result.exit_code, result.stdout) == (
        0,
        "intact: 2 lines of 1 writers, 0 written after the last signature\n",
    )


def test_verify_names_the_changed_line_and_exits_1(state):
    path = state / "audit" / "w0.000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b"api.example", b"api.exbmple"))
    result = run(state, "verify")
    assert result.exit_code == 1
    assert "FAULT: w0.000001.jsonl:2: line 2 was changed" in result.stdout
    told = json.loads(run(state, "verify", "--json").stdout)
    assert told["intact"] is False
    assert told["faults"][0]["line"] == 2


def test_no_log_yet(tmp_path):
    result = run(tmp_path, "verify")
    assert isinstance(result.exception, UsageError)


def test_follow_shows_what_is_new(state):
    command = [sys.executable, "-c", "from dlp.cli import main; main()", "audit", "tail",
               "-f", "-n", "1", "--state", str(state)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert REFERENCE in process.stdout.readline()
        note(state, "agent.revoke", "builder")
        assert "agent.revoke builder" in process.stdout.readline()
        process.terminate()


@pytest.mark.parametrize(
    ("form", "start"),
    [("ocsf", '{"class_uid":6003'), ("ecs", '{"@timestamp"'), ("cef", "CEF:0|"),
     ("json", '{"kind":"operation"')],
)  # fmt: skip
def test_export(state, tmp_path, form, start):
    printed = run(state, "export", "--format", form).stdout
    assert printed.startswith(start)
    assert REFERENCE in printed
    run(state, "export", "--format", form, "--output", str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == printed


def test_an_unknown_format_is_an_error(state):
    result = run(state, "export", "--format", "xml")
    assert isinstance(result.exception, UsageError)
    assert "ocsf, ecs, cef, json" in str(result.exception)
