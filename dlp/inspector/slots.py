"""
Credentials first: what stands in a slot, and whether it is at home there.

Why not in `policy.credentials`: that cuts slots out; this needs the detector to say
what is in them.

Rule 1: only the *whole* content of a slot can be at home. Rule 2: what is at home is
masked before anything is decoded, so joins and coverage never see it, and any other
occurrence of the same bytes is still a leak. Rule 3: a token that no secret names is
decoded on its own, so that nothing rides inside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace

from dlp.decide import BLOCK, consequence
from dlp.decode import decode
from dlp.detect.confirm import Match
from dlp.detect.engine import Engine
from dlp.detect.fingerprint import SecretIndex
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
from dlp.policy.credentials import CREDENTIAL_HEADERS, Token, host_matches, tokens
from dlp.policy.reach import Reach

MASK = b"*"
DEFAULT_SLOTS = frozenset({"", "default", "credential"})
"""How a secret or rule says: the usual credential headers."""
REMEMBERED = 4096
"""Tokens whose rule is remembered."""
SECURE = frozenset({"https", "wss"})
_RANK = {tier: rank for rank, tier in enumerate(Tier)}


@noun
class Settled:
    """The credentials of one message."""

    parts: tuple[Part, ...] = field(repr=False)
    """The parts with what is at home masked, every offset unchanged."""
    findings: tuple[Finding, ...] = ()
    """What is at home, for the record."""
    foreign: str = ""
    """At a pinned host, the first slot whose credential is not registered."""


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
    digest: Callable[[bytes], str]
    known: dict[bytes, Match | None] = field(default_factory=dict, repr=False)
    """What `_whole` said of a token: an agent sends the same one with every request."""

    def settle(self, message: Message, reach: Reach) -> Settled:
        """Place every credential of a message and mask those at home."""
        findings: list[Finding] = []
        spans: dict[int, list[tuple[int, int]]] = {}
        foreign = ""
        for token in tokens(message.parts, self.extra):
            found = self._place(token, message.destination)
            bound = found is not None and found.place is Place.BOUND
            if reach.pinned and not bound and token.slot != "header:cookie":
                foreign = foreign or token.slot
            if found is not None and consequence(found, reach) != BLOCK:
                findings.append(found)
                spans.setdefault(token.part, []).append(token.span)
        return Settled(masked(message.parts, spans), tuple(findings), foreign)

    def _place(self, token: Token, to: Destination) -> Finding | None:
        """The credential that the slot holds whole; None when nobody knows it."""
        secure = to.scheme in SECURE
        names = self.index.named(token.value)
        if names:
            at_home = (
                name for name in names if secure and self._bound(name, token, to)
            )
            return next((self._registered(token, name) for name in at_home), None)
        match = self._recall(token)
        if match is None or not secure:
            return None
        if not in_slot(token.slot, ("", *match.rule.slots)):
            return None
        own = host_matches(to.host, match.rule.hosts)
        return Finding(
            match.rule.id,
            Kind.PATTERN,
            match.tier,
            token.slot,
            token.part,
            token.span,
            self.digest(token.value),
            match.rule.family,
            token.slot,
            Place.VENDOR_SLOT if own else Place.OTHER_SLOT,
        )

    def _bound(self, name: str, token: Token, to: Destination) -> bool:
        allowed = self.index.info(name).slots
        return host_matches(to.host, self.homes[name]) and in_slot(token.slot, allowed)

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

    def _recall(self, token: Token) -> Match | None:
        key = hashlib.blake2b(token.value, digest_size=16).digest()
        if key not in self.known:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[key] = self._whole(token)
        return self.known[key]

    def _whole(self, token: Token) -> Match | None:
        """The rule that the whole token satisfies, when nothing else is in it."""
        decoded = decode((Part(PartKind.HEADER, token.value),), self.limits)
        if decoded.truncated or self.index.scan(decoded.views):
            return None
        matches = self.engine.scan(decoded.views).matches
        outside = [m for m in matches if m.view.depth == 0 and not m.view.parent]
        if any(
            m not in outside and m.tier in (Tier.CERTAIN, Tier.STRONG) for m in matches
        ):
            return None
        whole = [m for m in outside if m.stop - m.start == len(token.value)]
        return min(whole, key=lambda m: _RANK[m.tier], default=None)


def in_slot(slot: str, allowed: Sequence[str]) -> bool:
    """Whether `slot` is one of `allowed`; none named means the credential headers."""
    if slot in allowed or "any" in allowed:
        return True
    usual = slot == "basic" or slot.removeprefix("header:") in CREDENTIAL_HEADERS
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
