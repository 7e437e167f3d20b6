"""
Statements that make no sense: options that mean nothing together, and statements that
can never decide anything because a stronger one always does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from dlp.errors import Problem
from dlp.policy.hosts import pattern_covers
from dlp.policy.paths import glob_covers
from dlp.policy.schema import PolicyModel, StatementModel
from dlp.policy.statement import READING, Agents, Statement, any_path
from dlp.rulefile import Located


def without_meaning(one: StatementModel) -> Iterator[tuple[str, str, str]]:
    """Key, what is wrong with it, and the remedy."""
    if one.effect == "deny":
        for key in ("kind", "on_secret", "restore", "inspect", "shared"):
            if key in one.model_fields_set:
                yield key, f"`{key}` means nothing in a deny", "remove it"
        return
    if one.kind == "open":
        yield from _open(one)
    if one.inspect == "none":
        yield from _uninspected(one)


def _open(one: StatementModel) -> Iterator[tuple[str, str, str]]:
    for method in one.methods:
        if method not in READING:
            what = f"`kind: open` never allows {method}"
            yield "methods", what, "name GET and HEAD, or leave it out"
    for key in ("on_secret", "restore"):
        if key in one.model_fields_set:
            yield key, "`kind: open` blocks whatever holds a secret", "remove it"


def _uninspected(one: StatementModel) -> Iterator[tuple[str, str, str]]:
    if one.effect == "approve" or one.kind == "open":
        what = "`inspect: none` leaves nothing to judge"
        yield "inspect", what, "use it in a plain `effect: allow`"
    for key in ("methods", "paths", "on_secret", "restore"):
        if key in one.model_fields_set:
            what = f"`{key}` needs inspection, and `inspect: none` forbids it"
            yield "inspect", what, f"remove `{key}` or `inspect: none`"


def shadows(
    located: Located[PolicyModel], statements: tuple[Statement, ...]
) -> Iterator[Problem]:
    """
    One problem for each statement without effect.

    A statement counts as covered when each of its hosts is covered by one stronger
    statement as a whole; what only several of them cover together is not found.
    """
    if statements and all(one.effect == "deny" for one in statements):
        yield located.problem(
            ("statements",),
            "no statement allows anything",
            "add one that does, or write `statements: []` to refuse all",
        )
    stronger = _by_host(one for one in statements if one.effect != "allow")
    for one in statements:
        if one.effect == "deny":
            continue
        over = [_coverer(one, host, stronger) for host in one.hosts]
        found = list(dict.fromkeys(s.id for s in over if s is not None))
        if None not in over:
            names = " and ".join(f"`{name}`" for name in found)
            yield located.problem(
                ("statements", one.order, "id"),
                f"`{one.id}` can never match: {names} decides first",
                "remove it, or narrow what stands before it",
            )


def _by_host(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    for one in statements:
        for pattern in one.hosts:
            found[pattern].append(one)
    return found


def _coverer(
    one: Statement, host: str, stronger: dict[str, list[Statement]]
) -> Statement | None:
    for pattern in _at_least(host):
        for other in stronger.get(pattern, ()):
            if other.rank < one.rank and _covers(other, one, host, pattern):
                return other
    return None


def _at_least(host: str) -> Iterator[str]:
    """The patterns that could cover a host pattern."""
    yield host
    name = host.removeprefix("*.")
    while name := name.partition(".")[2]:
        yield f"*.{name}"
    yield "*"


def _covers(other: Statement, one: Statement, host: str, pattern: str) -> bool:
    return (
        pattern_covers(pattern, host)
        and (pattern != "*" or other.in_everywhere(host.removeprefix("*.")))
        and _all_agents(other.agents, one.agents)
        and (other.ports is None or (one.ports or {0}) <= other.ports)
        and _all_methods(other, one)
        and _all_paths(other.globs, one.globs)
    )


def _all_agents(general: Agents, special: Agents) -> bool:
    if general.everyone or special.everyone:
        return general.everyone
    return special.pattern is None and all(agent in general for agent in special.ids)


def _all_methods(other: Statement, one: Statement) -> bool:
    if other.methods is None:
        return other.effect == "deny" or one.methods is None
    return one.methods is not None and one.methods <= other.methods


def _all_paths(general: tuple[str, ...], special: tuple[str, ...]) -> bool:
    if any_path(general):
        return True
    return not any_path(special) and all(
        any(glob_covers(wide, narrow) for wide in general) for narrow in special
    )
