"""
Credentials first: what stands in a slot, and whether it is at home there.

Why not in `policy.credentials`: that cuts slots out; this needs the detector to say
what is in them.

Rule 1: only the *whole* content of a slot can be at home. Rule 2: what is at home is
masked before anything is decoded, so joins and coverage never see it, and any other
occurrence of the same bytes is still a leak. Rule 3: a token that no secret names is
decoded on its own, so that nothing rides inside it but what is at home there as well:
ghcr.io takes `base64(PAT)`, EKS an address that STS would take.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import NamedTuple

from dlp.decide import BLOCK, consequence
from dlp.decode import Recall, Spent, decode
from dlp.decode.guesses import TAKEN_APART
from dlp.detect.confirm import Match
from dlp.detect.cookies import is_credential, is_drawn_by_hosts
from dlp.detect.engine import Engine
from dlp.detect.known.fingerprint import SecretIndex
from dlp.detect.proof.checks import is_jwt
from dlp.detect.rule import GENERIC, Rule
from dlp.memory import Memory
from dlp.model import (
    Destination,
    Finding,
    Kind,
    Limits,
    Message,
    Part,
    PartKind,
    Place,
    Tier,
    noun,
)
from dlp.policy.credentials import (
    COOKIE,
    CREDENTIAL_HEADERS,
    SIGNED_SLOTS,
    SIGNING_SLOTS,
    SUBPROTOCOL,
    Token,
    host_matches,
    tokens,
    unnamed_slots,
)
from dlp.policy.reach import Reach

MASK = b"*"
DEFAULT_SLOTS = frozenset({"", "default", "credential"})
"""How a secret or rule says: the usual credential headers."""
SECURE = frozenset({"https", "wss"})
ACROSS = "headers"
"""Path of the join of all header values."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_PROTOCOL = re.compile(rb"(?:[a-z]{2,16}\d{0,2})(?:[-.](?:[a-z]{1,16}\d{0,2}|\d)){0,3}")
"""The name of a protocol; a key has more digits, or longer runs."""
GUESSES = frozenset({Tier.LIKELY, Tier.WEAK})
_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def key_slots(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """By host, the slots outside the headers of rules that go by a name."""
    slots: dict[str, tuple[str, ...]] = {}
    for rule in (each for each in rules if each.tier in GUESSES):
        theirs = [s for s in rule.slots if s.startswith(("query:", "form:", "json:"))]
        slots |= {host: (*slots.get(host, ()), *theirs) for host in rule.hosts}
    return slots


@noun
class Settled:
    """The credentials of one message."""

    parts: tuple[Part, ...] = field(repr=False)
    """The parts with what is at home masked, every offset unchanged."""
    findings: tuple[Finding, ...] = ()
    """What is at home, for the record."""
    filled: tuple[Token, ...] = ()
    """Every credential."""
    foreign: str = ""
    """At a pinned host, the first slot whose credential is not registered."""


class Judged(NamedTuple):
    """A rule that something satisfies, and how surely. Not the match: that holds it."""

    rule: Rule
    tier: Tier


@noun
class Weighed:
    """What a token that no secret names is, read on its own."""

    clean: bool
    """Nothing else rides inside it."""
    match: Judged | None = None
    """What the whole token satisfies."""
    inside: tuple[Judged, ...] = ()
    """The vendors' credentials that it is an encoding of."""
    secrets: frozenset[str] = frozenset()
    """Of the registered ones, those among them."""


UNREAD = Weighed(clean=False)


@noun
class Slots:
    """Knows which credential may stand where. Immutable."""

    engine: Engine
    index: SecretIndex
    limits: Limits
    extra: frozenset[str]
    """Slots beyond the default headers that some rule or secret names."""
    homes: Mapping[str, tuple[str, ...]]
    """Host patterns of each registered secret, groups resolved."""
    guessed: Mapping[str, tuple[str, ...]]
    digest: Callable[[bytes], str]
    recall: Recall = field(repr=False)
    known: Memory[Weighed] = field(repr=False)
    """What `_weigh` said of a token: an agent sends the same one with every request."""

    def settle(
        self,
        message: Message,
        reach: Reach,
        taken: Callable[[Token], bool | None],
        given: Callable[[Token], bool],
        spent: Spent | None = None,
    ) -> Settled:
        """
        Place every credential of a message and mask those at home.

        `taken`: whether this host takes a token that some host issued; None: none did.
        `given`: whether a pinned one has a cookie back that such a host set.

        Raises:
            UnfinishedError: see `decode`.
        """
        findings: list[Finding] = []
        spans: dict[int, list[tuple[int, int]]] = {}
        foreign = ""
        filled = tuple(tokens(message.parts, self.extra))
        for token in filled:
            found, passes = self._place(token, message.destination, reach, spent)
            ours = is_bound(found) or (token.slot == COOKIE and given(token))
            if reach.pinned and not ours and self._claims(token, spent):
                foreign = foreign or token.slot
            takes = taken(token)
            if not is_bound(found) and takes is not None:
                passes = takes and (passes or found is None)
            if passes:
                findings.extend([found] if found else ())
                spans.setdefault(token.part, []).append(token.span)
        if reach.pinned:
            foreign = foreign or next(unnamed_slots(message.parts, self.extra), "")
        parts = masked(message.parts, spans)
        return Settled(parts, tuple(findings), filled, foreign)

    def seated(
        self, findings: tuple[Finding, ...], message: Message
    ) -> Iterator[Finding]:
        """
        The findings, each guess about what a credential header holds put in its place.

        An opaque bearer looks like any secret that somebody names; there it is at work.
        """
        for finding in findings:
            slot = _seat(finding, message.parts) if finding.tier in GUESSES else ""
            if slot and message.destination.scheme in SECURE:
                yield replace(finding, slot=slot, place=Place.OTHER_SLOT)
            else:
                yield finding

    def vendors(self, rule: Rule, host: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        The hosts of a rule, and its slots. Of what only a name makes a secret nobody
        knows whose it is: it is at home where the host's vendor takes a key.
        """
        if rule.family != GENERIC:
            return rule.hosts, rule.slots
        names = (host, *(f"*{host[at:]}" for at, c in enumerate(host) if c == "."))
        return (host,), tuple(s for each in names for s in self.guessed.get(each, ()))

    def _claims(self, token: Token, spent: Spent | None) -> bool:
        """Whether the token says who is calling."""
        if token.slot == COOKIE:
            return is_credential(token.name, token.value)
        if token.slot == SUBPROTOCOL and _PROTOCOL.fullmatch(token.value):
            return False
        if token.aside:
            return self._recall(token, spent).match is not None
        signed = token.formal and token.slot in SIGNED_SLOTS
        return not signed or token.slot in SIGNING_SLOTS

    def _place(
        self, token: Token, to: Destination, reach: Reach, spent: Spent | None
    ) -> tuple[Finding | None, bool]:
        """What the slot holds whole, as far as anybody knows it; whether it passes."""
        secure = to.scheme in SECURE
        names = self.index.named(token.value) or self.index.named(_unwrapped(token))
        if names:
            at_home = (
                name for name in names if secure and self._bound(name, token, to)
            )
            found = next((self._registered(token, name) for name in at_home), None)
            return found, found is not None
        weighed = self._recall(token, spent) if secure else UNREAD
        match = weighed.match
        if weighed.inside and in_slot(token.slot, ()):
            known = all(self._bound(name, token, to) for name in weighed.secrets)
            own = [self._matched(token, found, to) for found in weighed.inside]
            return own[0], known and all(consequence(f, reach) != BLOCK for f in own)
        if match is None or not (
            token.formal or in_slot(token.slot, ("", *match.rule.slots))
        ):
            return None, token.formal and weighed.clean and reach.kind != "open"
        found = self._matched(token, match, to)
        if token.slot in SIGNING_SLOTS and token.formal and reach.kind != "open":
            return None, True
        return found, consequence(found, reach) != BLOCK

    def _matched(self, token: Token, match: Judged, to: Destination) -> Finding:
        own = host_matches(to.host, match.rule.hosts)
        return Finding(
            match.rule.id,
            Kind.PATTERN,
            match.tier,
            token.slot,
            token.part,
            token.span,
            self.digest(token.value),
            "jwt" if is_jwt(token.value) else match.rule.family,
            token.slot,
            Place.VENDOR_SLOT if own else Place.OTHER_SLOT,
            match.rule.on_secret,
        )

    def _bound(self, name: str, token: Token, to: Destination) -> bool:
        allowed = self.index.info(name).slots
        usual = token.formal and (not allowed or not DEFAULT_SLOTS.isdisjoint(allowed))
        return host_matches(to.host, self.homes[name]) and (
            usual or in_slot(token.slot, allowed)
        )

    def _registered(self, token: Token, name: str) -> Finding:
        return Finding(
            name,
            Kind.FINGERPRINT,
            Tier.CERTAIN,
            token.slot,
            token.part,
            token.span,
            self.digest(token.value),
            "secret",
            token.slot,
            Place.BOUND,
        )

    def _recall(self, token: Token, spent: Spent | None) -> Weighed:
        name = self.known.name(token.value)
        weighed = self.known.get(name)
        if weighed is None:
            weighed = self._weigh(token, spent)
            self.known.put(name, weighed)
        return weighed

    def _weigh(self, token: Token, spent: Spent | None) -> Weighed:
        parts = (Part(PartKind.HEADER, token.value),)
        decoded = decode(parts, self.limits, self.recall, spent=spent)
        hits = self.index.scan(decoded.views, decoded.residue)
        if decoded.truncated or not all(hit.complete for hit in hits):
            return UNREAD
        matches = self.engine.scan(decoded.views).matches
        outside = [m for m in matches if m.view.depth == 0 and not m.view.parent]
        vendor_shaped = (Tier.CERTAIN, Tier.STRONG)
        whole = [m for m in outside if m.stop - m.start == len(token.value)]
        # A decoder may give the token itself back, less a letter or two.
        own = () if is_jwt(token.value) else {m.rule.id for m in whole}
        inside = [
            m
            for m in matches
            if m not in outside
            and m.tier in vendor_shaped
            and m.rule.id not in own
            # Of one vendor's keys a thousandth can be read as another's.
            and not (own and m.view.came_of(TAKEN_APART))
        ]
        if inside or hits:
            if any(m.tier in vendor_shaped for m in outside):
                return UNREAD
            names = frozenset(hit.name for hit in hits)
            return Weighed(clean=False, inside=_judged(inside), secrets=names)
        pieces = [m for m in outside if m not in whole and m.tier in vendor_shaped]
        best = min(_judged(whole), key=lambda m: _RANK[m.tier], default=None)
        return Weighed(clean=best is not None or not pieces, match=best)


def _judged(matches: Sequence[Match]) -> tuple[Judged, ...]:
    return tuple(Judged(match.rule, match.tier) for match in matches)


def _seat(finding: Finding, parts: Sequence[Part]) -> str:
    """The credential header whose token holds a guess, itself or inside Basic."""
    part, span = parts[finding.part], finding.span
    if finding.kind is not Kind.PATTERN:
        return ""
    if finding.path == ACROSS:
        # Values of other headers beside it make any token a named secret by chance.
        return ACROSS
    if span is None or part.kind is not PartKind.HEADER:
        return ""
    _, *steps = finding.path.split(" > ")
    if part.name == "cookie":
        name = steps[0].removeprefix("cookie:").encode() if steps else b""
        return COOKIE if name and is_drawn_by_hosts(name) else ""
    for token in tokens((part,), frozenset()):
        inside = token.span[0] <= span[0] and span[1] <= token.span[1]
        if inside and (not steps or (token.slot == "basic" and steps == ["base64"])):
            return token.slot
    return ""


def _unwrapped(token: Token) -> bytes:
    """What a token is the base64 of, or nothing."""
    value = token.value.rstrip(b"=").translate(_STANDARD)
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return b""


def unpinned(loose: Sequence[Finding]) -> str:
    """The first slot in which a credential stands that is not registered."""
    ours = [f for f in loose if f.place is Place.BOUND]
    theirs = (f for f in loose if f.place is not Place.BOUND)
    return next((f.slot for f in theirs if not any(_same(f, one) for one in ours)), "")


def _same(found: Finding, ours: Finding) -> bool:
    """Whether what a rule found is a registered secret, which has no more bytes."""
    if found.part != ours.part or not found.span or not ours.span:
        return False
    return ours.span[0] <= found.span[0] and found.span[1] <= ours.span[1]


def is_bound(found: Finding | None) -> bool:
    """Whether a registered secret stands where it may."""
    return found is not None and found.place is Place.BOUND


def in_slot(slot: str, allowed: Sequence[str]) -> bool:
    """Whether `slot` is one of `allowed`; none named means the credential headers."""
    if slot in allowed or "any" in allowed:
        return True
    usual = (
        slot == "basic"
        or slot in SIGNING_SLOTS
        or slot.removeprefix("header:") in CREDENTIAL_HEADERS
    )
    return usual and (not allowed or not DEFAULT_SLOTS.isdisjoint(allowed))


def masked(
    parts: tuple[Part, ...], spans: Mapping[int, Sequence[tuple[int, int]]]
) -> tuple[Part, ...]:
    """The parts with the spans overwritten."""
    if not spans:
        return parts
    out = list(parts)
    for index, edits in spans.items():
        data = bytearray(parts[index].data)
        for start, stop in edits:
            data[start:stop] = MASK * (stop - start)
        out[index] = replace(parts[index], data=bytes(data))
    return tuple(out)


def keyed_digest(key: bytes) -> Callable[[bytes], str]:
    """A digest by which equal secrets can be told and none recovered."""

    def digest(secret: bytes) -> str:
        return hashlib.blake2b(secret, digest_size=8, key=key).hexdigest()

    return digest
