from dataclasses import replace

import pytest

from dlp.metrics import Metrics
from dlp.metrics.cells import read
from dlp.metrics.table import AGENT, DESTINATION
from dlp.model import (
    Action,
    Agent,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Place,
    Reason,
    Tier,
    Verdict,
)
from dlp.record import Facts, Volume, make_record
from dlp.record.volume import Flowed

BASE = Facts(
    Agent("builder"),
    Destination("https", "api.example.com", 443),
    (Part(PartKind.BODY, b"x"),),
    statement="llm",
)


@pytest.fixture
def metrics(tmp_path):
    metrics = Metrics(tmp_path)
    yield metrics
    metrics.close()


@pytest.fixture
def counted(metrics, tmp_path):
    def observe(verdict, facts=BASE):
        before = read(tmp_path)[0].values
        metrics.observe(make_record("dlp-ref", 5.0, verdict, facts))
        after = read(tmp_path)[0].values
        return {
            (name, *labels): [b - a for a, b in zip(old, new, strict=True)]
            if len(new) > 1
            else new[0] - old[0]
            for (name, labels), new in after.items()
            if new != (old := before.get((name, labels), (0.0,) * len(new)))
        }

    return observe


ALLOW = Verdict(Action.ALLOW, Reason.OK, "llm")
BLOCK = Verdict(Action.BLOCK, Reason.CONTENT, "rule")


def test_an_allowed_message(counted):
    facts = replace(BASE, volume=Volume(out=300, inspected=300, opaque=20))
    counts = counted(ALLOW, facts)
    sizes = counts.pop(("dlp_message_bytes",))
    assert (sizes[1], sizes[-1], sum(sizes[:-1])) == (1, 300, 1)
    assert counts == {
        ("dlp_decisions_total", "allow", "ok"): 1,
        ("dlp_agent_decisions_total", "builder", "allow"): 1,
        ("dlp_destination_decisions_total", "llm", "allow"): 1,
        ("dlp_messages_total", "http"): 1,
        ("dlp_inspected_bytes_total",): 300,
        ("dlp_opaque_bytes_total", "builder"): 20,
        ("dlp_out_bytes_total",): 300,
        ("dlp_coverage_messages_total", "full"): 1,
    }


def test_a_blocked_message_sends_no_bytes(counted):
    counts = counted(BLOCK, replace(BASE, volume=Volume(out=9, inspected=9)))
    assert counts["dlp_decisions_total", "block", "content"] == 1
    assert ("dlp_out_bytes_total",) not in counts
    assert ("dlp_coverage_messages_total", "full") not in counts


def test_of_a_body_that_is_broken_off_what_had_left_is_counted(counted):
    volume = Volume(out=9, inspected=9, flow=Flowed.REFUSED, streamed=4)
    counts = counted(BLOCK, replace(BASE, volume=volume))
    assert counts["dlp_streamed_total", "refused"] == 1
    assert counts["dlp_streamed_bytes_total",] == 4
    assert counts["dlp_out_bytes_total",] == 4
    assert ("dlp_coverage_messages_total", "full") not in counts


@pytest.mark.parametrize(
    ("volume", "coverage"),
    [
        (Volume(5, 5, 0), "full"),
        (Volume(5, 2, 3, why_skipped="passthrough"), "part"),
        (Volume(5, 0, 5, why_skipped="inspect-none"), "none"),
        (Volume(why_skipped="passthrough"), "none"),
        (Volume(), "full"),
    ],
)
def test_coverage(counted, volume, coverage):
    counts = counted(ALLOW, replace(BASE, volume=volume))
    assert counts["dlp_coverage_messages_total", coverage] == 1
    if volume.skipped:
        why = volume.why_skipped
        assert counts["dlp_skipped_bytes_total", why] == volume.skipped


def finding(kind=Kind.PATTERN, place=Place.ELSEWHERE, family="llm"):
    return Finding("r", kind, Tier.STRONG, "body", place=place, family=family)


def test_findings_count_by_family(counted):
    verdict = replace(BLOCK, findings=(finding(), finding()))
    counts = counted(verdict)
    assert counts["dlp_findings_total", "llm", "pattern", "strong"] == 2
    assert ("dlp_secret_attempts_total", "builder") not in counts


def test_a_credential_in_its_place_is_no_finding(counted):
    bound = finding(Kind.FINGERPRINT, Place.BOUND)
    counts = counted(replace(ALLOW, findings=(bound,)))
    assert counts["dlp_credentials_total", "bound"] == 1
    assert not any(key[0] == "dlp_findings_total" for key in counts)
    assert ("dlp_secret_attempts_total", "builder") not in counts


def test_a_known_secret_elsewhere_is_an_attempt_once_a_message(counted):
    made = finding(Kind.FINGERPRINT, family="")
    counts = counted(replace(BLOCK, findings=(made, made)))
    assert counts["dlp_secret_attempts_total", "builder"] == 1
    assert counts["dlp_findings_total", "fingerprint", "fingerprint", "strong"] == 2


