"""
Facts -> Verdict. The order of precedence; the first that applies wins:

 1. agent quarantined or unknown                        -> block
 2. a transport guard, or a private address             -> block, observed or not
 3. explicit `deny` statement                           -> block
 4. no statement allows the destination                 -> block
 5. unreadable, or over an inspection limit             -> block, observed or not
 6. known secret outside its binding                    -> block or redact, never
                                                           observed
 7. pinned host called with a credential not ours       -> block
 8. a URL the other side would fetch, that no statement
    allows; a pattern finding                           -> block; by `TABLE`
 9. a limit exceeded                                    -> block, Retry-After
10. `approve` statement without a grant                 -> hold
11. allow

`observe` mode computes the same verdict; where the list does not say "observed or
not" it lets the message pass and keeps the verdict in `would`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dlp.model import Action, Agent, Finding, Kind, Place, Reason, Tier, Verdict, noun
from dlp.policy.reach import Reach

PASS, COUNT, BLOCK = "pass", "count", "block"

TABLE: dict[str, tuple[str, str, str, str]] = {
    # row          vendor slot  other slot  elsewhere  open destination
    "strong": (PASS, BLOCK, BLOCK, BLOCK),
    "jwt": (PASS, PASS, BLOCK, BLOCK),
    "likely": (PASS, COUNT, BLOCK, BLOCK),
    "weak": (COUNT, COUNT, COUNT, COUNT),
}
"""Design section 7: what a pattern finding does, by tier and by place."""

_COLUMN = {Place.VENDOR_SLOT: 0, Place.OTHER_SLOT: 1, Place.ELSEWHERE: 2}
_OPEN = 3
_ROW = {
    Tier.CERTAIN: "strong",
    Tier.STRONG: "strong",
    Tier.LIKELY: "likely",
    Tier.WEAK: "weak",
}
_EVEN_OBSERVED = frozenset({"agent", "unreadable", "secret"})


@noun
class Facts:
    """Everything a decision rests on."""

    agent: Agent
    reach: Reach
    findings: tuple[Finding, ...] = ()
    truncated: str = ""
    undecodable: tuple[str, ...] = ()
    completes: tuple[Finding, ...] = ()
    """Partial leaks that this message would bring to their threshold."""
    foreign_credential: str = ""
    """The slot of a credential that a pinned host does not expect, or empty."""
    breach: str = ""
    """What an `open` destination does not take: a body, a credential, a long URL."""
    limit: str = ""
    granted: bool = False
    coded: bool = False
    """The body is under a content coding; without it findings have their places."""


def decide(facts: Facts) -> Verdict:
    """The verdict on one message."""
    for name, rule in _PRECEDENCE:
        verdict = rule(facts)
        if verdict is None:
            continue
        verdict = replace(verdict, findings=facts.findings + facts.completes)
        if facts.reach.mode == "observe" and name not in _EVEN_OBSERVED:
            return replace(
                verdict, action=Action.ALLOW, would=verdict.action, reason=Reason.OK
            )
        return verdict
    return Verdict(Action.ALLOW, Reason.OK, facts.reach.statement, facts.findings)


def consequence(finding: Finding, reach: Reach) -> str:
    """What one pattern finding does: `pass`, `count` or `block`."""
    if finding.place is Place.BOUND:
        return PASS
    if finding.kind is Kind.DESTINATION:
        return BLOCK
    row = "jwt" if finding.family == "jwt" else _ROW[finding.tier]
    vendor_shaped = row in ("strong", "jwt")
    if reach.kind == "open" or (reach.wildcard and vendor_shaped):
        return TABLE[row][_OPEN]
    return TABLE[row][_COLUMN[finding.place]]


def _agent(facts: Facts) -> Verdict | None:
    if not facts.agent.quarantined:
        return None
    return Verdict(Action.BLOCK, Reason.QUARANTINED, "agent")


def _denied(facts: Facts) -> Verdict | None:
    if facts.reach.effect != "deny":
        return None
    return Verdict(
        Action.BLOCK,
        Reason.DESTINATION,
        facts.reach.statement,
        detail=facts.reach.why,
    )


def _not_allowed(facts: Facts) -> Verdict | None:
    if facts.reach.effect in ("allow", "approve") and not facts.breach:
        return None
    return Verdict(
        Action.BLOCK,
        Reason.DESTINATION,
        facts.reach.statement or "default-deny",
        detail=facts.breach or facts.reach.why,
    )


def _unreadable(facts: Facts) -> Verdict | None:
    if facts.undecodable:
        detail = f"cannot be decoded: {', '.join(facts.undecodable)}"
    elif facts.truncated:
        detail = f"over the inspection limit {facts.truncated}"
    else:
        return None
    return Verdict(Action.BLOCK, Reason.UNREADABLE, "inspection", detail=detail)


def _known_secret(facts: Facts) -> Verdict | None:
    leaks = [
        f
        for f in facts.findings
        if f.kind is Kind.FINGERPRINT
        and f.place is not Place.BOUND
        and consequence(f, facts.reach) == BLOCK
    ]
    if leaks and not facts.completes:
        # Cut out a secret, the rest would go on: not so a URL that is to be fetched.
        return _content([*leaks, *_fetches(facts)], facts)
    if facts.completes:
        return Verdict(
            Action.BLOCK,
            Reason.CONTENT,
            facts.completes[0].rule,
            detail="completes a known secret sent in pieces",
        )
    return None


def _pinned(facts: Facts) -> Verdict | None:
    if not facts.foreign_credential:
        return None
    return Verdict(
        Action.BLOCK,
        Reason.CONTENT,
        "pinned",
        detail=f"{facts.foreign_credential} holds a credential that is not registered",
    )


def _fetches(facts: Facts) -> list[Finding]:
    return [f for f in facts.findings if f.kind is Kind.DESTINATION]


def _fetch(facts: Facts) -> Verdict | None:
    if not _fetches(facts):
        return None
    return Verdict(
        Action.BLOCK,
        Reason.DESTINATION,
        "fetch",
        detail="the other side would fetch a URL that no statement allows",
    )


def _pattern(facts: Facts) -> Verdict | None:
    leaks = [
        f
        for f in facts.findings
        if f.kind is not Kind.FINGERPRINT and consequence(f, facts.reach) == BLOCK
    ]
    return _content(leaks, facts) if leaks else None


def _content(leaks: list[Finding], facts: Facts) -> Verdict:
    """
    Block, or redact what has a place in the raw bytes.

    A finding without one is mostly the same secret seen through a join; whether it is
    gone with the rest is for the second look at the rewritten message to say.
    """
    placed = facts.coded or any(f.span is not None for f in leaks)
    redactable = placed and all(f.kind is not Kind.DESTINATION for f in leaks)
    rewrite = redactable and all(_is_cut(f, facts.reach) for f in leaks)
    action = Action.REDACT if rewrite else Action.BLOCK
    return Verdict(action, Reason.CONTENT, leaks[0].rule)


def _is_cut(leak: Finding, reach: Reach) -> bool:
    """By its rule's word, else the statement's; to an open destination never."""
    return reach.kind != "open" and (leak.on_secret or reach.on_secret) == "redact"


def _limit(facts: Facts) -> Verdict | None:
    if not facts.limit:
        return None
    return Verdict(Action.BLOCK, Reason.LIMIT, facts.limit, status=429)


def _approval(facts: Facts) -> Verdict | None:
    if facts.reach.effect != "approve" or facts.granted:
        return None
    return Verdict(Action.HOLD, Reason.APPROVAL_REQUIRED, facts.reach.statement)


_PRECEDENCE: tuple[tuple[str, Callable[[Facts], Verdict | None]], ...] = (
    ("agent", _agent),
    ("denied", _denied),
    ("not-allowed", _not_allowed),
    ("unreadable", _unreadable),
    ("secret", _known_secret),
    ("pinned", _pinned),
    ("fetch", _fetch),
    ("pattern", _pattern),
    ("limit", _limit),
    ("approval", _approval),
)
