"""
Statements by host, then agent, then leading path segments.

The number of statements looked at for one request is that of those which could match
it, so a decision costs the same among ten statements and among ten thousand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dlp.policy.hosts import HostIndex
from dlp.policy.paths import literal_prefix
from dlp.policy.statement import Statement

_FEW = 32
"""A statement that names more agents than this is kept once, not once for each."""


class ByPath:
    """Statements of one host and agent, by the literal beginning of their paths."""

    __slots__ = ("_by_prefix", "_depth", "ranked", "ruled", "selective")

    def __init__(self, statements: Sequence[Statement]) -> None:
        by_prefix: dict[str, dict[int, Statement]] = defaultdict(dict)
        for one in statements:
            for glob in one.globs if one.path_pattern else ("",):
                by_prefix[literal_prefix(glob)][one.order] = one
        self._by_prefix = {p: tuple(s.values()) for p, s in by_prefix.items()}
        self._depth = max((p.count("/") for p in by_prefix), default=0)
        self.ruled = tuple(
            {
                (one.effect, one.agents, one.ports, one.methods): one
                for one in statements
                if one.path_pattern
            }.values()
        )
        """One for each way in which those with paths differ besides their paths."""
        self.selective = any(o.conditional and o.effect != "allow" for o in statements)
        self.ranked = tuple(sorted(statements, key=_for_connect))

    def find(self, path: str) -> Iterator[Statement]:
        """Those whose paths could match; one with several globs may come twice."""
        yield from self._by_prefix.get("", ())
        if self._depth:
            prefix = ""
            for segment in path.lower().split("/", self._depth + 1)[
                1 : self._depth + 1
            ]:
                prefix += f"/{segment}"
                if prefix in self._by_prefix:
                    yield from self._by_prefix[prefix]


class Bucket:
    """Statements of one host pattern, by agent."""

    __slots__ = ("_agents", "_everyone")

    def __init__(self, statements: Iterable[Statement]) -> None:
        named: dict[str, list[Statement]] = defaultdict(list)
        rest: list[Statement] = []
        for one in statements:
            if one.agents.pattern or len(one.agents.ids) > _FEW:
                rest.append(one)
            else:
                for agent in one.agents.ids:
                    named[agent].append(one)
        self._agents = {agent: ByPath(those) for agent, those in named.items()}
        self._everyone = ByPath(rest)

    def of(self, agent: str) -> tuple[ByPath, ...]:
        """What this agent's statements are among."""
        own = self._agents.get(agent)
        return (own, self._everyone) if own else (self._everyone,)


def index_statements(statements: Iterable[Statement]) -> HostIndex[Bucket]:
    """The index of a whole policy."""
    by_host: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        for pattern in one.hosts:
            by_host[pattern].append(one)
    return HostIndex((pattern, Bucket(those)) for pattern, those in by_host.items())


def _for_connect(one: Statement) -> tuple[int, int]:
    """
    What decides without a method or path, then what may allow, then the rest: a loop
    can stop at the first `allow` unless it must know of every later refusal.
    """
    rank = one.connect_rank
    return (4 if rank is None else rank), one.order
