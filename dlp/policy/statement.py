"""One compiled statement: five questions about a destination, one method each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from dlp.policy.hosts import HostIndex, is_public_name
from dlp.policy.paths import ANY, compile_globs
from dlp.policy.reach import Kind, OnSecret

COMMON_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
"""What `any` method means where something is let through; others must be named."""
WEBSOCKET = "WEBSOCKET"
"""Stands for the method of a WebSocket, whose GET opens a way for data out."""
_ANY_METHOD = COMMON_METHODS | {WEBSOCKET}
READING = frozenset({"GET", "HEAD"})
PRECEDENCE = {"deny": 0, "approve": 1, "allow": 2}
_SAYS = {
    "deny": "denied by",
    "approve": "needs the approval that is asked for by",
    "allow": "allowed by",
}
DEFAULT_PORTS = frozenset({443, 80})


@dataclass(frozen=True, slots=True)
class Agents:
    """A set of agents: ids, and patterns with `*`."""

    ids: frozenset[str]
    globs: frozenset[str]
    pattern: re.Pattern[str] | None = field(repr=False, compare=False)

    @property
    def everyone(self) -> bool:
        """Whether it is a set of all agents, registered or not."""
        return "*" in self.globs

    @property
    def written(self) -> frozenset[str]:
        """As the file has them, groups written out."""
        return self.ids | self.globs

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Agents:
        """Compile what `agents` lists, groups already written out."""
        listed = frozenset(patterns)
        globs = frozenset(text for text in listed if "*" in text)
        source = "|".join(".*".join(map(re.escape, g.split("*"))) for g in globs)
        return cls(listed - globs, globs, re.compile(source) if globs else None)

    def __contains__(self, agent: str) -> bool:
        return (
            agent in self.ids
            or "*" in self.globs
            or (self.pattern is not None and self.pattern.fullmatch(agent) is not None)
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it is asked, not as it is written."""

    id: str
    order: int
    """Its place in the file; of equals the first decides."""
    effect: Literal["allow", "deny", "approve"]
    kind: Kind
    agents: Agents
    hosts: tuple[str, ...]
    """Patterns in normal form, groups written out."""
    ports: frozenset[int] | None
    """None is every port."""
    methods: frozenset[str] | None
    """None is every method."""
    globs: tuple[str, ...]
    """Empty is every path."""
    on_secret: OnSecret
    inspect: bool
    path_pattern: re.Pattern[str] | None = field(repr=False, compare=False)
    restore: bool = False

    @property
    def rank(self) -> int:
        """Smaller wins."""
        return PRECEDENCE[self.effect]

    @property
    def conditional(self) -> bool:
        """Whether it takes more than a host and a port to know if it matches."""
        return self.methods is not None or self.path_pattern is not None

    @property
    def connect_rank(self) -> int | None:
        """Smaller wins at CONNECT; None when only a request can tell if it refuses."""
        if self.conditional and self.effect == "deny":
            return None
        return 3 if self.conditional and self.effect == "approve" else self.rank

    @property
    def why(self) -> str:
        """What a decision by this statement says of itself."""
        return f"{_SAYS[self.effect]} `{self.id}`"

    def has_port(self, port: int) -> bool:
        return self.ports is None or port in self.ports

    def has_method(self, method: str) -> bool:
        """`method` is `WEBSOCKET` for a WebSocket; its GET is enough to refuse it."""
        if self.methods is None:
            return self.effect == "deny" or method in _ANY_METHOD
        if method == WEBSOCKET and self.effect != "allow" and "GET" in self.methods:
            return True
        return method in self.methods

    def has_path(self, path: str) -> bool:
        return (
            self.path_pattern is None or self.path_pattern.fullmatch(path) is not None
        )

    def has_host(self, host: str) -> bool:
        """The same answer as the index gives; for `explain`, which has time."""
        index = HostIndex((pattern, True) for pattern in self.hosts)
        return any(index.find(host)) or ("*" in self.hosts and self.in_everywhere(host))

    def in_everywhere(self, host: str) -> bool:
        """Whether the `*` of this statement means `host`."""
        return self.effect == "deny" or is_public_name(host)


def any_path(globs: tuple[str, ...]) -> bool:
    """Whether the list of globs restricts nothing."""
    return not globs or ANY in globs


def compile_paths(globs: tuple[str, ...], effect: str) -> re.Pattern[str] | None:
    """The pattern of a statement's paths; a refusal does not look at case."""
    if any_path(globs):
        return None
    return compile_globs(globs, ignore_case=effect != "allow")
