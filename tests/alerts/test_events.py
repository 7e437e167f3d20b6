"""Which line of the audit log is an alert of what."""

import orjson
import pytest

from dlp.alerts.events import SEVERITIES, alert_of
from dlp.alerts.nouns import KINDS, TITLES, Severity
from dlp.audit import Line
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
from dlp.record import Facts, Operation, make_record

INFO, WARNING, CRITICAL = Severity
DESTINATION = Destination("https", "evil.example", 443, "POST", "/v1/x")


def line(entry) -> Line:
    kind = "operation" if isinstance(entry, Operation) else "decision"
    return Line(entry.at, "w0", 1, kind, orjson.loads(orjson.dumps(entry)))


def found(
    kind=Kind.PATTERN, tier=Tier.STRONG, place=Place.ELSEWHERE, family="x", rule="key"
):
    return Finding(rule, kind, tier, "body", family=family, place=place)


def decided(action, reason, *findings, would=None, status=403, rule="rule"):
    verdict = Verdict(action, reason, rule, findings, would, status)
    facts = Facts(
        Agent("builder"), DESTINATION, (Part(PartKind.BODY, b"x"),), named=True
    )
    return alert_of(line(make_record("dlp-1", 5.0, verdict, facts)))


SECRET = found(Kind.FINGERPRINT, Tier.CERTAIN, family="secret", rule="github")
CANARY = found(Kind.FINGERPRINT, Tier.CERTAIN, Place.BOUND, "canary", "bait")
BLOCK, REDACT, ALLOW, HOLD = Action.BLOCK, Action.REDACT, Action.ALLOW, Action.HOLD

CASES = {
    # name: (action, reason, findings, would) -> (kind, severity, secret)
    "a registered secret": ((BLOCK, Reason.CONTENT, [SECRET], None), ("secret", CRITICAL, "github")),
    "cut out": ((REDACT, Reason.CONTENT, [SECRET], None), ("secret", WARNING, "github")),
    "a canary where it belongs": ((BLOCK, Reason.CONTENT, [CANARY], None), ("canary", CRITICAL, "bait")),
    "a canary that was cut out": ((REDACT, Reason.CONTENT, [CANARY], None), ("canary", CRITICAL, "bait")),
    "a vendor's shape": ((BLOCK, Reason.CONTENT, [found()], None), ("credential", WARNING, "key")),
    "a vendor's shape, cut out": ((REDACT, Reason.CONTENT, [found()], None), ("credential", INFO, "key")),
    "a rule that is not sure": (
        (BLOCK, Reason.CONTENT, [found(tier=Tier.LIKELY)], None), ("credential", INFO, "key"),
    ),
    "a foreign key on a pinned host": ((BLOCK, Reason.CONTENT, [], None), ("credential", WARNING, "")),
    "the worst of several": (
        (BLOCK, Reason.CONTENT, [found(tier=Tier.WEAK), found(rule="other"), SECRET], None),
        ("secret", CRITICAL, "github"),
    ),
    "a secret on its way to a denied host": (
        (BLOCK, Reason.DESTINATION, [SECRET], None), ("secret", CRITICAL, "github"),
    ),
    "a denied host": ((BLOCK, Reason.DESTINATION, [], None), ("destination", INFO, "")),
    "a URL to be fetched": (
        (BLOCK, Reason.DESTINATION, [found(Kind.DESTINATION)], None), ("destination", INFO, ""),
    ),
    "its own key at home beside a denied path": (
        (BLOCK, Reason.DESTINATION, [found(place=Place.VENDOR_SLOT)], None),
        ("destination", INFO, ""),
    ),
    "held": ((HOLD, Reason.APPROVAL_REQUIRED, [], None), ("approval", INFO, "")),
    "a limit": ((BLOCK, Reason.LIMIT, [], None), ("limit", WARNING, "")),
    "unreadable": ((BLOCK, Reason.UNREADABLE, [], None), ("unreadable", WARNING, "")),
    "a guard": ((BLOCK, Reason.PROTOCOL, [], None), ("protocol", INFO, "")),
    "quarantined": ((BLOCK, Reason.QUARANTINED, [], None), ("quarantined", WARNING, "")),
    "fail closed": ((BLOCK, Reason.UNAVAILABLE, [], None), ("unavailable", CRITICAL, "")),
    "observed": ((ALLOW, Reason.CONTENT, [found()], BLOCK), ("credential", INFO, "key")),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_decision(case):
    (action, reason, findings, would), (kind, severity, secret) = CASES[case]
    alert = decided(action, reason, *findings, would=would)
    assert (alert.kind, alert.severity, alert.secret) == (kind, severity, secret)
    assert (alert.agent, alert.reference) == ("builder", "dlp-1")
    assert alert.host == "evil.example" or case == "a URL to be fetched"
    assert (alert.at, alert.done, alert.rule) == (5.0, action, "rule")


def test_what_passed_is_no_alert():
    assert decided(ALLOW, Reason.OK) is None
    assert decided(ALLOW, Reason.OK, found(place=Place.VENDOR_SLOT)) is None


def test_an_exception_of_our_own_is_the_proxy_not_working():
    assert decided(BLOCK, Reason.PROTOCOL, status=500).kind == "unavailable"


def test_every_reason_of_a_refusal_has_a_kind():
    for reason in Reason:
        if reason is not Reason.OK:
            assert decided(BLOCK, reason).kind in KINDS


def test_an_operation_names_what_was_done_and_on_what():
    revoked = alert_of(line(Operation(1.0, "cli:ann", "agent.revoke", "builder")))
    assert (revoked.kind, revoked.rule, revoked.agent) == (
        "operation",
        "agent.revoke",
        "builder",
    )
    removed = alert_of(line(Operation(1.0, "cli:ann", "secret.remove", "github")))
    assert (removed.secret, removed.agent) == ("github", "")


def test_what_the_proxy_does_itself_is_no_alert():
    assert alert_of(line(Operation(1.0, "proxy", "audit.resume", ""))) is None


@pytest.mark.parametrize(
    "data", [{}, {"action": "odd"}, {"action": "block", "would": 3}]
)
def test_a_line_of_another_version_is_a_clear_error(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        alert_of(Line(1.0, "w0", 1, "decision", data))


def test_every_kind_has_a_title_and_a_severity():
    assert set(SEVERITIES) == set(TITLES)
