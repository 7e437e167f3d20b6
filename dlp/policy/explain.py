"""
Why a policy says what it says of one request: what decides, what was overruled, and
which statements would have matched but for one thing. Looks at every statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from dlp.model import Channel, Destination
from dlp.policy.names import normal_authority, normal_path
from dlp.policy.reach import Reach
from dlp.policy.ruleset import Policy
from dlp.policy.statement import WEBSOCKET, Statement

DEFAULT_PORT = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_NEAREST = 5
_ALIKE = 0.85
"""Above this ratio (difflib) two hosts look like a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A statement that would match but for one thing."""

    statement: str
    effect: str
    lacks: str
    """`hosts`, `agents`, `ports`, `methods` or `paths`."""
    has: tuple[str, ...]
    """What it has there; empty where it was left out."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole story of one request that was never made."""

    destination: Destination
    reach: Reach
    connect: Reach
    """What is said before the request is seen, when it comes through a tunnel."""
    overruled: tuple[str, ...]
    """Statements that match too, in the order of the file."""
    misses: tuple[Miss, ...]


def parse_request(method: str, url: str) -> Destination:
    """
    The destination as the proxy would see it.

    Raises:
        ValueError: the URL has no scheme that the proxy carries, or no proper host.
    """
    split = urlsplit(url)
    if split.scheme not in DEFAULT_PORT:
        raise ValueError("the URL must begin with http://, https://, ws:// or wss://")
    host, port = normal_authority(split.netloc)
    path, ambiguous = normal_path(split.path or "/")
    channel = Channel.WEBSOCKET if split.scheme in ("ws", "wss") else Channel.HTTP
    return Destination(
        split.scheme,
        host,
        port or DEFAULT_PORT[split.scheme],
        method.upper(),
        path,
        channel,
        ambiguous=ambiguous,
    )


def explain(policy: Policy, agent: str, to: Destination) -> Explanation:
    """What decides about a request, and what nearly would have."""
    reach = policy.reach(agent, to)
    matching, near = [], []
    for one in policy.statements:
        lacking = [
            name for name, says in _QUESTIONS.items() if not says(one, agent, to)
        ]
        if not lacking:
            matching.append(one.id)
        elif len(lacking) == 1 and (lacking[0] != "hosts" or _alike(one, to.host)):
            near.append(Miss(one.id, one.effect, lacking[0], _has(one, lacking[0])))
    return Explanation(
        to,
        reach,
        policy.reach_host(agent, to.host, to.port),
        tuple(name for name in matching if name != reach.statement),
        tuple(near[:_NEAREST]),
    )


def _method(to: Destination) -> str:
    return WEBSOCKET if to.channel is Channel.WEBSOCKET else to.method


_QUESTIONS: dict[str, Callable[[Statement, str, Destination], bool]] = {
    "hosts": lambda one, _, to: one.has_host(to.host),
    "agents": lambda one, agent, _: agent in one.agents,
    "ports": lambda one, _, to: one.has_port(to.port),
    "methods": lambda one, _, to: one.has_method(_method(to)),
    "paths": lambda one, _, to: one.has_path(to.path),
}


def _has(one: Statement, what: str) -> tuple[str, ...]:
    values: dict[str, Callable[[], Iterator[str]]] = {
        "hosts": lambda: iter(one.hosts),
        "agents": lambda: iter(sorted(one.agents.written)),
        "ports": lambda: (str(port) for port in sorted(one.ports or ())),
        "methods": lambda: iter(sorted(one.methods or ())),
        "paths": lambda: iter(one.globs),
    }
    return tuple(values[what]())


def _alike(one: Statement, host: str) -> bool:
    for pattern in one.hosts:
        name = pattern.removeprefix("*.")
        if host.endswith(f".{name}") or name.endswith(f".{host}") or name == host:
            return True
        if SequenceMatcher(None, name, host).ratio() > _ALIKE:
            return True
    return False