def test_a_canary(counted):
    made = finding(Kind.FINGERPRINT, family="canary")
    counts = counted(replace(BLOCK, findings=(made,)))
    assert counts["dlp_canary_touches_total", "builder"] == 1


@pytest.mark.parametrize(
    ("reason", "status", "why"),
    [
        (Reason.UNAVAILABLE, 503, "unavailable"),
        (Reason.UNREADABLE, 403, "unreadable"),
        (Reason.PROTOCOL, 500, "internal"),
        (Reason.CONTENT, 403, None),
    ],
)
def test_fail_closed(counted, reason, status, why):
    counts = counted(Verdict(Action.BLOCK, reason, "x", status=status))
    closed = [key[1] for key in counts if key[0] == "dlp_fail_closed_total"]
    assert closed == ([why] if why else [])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"truncated": "ratio"}, "ratio"),
        ({"undecodable": ("body > gzip",)}, "undecodable"),
    ],
)
def test_unreadable(counted, change, why):
    counts = counted(BLOCK, replace(BASE, **change))
    assert counts["dlp_unreadable_total", why] == 1


def test_observe_mode(counted):
    counts = counted(replace(ALLOW, would=Action.BLOCK))
    assert counts["dlp_observed_total", "block"] == 1


def test_stages(counted):
    timings = (("examine", 0.0001), ("decide", 99.0), ("made-up", 1.0))
    counts = counted(ALLOW, replace(BASE, timings=timings))
    assert counts["dlp_stage_seconds", "examine"][1] == 1
    assert counts["dlp_stage_seconds", "decide"][-2] == 1
    assert ("dlp_stage_seconds", "other") in counts


def test_no_statement_counts_as_none(counted):
    counts = counted(BLOCK, replace(BASE, statement=""))
    assert counts["dlp_destination_decisions_total", "none", "block"] == 1


def test_reloads(metrics, tmp_path):
    metrics.reloaded("00000000ffff9999", 7.0, {"rules": 3, "statements": 2})
    values = read(tmp_path)[0].values
    assert values["dlp_ruleset_generation", ()] == (65535.0,)
    assert values["dlp_rules_loaded", ()] == (3.0,)
    assert values["dlp_reload_timestamp_seconds", ()] == (7.0,)
    metrics.reload_failed()
    values = read(tmp_path)[0].values
    assert values["dlp_reload_success", ()] == (0.0,)
    assert values["dlp_reloads_total", ("failure",)] == (1.0,)


def test_a_beat_tells_of_the_process(metrics, tmp_path):
    metrics.beat(100.0)
    values = read(tmp_path)[0].values
    assert values["dlp_worker_heartbeat_timestamp_seconds", ()] == (100.0,)
    assert values["dlp_resident_memory_bytes", ()][0] > 1 << 20
    assert values["dlp_cpu_seconds_total", ()][0] > 0


def test_a_beat_without_room_for_exemplars_goes_on(metrics, tmp_path):
    metrics.observe(make_record("dlp-ref", 5.0, BLOCK, BASE))
    path = tmp_path / "000.exemplars"
    path.mkdir()
    metrics.beat(100.0)
    path.rmdir()
    metrics.beat(101.0)
    assert "dlp-ref" in path.read_text()


def test_agents_count_from_zero_once_they_are_known(metrics, tmp_path):
    metrics.meet(AGENT, ["builder"])
    metrics.meet(AGENT, ["builder"])
    values = read(tmp_path)[0].values
    assert values["dlp_secret_attempts_total", ("builder",)] == (0.0,)
    assert values["dlp_opaque_bytes_total", ("builder",)] == (0.0,)
    assert values["dlp_agent_decisions_total", ("builder", "block")] == (0.0,)


def test_so_do_statements(metrics, tmp_path):
    metrics.meet(DESTINATION, ["llm"])
    values = read(tmp_path)[0].values
    assert values["dlp_destination_decisions_total", ("llm", "redact")] == (0.0,)
    assert ("dlp_agent_decisions_total", ("llm", "redact")) not in values


def test_so_do_findings_of_the_rules_in_force(metrics, tmp_path):
    metrics.meet_rules([("llm", Tier.STRONG), ("llm", Tier.STRONG), ("", Tier.WEAK)])
    values = read(tmp_path)[0].values
    for labels in (
        ("llm", "pattern", "strong"),
        ("pattern", "pattern", "weak"),
        ("secret", "fingerprint", "certain"),
        ("canary", "fingerprint", "certain"),
    ):
        assert values["dlp_findings_total", labels] == (0.0,)
    assert all(
        value == (0.0,) for (name, _), value in values.items() if "findings" in name
    )


def test_a_stage_that_no_record_can_hold(metrics, tmp_path):
    metrics.took("record", 0.0001)
    values = read(tmp_path)[0].values
    assert values["dlp_stage_seconds", ("record",)][1] == 1
