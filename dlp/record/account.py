"""
`Record`: one decision, told without its content.

Why not in `dlp.model`: a record is made from the nouns by masking, and nothing that
takes part in a decision may depend on how it is told afterwards.
"""

from __future__ import annotations

from dlp.model import (
    Action,
    Agent,
    Channel,
    Destination,
    Finding,
    Kind,
    Part,
    PartKind,
    Place,
    Reason,
    Tier,
    Verdict,
    noun,
)
from dlp.record import mask
from dlp.record.volume import NOTHING, Volume

MAX_TRACES = 50
"""Findings that one record spells out; the rest are only counted."""

_METHOD_WORDS = """
    GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT TRACE PROPFIND PROPPATCH MKCOL
    COPY MOVE LOCK UNLOCK REPORT SEARCH QUERY
"""
_METHODS = frozenset(_METHOD_WORDS.split())
_SCHEMES = frozenset({"http", "https", "ws", "wss", "dns", "tcp", ""})
_NAME_KINDS = frozenset({PartKind.HOST, PartKind.TARGET, PartKind.HEADER})
_HOST_HEADERS = frozenset({"host", ":authority"})


@noun
class Facts:
    """What the gate knows of a message beside its verdict."""

    agent: Agent
    destination: Destination
    parts: tuple[Part, ...] = ()
    statement: str = ""
    """Id of the statement that covers the destination, or empty."""
    group: str = ""
    """Policy group or statement that stands for the destination in metrics."""
    named: bool = False
    """A statement names this very host (no wildcard): it may be kept as it is."""
    volume: Volume = NOTHING
    timings: tuple[tuple[str, float], ...] = ()
    """Seconds per stage, in the order they ran."""
    truncated: str = ""
    undecodable: tuple[str, ...] = ()
    generation: str = ""
    approval: str = ""
    """Id of the approval or grant that was used or asked for."""
    approver: str = ""


@noun
class Trace:
    """A finding as it may be kept."""

    rule: str
    kind: Kind
    tier: Tier
    where: str
    """The piece of the message: a `PartKind`, or empty when unknown."""
    path: str
    family: str
    slot: str
    place: Place
    digest: str


@noun
class Record:
    """The canonical account of one decision. Field order is the order on disk."""

    reference: str
    at: float
    """UTC epoch seconds."""
    agent: str
    channel: Channel
    scheme: str
    host: str
    port: int
    method: str
    path: str
    """Shape of the path (`/v1/files/{}`), never the path itself."""
    action: Action
    reason: Reason
    status: int
    """HTTP status of the refusal; 0 for a message that went on."""
    would: Action | None
    """What enforce mode would have done, where it differs."""
    rule: str
    statement: str
    group: str
    detail: str
    findings: tuple[Trace, ...]
    more_findings: int
    """Findings beyond `MAX_TRACES`."""
    volume: Volume
    timings: tuple[tuple[str, float], ...]
    truncated: str
    undecodable: tuple[str, ...]
    generation: str
    approval: str
    approver: str

    @property
    def forwarded(self) -> bool:
        """Whether the message, rewritten or not, went on."""
        return self.action in {Action.ALLOW, Action.REDACT}


@noun
class Operation:
    """Something an operator or the proxy itself did: the other kind of audit line."""

    at: float
    actor: str
    """Who: a console user, `cli:USER`, or `proxy`."""
    verb: str
    """What, as `noun.verb`: `agent.add`, `rules.reload`, `approval.grant`."""
    object: str
    """On what: an agent id, a secret's name, an approval id."""
    outcome: str = "success"
    detail: str = ""


def make_record(reference: str, at: float, verdict: Verdict, facts: Facts) -> Record:
    """Tell a decision without its content."""
    destination = facts.destination
    touched, strict = _touched(verdict.findings, facts)
    host = mask.host_name(destination.host, touched=touched, named=facts.named)
    forwarded = verdict.action in {Action.ALLOW, Action.REDACT}
    return Record(
        reference=reference,
        at=at,
        agent=mask.printable(facts.agent.id, 64),
        channel=destination.channel,
        scheme=_word(destination.scheme, _SCHEMES),
        host=host,
        port=destination.port,
        method=_word(destination.method, _METHODS),
        path=mask.path_class(destination.path, strict=strict),
        action=verdict.action,
        reason=verdict.reason,
        status=0 if forwarded else verdict.status,
        would=verdict.would,
        rule=verdict.rule,
        statement=facts.statement,
        group=facts.group or facts.statement,
        detail=_detail(verdict.detail, destination.host, host),
        findings=tuple(_trace(f, facts) for f in verdict.findings[:MAX_TRACES]),
        more_findings=max(0, len(verdict.findings) - MAX_TRACES),
        volume=facts.volume,
        timings=tuple((stage, round(took, 6)) for stage, took in facts.timings),
        truncated=facts.truncated,
        undecodable=tuple(map(mask.view_path, facts.undecodable[:MAX_TRACES])),
        generation=facts.generation,
        approval=facts.approval,
        approver=mask.printable(facts.approver, 64),
    )


def _touched(findings: tuple[Finding, ...], facts: Facts) -> tuple[bool, bool]:
    """Whether findings lie, or may lie, in the host name and in the path."""
    host = path = False
    for finding in findings:
        part = facts.parts[finding.part] if finding.part < len(facts.parts) else None
        kind = part.kind if part else None
        exact = finding.span is not None
        joined = not exact and kind in _NAME_KINDS and not facts.named
        host |= (
            part is None
            or joined
            or (kind is PartKind.HOST and (exact or finding.kind is Kind.DESTINATION))
            or part.name in _HOST_HEADERS
        )
        path |= part is None or joined or kind in {PartKind.TARGET, PartKind.HOST}
    return host, path


def _trace(finding: Finding, facts: Facts) -> Trace:
    known = finding.part < len(facts.parts)
    return Trace(
        rule=finding.rule,
        kind=finding.kind,
        tier=finding.tier,
        where=facts.parts[finding.part].kind if known else "",
        path=mask.view_path(finding.path),
        family=finding.family,
        slot=mask.view_path(finding.slot),
        place=finding.place,
        digest=finding.digest,
    )


def _word(text: str, known: frozenset[str]) -> str:
    return text if text in known else "other"


def _detail(detail: str, host: str, kept: str) -> str:
    """The operator's explanation, with the host as it may be kept."""
    if not detail:
        return ""
    words = detail.replace(host, kept).split() if host else detail.split()
    return mask.printable(" ".join(map(_plain, words)))


def _plain(word: str) -> str:
    bare = word.strip(".,;:()'\"`")
    return word if len(bare) < 16 or mask.reads_like_words(bare) else mask.GAP
