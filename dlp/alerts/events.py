"""
What stands in the audit log -> alerts. Lines in, alerts out; nothing is kept.

Strategy: the worst finding that may not leave says what kind of alert it is, whatever
the refusal was about (a known secret on its way to a denied host is a secret first);
without one, the reason says it. What went on or was only observed is milder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dlp.alerts.nouns import RANK, Alert, Severity
from dlp.audit import Line
from dlp.model import Action, Kind, Place, Reason, Tier
from dlp.record.mask import printable

SEVERITIES: dict[str, Severity] = {
    "canary": Severity.CRITICAL,
    "secret": Severity.CRITICAL,
    "credential": Severity.WARNING,
    "destination": Severity.INFO,
    "protocol": Severity.INFO,
    "unreadable": Severity.WARNING,
    "limit": Severity.WARNING,
    "approval": Severity.INFO,
    "quarantined": Severity.WARNING,
    "unavailable": Severity.CRITICAL,
    "operation": Severity.INFO,
    "audit": Severity.CRITICAL,
    "state": Severity.CRITICAL,
    "inspection": Severity.CRITICAL,
    "worker": Severity.WARNING,
    "reload": Severity.WARNING,
    "certificate": Severity.WARNING,
    "test": Severity.INFO,
}
"""Kind -> severity, where nothing makes it milder."""

_BY_REASON: dict[Reason, str] = {
    Reason.DESTINATION: "destination",
    Reason.APPROVAL_REQUIRED: "approval",
    Reason.APPROVAL_DENIED: "approval",
    Reason.LIMIT: "limit",
    Reason.QUARANTINED: "quarantined",
    Reason.UNREADABLE: "unreadable",
    Reason.PROTOCOL: "protocol",
    Reason.UNAVAILABLE: "unavailable",
}
_PASSING = frozenset({Place.BOUND, Place.VENDOR_SLOT})
_SURE = frozenset({Tier.CERTAIN, Tier.STRONG})
_OF_SECRETS = ("canary", "secret", "credential")
_INTERNAL = 500
"""The status of a refusal because of an exception of our own."""


def alert_of(line: Line) -> Alert | None:
    """
    What a line is an alert of, or None.

    Raises:
        ValueError, KeyError, TypeError: it is none that this version writes.
    """
    if line.kind == "operation":
        return _operation(line.data)
    return _decision(line.data)


def _operation(data: Mapping[str, Any]) -> Alert | None:
    verb, noun = data["verb"], printable(data["object"], 64)
    if data["actor"] == "proxy":
        return None
    return Alert(
        data["at"],
        "operation",
        SEVERITIES["operation"],
        agent=noun if verb.startswith("agent.") else "",
        secret=noun if verb.startswith("secret.") else "",
        rule=printable(verb, 64),
    )


def _decision(data: Mapping[str, Any]) -> Alert | None:
    action = Action(data["action"])
    effect = Action(data["would"]) if data["would"] else action
    if effect is Action.ALLOW:
        return None
    worst = min(filter(_leaks, data["findings"]), key=_order, default=None)
    kind = _kind(worst) if worst else _BY_REASON.get(Reason(data["reason"]), "")
    if data["status"] == _INTERNAL:
        kind = "unavailable"
    secret = worst["rule"] if worst and kind in _OF_SECRETS else ""
    alert = Alert(
        data["at"],
        kind or "credential",
        SEVERITIES[kind or "credential"],
        data["agent"],
        data["host"],
        printable(secret, 64),
        printable(data["rule"], 64),
        action,
        data["reference"],
    )
    milder = action in {Action.ALLOW, Action.REDACT} and kind != "canary"
    unsure = kind == "credential" and worst is not None and worst["tier"] not in _SURE
    return replace(alert, severity=_milder(alert.severity, milder + unsure))


def _leaks(finding: Mapping[str, Any]) -> bool:
    return finding["family"] == "canary" or finding["place"] not in _PASSING


def _kind(finding: Mapping[str, Any]) -> str:
    if finding["family"] == "canary":
        return "canary"
    if finding["kind"] == Kind.FINGERPRINT:
        return "secret"
    return "destination" if finding["kind"] == Kind.DESTINATION else "credential"


def _order(finding: Mapping[str, Any]) -> tuple[int, int]:
    """Smaller is worse."""
    kinds = (*_OF_SECRETS, "destination")
    return kinds.index(_kind(finding)), list(Tier).index(finding["tier"])


def _milder(severity: Severity, steps: int) -> Severity:
    return list(Severity)[max(0, RANK[severity] - steps)]
