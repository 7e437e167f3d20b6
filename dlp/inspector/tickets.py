"""
Tokens that hosts issued, in a message: at home with their issuer, a finding elsewhere.

Elsewhere they are `likely` (design, section 8): counted in a credential header, which
another host may well take, and refused in any other place. A JWT goes by what it says
of whom it is for: in no slot of others, or, when it names no host, in any slot. What a
cloud issued, the hosts that it names for its customers get in slots alone.

Why not in `slots`: that knows credentials by their shape or name before anything is
decoded; these are found in what was decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dlp.detect.known.fingerprint import SecretHit
from dlp.detect.known.issued import audience
from dlp.detect.known.learned import LearnedIndex, issuer_of
from dlp.detect.proof.checks import is_jwt
from dlp.inspector.slots import SECURE
from dlp.model import Destination, Finding, Kind, Place, Tier, noun
from dlp.policy.credentials import Token, host_matches
from dlp.policy.parties import at_home, meant_for

RULE = "issued-token"


@noun
class Tickets:
    """What hosts issued until now, as one destination sees it."""

    learned: LearnedIndex
    to: Destination
    pinned: Callable[[str], bool]
    """Whether policy pins a host."""

    def taken(self, token: Token) -> bool | None:
        """Whether this host takes an issued token in its slot; None: no host did."""
        names = self.learned.named(token.value) if self.learned.parts else ()
        if not names:
            return None
        if not self._strangers(names):
            return True
        if self.to.scheme not in SECURE:
            return False
        if any(host_matches(self.to.host, self._homes(name)) for name in names):
            return True
        if is_jwt(token.value):
            meant = audience(token.value)
            return not meant or any(meant_for(self.to.host, name) for name in meant)
        return _in_header(token)

    def gave(self, token: Token) -> bool:
        """Whether this host, or another of its party, issued the token."""
        names = self.learned.named(token.value)
        return bool(names) and not self._strangers(names)

    def gave_back(self, token: Token) -> bool:
        """Whether a pinned host of this party issued the token."""
        names = self.learned.named(token.value)
        return self.gave(token) and any(self.pinned(issuer_of(name)) for name in names)

    def findings(
        self,
        hits: Sequence[SecretHit],
        filled: Sequence[Token],
        digest: Callable[[bytes], str],
    ) -> Iterator[Finding]:
        """What others issued; `hits`: where it stands, `filled`: the slots."""
        if not self.learned.parts:
            return
        met: set[tuple[str, int, object]] = set()
        for token in filled:
            if self.taken(token):
                for name in self._strangers(self.learned.named(token.value)):
                    met.add((name, token.part, token.span))
                    yield _seated(name, token, digest)
        for hit in hits:
            if hit.complete and self._strangers((hit.name,)):
                found = self._loose(hit, filled, digest)
                place = (hit.name, found.part, found.span or found.path)
                if place not in met:
                    met.add(place)
                    yield found

    def _strangers(self, names: Sequence[str]) -> tuple[str, ...]:
        """The names, unless this host is home to one of them."""
        if any(at_home(self.to.host, self._homes(name)) for name in names):
            return ()
        return tuple(names)

    def _homes(self, name: str) -> tuple[str, ...]:
        return self.learned.info(name).hosts

    def _loose(
        self, hit: SecretHit, filled: Sequence[Token], digest: Callable[[bytes], str]
    ) -> Finding:
        view, span = hit.view, None
        if hit.start is not None and hit.stop is not None:
            span = view.raw_span(hit.start, hit.stop)
        for token in filled:
            within = token.part == view.part and span and _holds(token.span, span)
            if within and self.taken(token):
                return _seated(hit.name, token, digest)
        mark = digest(hit.name.encode())
        return Finding(
            RULE, Kind.PATTERN, Tier.LIKELY, view.path, view.part, span, mark, "issued"
        )


def _seated(name: str, token: Token, digest: Callable[[bytes], str]) -> Finding:
    return Finding(
        RULE,
        Kind.PATTERN,
        Tier.LIKELY,
        token.slot,
        token.part,
        token.span,
        digest(name.encode()),
        "issued",
        token.slot,
        Place.OTHER_SLOT,
    )


def _in_header(token: Token) -> bool:
    return token.slot == "basic" or token.slot.startswith("header:")


def _holds(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
