"""`dlp rules explain`: what the policy says of a request that nobody made yet."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from dlp.cli.folders import RulesOption, rules_folder
from dlp.errors import UsageError
from dlp.policy.compile import compile_policy, read_policy
from dlp.policy.explain import Explanation, Miss, parse_request
from dlp.policy.explain import explain as explain_request
from dlp.policy.reach import Reach
from dlp.policy.ruleset import AMBIGUOUS
from dlp.policy.schema import PolicyModel
from dlp.rulefile import Located

_OUTCOMES = {
    "allow": "allowed",
    "approve": "refused: it asks for an approval, which cannot be given yet",
    "deny": "denied",
    "none": "denied: no statement allows it",
}


def explain(
    method: Annotated[str, typer.Argument(help="GET, POST, ...")],
    url: Annotated[str, typer.Argument(help="https://host/path, or wss://...")],
    agent: Annotated[str, typer.Option(help="Agent id.")] = "default",
    rules: RulesOption = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Which statement decides about a request, and why; exit 1 when it is refused."""
    located = read_policy(rules_folder(rules))
    policy = compile_policy(located)
    try:
        destination = parse_request(method, url)
    except ValueError as error:
        raise UsageError(f"{url}: {error}") from error
    told = explain_request(policy, agent, destination)
    if json:
        typer.echo(jsonlib.dumps(asdict(told)))
    else:
        for line in _story(told, agent, located):
            typer.echo(line)
    raise typer.Exit(1 if told.reach.effect in ("deny", "none") else 0)


def _story(
    told: Explanation, agent: str, located: Located[PolicyModel]
) -> Iterator[str]:
    to, reach = told.destination, told.reach
    yield f"{agent}: {to.method} {to.scheme}://{to.host}:{to.port}{to.path}"
    yield f"  {_OUTCOMES[reach.effect]}"
    if reach.statement == AMBIGUOUS:
        yield f"  because {reach.why}"
    elif reach.statement:
        yield f"  decided by {_named(reach.statement, located)}"
    yield from (f"  {line}" for line in _terms(reach))
    if told.overruled:
        names = ", ".join(_named(name, located) for name in told.overruled)
        yield f"  also matching, and overruled: {names}"
    for miss in told.misses if reach.effect != "allow" else ():
        name = _named(miss.statement, located)
        yield f"  {name} would {miss.effect} it, {_but(miss)}"


def _terms(reach: Reach) -> Iterator[str]:
    if reach.mode == "observe" and reach.effect != "allow":
        yield "mode is observe: it is recorded, and passes"
    if reach.effect in ("deny", "none"):
        return
    if reach.caps is not None:
        yield (
            "open: no body, no credentials, at most "
            f"{reach.caps.url} bytes and {reach.caps.entropy} bits of path and query"
        )
    if not reach.inspect:
        yield "not inspected"
    if reach.on_secret == "redact":  # noqa: S105
        yield "a secret in it is cut out, and the rest goes on"
    if reach.restore:
        yield "what was cut out is put back where its answer names it"
    if reach.pinned:
        yield "pinned: only registered credentials"
    if reach.wildcard and reach.kind == "plain":
        yield "only `*` names this host: a vendor's credential does not pass"


def _named(statement: str, located: Located[PolicyModel]) -> str:
    ids = [one.id for one in located.value.statements]
    line, _ = located.at("statements", ids.index(statement), "id")
    return f"`{statement}` (line {line})"


def _but(miss: Miss) -> str:
    if not miss.has:
        return f"were it not for its {miss.lacks}"
    return f"were its {miss.lacks} not only {', '.join(miss.has)}"
