"""
What is legal in a policy and should still make somebody look twice.

Each piece of advice is one function over the loaded file and the compiled policy; all
of them stand in `ADVICE` by name, in the order in which a reader should think of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from dlp.errors import Problem
from dlp.policy.addresses import may_connect
from dlp.policy.hosts import is_literal, pattern_covers
from dlp.policy.ruleset import Policy
from dlp.policy.schema import PolicyModel
from dlp.policy.statement import READING, Statement
from dlp.policy.suffixes import shared_suffix, tenant_in_path
from dlp.rulefile import Located


@dataclass(frozen=True, slots=True)
class _Case:
    located: Located[PolicyModel]
    policy: Policy
    agents: Collection[str] | None

    def at(self, one: Statement, key: str, what: str, remedy: str) -> Problem:
        keys = ("statements", one.order, key)
        return self.located.problem(keys, f"`{one.id}` {what}", remedy)


def advise(
    located: Located[PolicyModel],
    policy: Policy,
    agents: Collection[str] | None = None,
    names: Collection[str] | None = None,
) -> list[Problem]:
    """
    Warnings in the order of the file; `agents` are the registered ones, if known.

    `names` keeps to that advice; None is all of it.
    """
    case = _Case(located, policy, agents)
    wanted = ADVICE if names is None else names
    found = [problem for name in wanted for problem in ADVICE[name](case)]
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _observed(case: _Case) -> Iterator[Problem]:
    if case.policy.mode == "observe":
        yield case.located.problem(
            ("mode",),
            "`mode: observe` lets pass what it would refuse",
            "write `mode: enforce` once the record looks right",
        )


def _nothing(case: _Case) -> Iterator[Problem]:
    if not case.policy.statements:
        what, remedy = "nothing is allowed", "add a statement that allows something"
        yield case.located.problem(("statements",), what, remedy)


def _everywhere(case: _Case) -> Iterator[Problem]:
    for one in case.policy.statements:
        if one.effect == "allow" and one.kind == "plain" and "*" in one.hosts:
            done = "written to" if _writes(one) else "read with credentials"
            yield case.at(
                one,
                "hosts",
                f"lets every public host be {done}",
                "name the hosts, or write `kind: open`",
            )


def _everybody(case: _Case) -> Iterator[Problem]:
    for one in case.policy.statements:
        if one.effect != "allow" or one.kind != "plain":
            continue
        for pattern in one.hosts:
            if pattern.startswith("*.") and shared_suffix(pattern[2:]):
                what = f"reaches everybody's hosts: `{pattern}`"
                yield case.at(one, "hosts", what, "name the hosts where you can")


def _tenants(case: _Case) -> Iterator[Problem]:
    for one in case.policy.statements:
        if one.effect != "allow" or one.globs or not _writes(one):
            continue
        for host in filter(tenant_in_path, one.hosts):
            yield case.at(
                one,
                "hosts",
                f"lets every tenant of `{host}` be written to",
                "add `paths` that name yours, or `methods: [GET, HEAD]`",
            )


def _unread(case: _Case) -> Iterator[Problem]:
    for one in case.policy.statements:
        if one.inspect:
            continue
        what = "is not inspected: a secret that goes there is not seen"
        yield case.at(one, "inspect", what, "keep it to apps that pin certificates")
        for other in case.policy.statements:
            if other.conditional and other.effect != "allow" and _meet(one, other):
                yield case.at(
                    one,
                    "inspect",
                    f"is inspected all the same where `{other.id}` applies",
                    f"take these hosts out of `{other.id}`, or its methods and paths",
                )


def _restored(case: _Case) -> Iterator[Problem]:
    for one in case.policy.statements:
        if not one.restore:
            continue
        if one.on_secret != "redact":  # noqa: S105
            what = "puts back only what a rule of its own says to cut out"
            yield case.at(one, "restore", what, "write `on_secret: redact` as well")
        if "*" in one.hosts:
            what = "puts secrets back where any host's answer wants them"
            yield case.at(one, "restore", what, "name the hosts of your models")


def _unreachable_pins(case: _Case) -> Iterator[Problem]:
    passing = [s for s in case.policy.statements if s.effect != "deny"]
    model = case.located.value
    for number, text in enumerate(model.pinned):
        members = model.groups.get(text[1:], ()) if text.startswith("@") else (text,)
        for host in members:
            patterns = (pattern for one in passing for pattern in one.hosts)
            if not any(_overlap(pattern, host.lower()) for pattern in patterns):
                yield case.located.problem(
                    ("pinned", number),
                    f"no statement lets `{host}` be reached",
                    "correct the name, or allow it",
                )


def _private(case: _Case) -> Iterator[Problem]:
    opened = case.policy.upstream.allow_private
    for one in case.policy.statements:
        if one.effect == "deny":
            continue
        for host in one.hosts:
            if is_literal(host) and not may_connect(host, opened):
                yield case.at(
                    one,
                    "hosts",
                    f"names `{host}`, which is not a public address",
                    "add its network to `upstream.allow_private`",
                )


def _opened(case: _Case) -> Iterator[Problem]:
    for number, text in enumerate(case.located.value.upstream.allow_private):
        network = ip_network(text)
        for address, service in _EXPOSED.items():
            if ip_address(address) in network:
                what = f"`{text}` opens {service} to agents"
                keys = ("upstream", "allow_private", number)
                yield case.located.problem(keys, what, "narrow it to what is needed")


_EXPOSED = {
    "127.0.0.1": "this machine's own services",
    "::1": "this machine's own services",
    "169.254.169.254": "the cloud's metadata service",
    "fd00:ec2::254": "the cloud's metadata service",
}


def _strangers(case: _Case) -> Iterator[Problem]:
    if case.agents is None:
        return
    seen: set[str] = set()
    for one in case.policy.statements:
        for agent in sorted(one.agents.ids - set(case.agents) - seen):
            seen.add(agent)
            what = f"names the agent `{agent}`, which is not registered"
            yield case.at(one, "agents", what, f"run `dlp agents add {agent}`")


def _writes(one: Statement) -> bool:
    return one.methods is None or not one.methods <= READING


def _meet(one: Statement, other: Statement) -> bool:
    return any(_overlap(a, b) for a in one.hosts for b in other.hosts)


def _overlap(one: str, other: str) -> bool:
    return pattern_covers(one, other) or pattern_covers(other, one)


ADVICE: dict[str, Callable[[_Case], Iterator[Problem]]] = {
    "observe": _observed,
    "nothing": _nothing,
    "everywhere": _everywhere,
    "everybody": _everybody,
    "tenants": _tenants,
    "unread": _unread,
    "restored": _restored,
    "unreachable-pins": _unreachable_pins,
    "private": _private,
    "opened": _opened,
    "strangers": _strangers,
}
