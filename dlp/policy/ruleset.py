"""
A compiled policy: what one set of rules says about any destination.

Precedence: deny, then approve, then allow; what no statement matches is refused. Among
statements of one effect the one that names the host most closely decides (the host
itself, the longest suffix, `*`), and of equals the first in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from dlp.model import Channel, Deadlines, Destination, Limits, Retention
from dlp.policy.hosts import HostIndex
from dlp.policy.index import Bucket, ByPath
from dlp.policy.reach import Caps, Mode, Reach
from dlp.policy.statement import WEBSOCKET, Statement

type _Ranked = tuple[int, int, int, Statement]
"""Precedence, closeness of the host, place in the file; never compared further."""

_EVERYWHERE = 256
"""Level of `*`: beyond that of every suffix, because a name has 127 labels at most."""
_NOBODY = "no statement allows it"
AMBIGUOUS = "ambiguous-path"
"""Stands for a statement where the path can be read in more than one way."""
_EITHER = "servers could disagree about this path, and statements here have `paths`"


@dataclass(frozen=True, slots=True)
class Upstream:
    """How the proxy itself connects."""

    allow_private: tuple[IPv4Network | IPv6Network, ...] = ()
    trusted_ca: tuple[str, ...] = ()
    """Absolute paths of PEM files."""


@dataclass(frozen=True, slots=True)
class Cage:
    """What `dlp run` lets the command it contains see, write and know."""

    hide: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """One generation of `policy.yaml`. Immutable; swapped whole on reload."""

    statements: tuple[Statement, ...]
    index: HostIndex[Bucket] = field(repr=False)
    pinned: HostIndex[bool] = field(repr=False)
    methods: frozenset[str]
    """Methods beyond the common ones that some statement names."""
    mode: Mode = "enforce"
    upstream: Upstream = field(default_factory=Upstream)
    limits: Limits = field(default_factory=Limits)
    caps: Caps = field(default_factory=Caps)
    examples: Literal["ignore", "block"] = "ignore"
    cage: Cage = field(default_factory=Cage)
    retention: Retention = field(default_factory=Retention)
    deadlines: Deadlines = field(default_factory=Deadlines)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """As written; what else names hosts (a secret's binding) may refer to them."""
    generation: str = ""
    """Digest of the file: equal texts have equal generations."""

    def reach(self, agent: str, to: Destination) -> Reach:
        """What is said of one request, or of one WebSocket."""
        websocket = to.channel is Channel.WEBSOCKET or to.scheme in ("ws", "wss")
        method = WEBSOCKET if websocket else to.method
        best: _Ranked | None = None
        wildcard, path_rules = True, False
        for level, here in self._levels(agent, to.host):
            path_rules = path_rules or any(
                _meant(one, level, agent, to.host, to.port) and one.has_method(method)
                for one in here.ruled
            )
            for one in here.find(to.path):
                if (
                    _meant(one, level, agent, to.host, to.port)
                    and one.has_method(method)
                    and one.has_path(to.path)
                ):
                    ranked = (one.rank, level, one.order, one)
                    best = min(best or ranked, ranked)
                    wildcard &= level == _EVERYWHERE
        if to.ambiguous and path_rules:
            return Reach(
                "deny", AMBIGUOUS, mode=self.mode, path_rules=True, why=_EITHER
            )
        if best is None:
            return Reach("none", mode=self.mode, path_rules=path_rules, why=_NOBODY)
        return self._reach(best[3], to.host, wildcard=wildcard, path_rules=path_rules)

    def reach_host(self, agent: str, host: str, port: int) -> Reach:
        """
        What is said of a host before any request to it is seen (at CONNECT): `deny`
        and `none` when every request would be refused, else `allow` or `approve`.
        """
        best: _Ranked | None = None
        wildcard, path_rules, selective = True, False, False
        for level, here in self._levels(agent, host):
            path_rules = path_rules or any(
                _meant(one, level, agent, host, port) for one in here.ruled
            )
            for one in here.ranked:
                if not _meant(one, level, agent, host, port):
                    continue
                selective |= one.conditional and one.effect != "allow"
                if one.connect_rank is None:
                    continue
                ranked = (one.connect_rank, level, one.order, one)
                best = min(best or ranked, ranked)
                wildcard &= level == _EVERYWHERE
                if one.effect == "allow" and one.inspect and not here.selective:
                    break  # nothing behind it is stronger, or asks to be looked for
        if best is None:
            return Reach("none", mode=self.mode, path_rules=path_rules, why=_NOBODY)
        reach = self._reach(best[3], host, wildcard=wildcard, path_rules=path_rules)
        if selective and not reach.inspect:
            return replace(reach, inspect=True)
        return reach

    def is_pinned(self, host: str) -> bool:
        """Whether a host accepts registered credentials only."""
        return any(self.pinned.find(host)) or any(self.pinned.everywhere())

    def _levels(self, agent: str, host: str) -> Iterator[tuple[int, ByPath]]:
        for level, bucket in enumerate(self.index.find(host)):
            for here in bucket.of(agent):
                yield level, here
        for bucket in self.index.everywhere():
            for here in bucket.of(agent):
                yield _EVERYWHERE, here

    def _reach(
        self, by: Statement, host: str, *, wildcard: bool, path_rules: bool
    ) -> Reach:
        return Reach(
            by.effect,
            by.id,
            by.kind,
            by.on_secret,
            by.inspect,
            self.mode,
            self.is_pinned(host),
            wildcard,
            path_rules,
            self.caps if by.kind == "open" else None,
            by.why,
            by.restore,
        )


def _meant(one: Statement, level: int, agent: str, host: str, port: int) -> bool:
    return (
        agent in one.agents
        and one.has_port(port)
        and (level != _EVERYWHERE or one.in_everywhere(host))
    )
