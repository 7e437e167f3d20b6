"""
The nouns of alerting: what happened, several of the same, and what is sent.

Rule of this file: an alert holds words of closed vocabularies, ids that the operator
chose, and names that `dlp.record` has masked. Nothing in it was free for a sender to
choose, so whatever carries it away carries no content.

Why not in `dlp.model`: nothing that takes part in a decision knows of alerts.
"""

from __future__ import annotations

from enum import StrEnum

from dlp.model import noun


class Severity(StrEnum):
    """How much it matters; mildest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


RANK: dict[Severity, int] = {severity: rank for rank, severity in enumerate(Severity)}

TITLES: dict[str, str] = {
    "canary": "A canary was touched",
    "secret": "A registered secret was sent where it does not belong",
    "credential": "A credential was sent where it does not belong",
    "destination": "A destination that the policy does not allow",
    "protocol": "A request that breaks the protocol",
    "unreadable": "Content that cannot be read",
    "limit": "A limit was exceeded",
    "approval": "Something needs an approval",
    "quarantined": "A quarantined agent tried to send",
    "unavailable": "Requests are refused because something does not work",
    "operation": "An operator changed something",
    "audit": "The audit log cannot be written",
    "state": "The state folder cannot be used",
    "inspection": "Inspection does not work",
    "worker": "A worker process died or is stuck",
    "reload": "A rules file has a mistake; the last good rules stay in force",
    "certificate": "The CA certificate expires soon",
    "test": "A test of this channel: nothing happened",
}
"""Kind of alert -> what a person reads first."""

KINDS = tuple(kind for kind in TITLES if kind != "test")
"""What a route may ask for."""


@noun
class Alert:
    """One thing that happened."""

    at: float
    """UTC epoch seconds."""
    kind: str
    severity: Severity
    agent: str = ""
    host: str = ""
    secret: str = ""
    """The kind of secret: a rule's id, or the name a secret was registered under."""
    rule: str = ""
    """What decided: a statement, guard, limit or rule; of an operation, its verb."""
    done: str = ""
    """What was done with the message: an `Action`, or empty."""
    reference: str = ""
    """What `dlp explain` takes, or empty."""
    resolved: bool = False
    """It is over: what did not work works again."""

    @property
    def key(self) -> str:
        """Equal for what counts as the same thing happening again."""
        what = self.secret or self.rule
        parts = (self.kind, self.agent, self.host, what, str(self.resolved))
        return "\x1f".join(parts)

    @property
    def title(self) -> str:
        """One sentence without its stop."""
        return f"Over: {TITLES[self.kind]}" if self.resolved else TITLES[self.kind]


@noun
class Group:
    """The same thing, `count` times; `alert` is the first of them."""

    alert: Alert
    count: int
    last_at: float


@noun
class Notice:
    """What is sent to a channel: one group or, in a digest, many."""

    id: str
    """The same for every attempt to deliver it."""
    route: str
    at: float
    groups: tuple[Group, ...]
    """Never empty; the most severe first."""
    more: int = 0
    """Alerts beyond those groups."""

    @property
    def severity(self) -> Severity:
        """That of the most severe group."""
        return max(
            (group.alert.severity for group in self.groups), key=RANK.__getitem__
        )

    @property
    def count(self) -> int:
        """Alerts it stands for."""
        return sum(group.count for group in self.groups) + self.more
