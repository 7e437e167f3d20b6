import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from dlp.audit import AuditLog
from dlp.cli import explain
from dlp.errors import UsageError
from dlp.model import Action, Place, Reason
from dlp.record import Volume, make_record, reference
from tests.cli.test_audit import BLOCK, FACTS, REFERENCE


@pytest.fixture
def told(tmp_path):
    def tell(verdict=BLOCK, facts=FACTS, *words):
        log = AuditLog.open(tmp_path)
        log.append(make_record(REFERENCE, 1.7e9, verdict, facts))
        log.close()
        words = [REFERENCE, "--state", str(tmp_path), *words]
        return CliRunner().invoke(explain.app, words).stdout

    return tell


def test_the_whole_story(told):
    facts = replace(
        FACTS,
        volume=Volume(10, 8, 2, why_skipped="refused"),
        timings=(("decode", 0.0015),),
        truncated="ratio",
        undecodable=("body > gzip",),
        generation="abcdef",
        approval="a-1",
        approver="eve",
    )
    story = told(replace(BLOCK, would=Action.BLOCK, detail="found a key"), facts)
    for row in (
        "Who       agent builder, over http",
        "What      POST https://api.example.com:443/v1/messages",
        "Decision  block (content). It was refused; nothing of it was forwarded.",
        "Would be  block",
        "Because   anthropic-api-key: found a key",
        "Statement llm",
        "Approval  a-1 by eve",
        "Found     anthropic-api-key (pattern, strong) at body > $.messages[3], where no",
        "Read      8 of 10 bytes inspected, 2 not inspected (refused)",
        "stopped at the limit of ratio",
        "could not decode body > gzip",
        "Took      decode 1.50 (milliseconds)",
        "Rules     generation abcdef",
        "On record w0, line 1",
        "dlp secrets add",
    ):
        assert row in story


def test_what_decodes_to_more_is_not_more_than_there_was(told):
    """It read as `343 of 283 bytes inspected`."""
    story = told(BLOCK, replace(FACTS, volume=Volume(283, 343)))
    assert "all 283 bytes inspected, 343 with what they decode to" in story


def test_json(told):
    assert json.loads(told(BLOCK, FACTS, "--json"))["reference"] == REFERENCE


def test_every_action_reason_and_place_has_words():
    assert set(explain._ACTIONS) == set(Action)
    assert set(explain._PLACES) == set(Place)
    assert {*explain._REMEDIES, "ok", "approval-denied"} == set(Reason)


def test_an_unknown_reference_is_an_error(tmp_path):
    words = [reference(1.0, bytes(7)), "--state", str(tmp_path)]
    result = CliRunner().invoke(explain.app, words)
    assert isinstance(result.exception, UsageError)
