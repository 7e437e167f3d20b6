"""`dlp rules check`: everything `dlp up` would refuse, and what is worth a look."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from dlp import alerts
from dlp.cli.folders import RulesOption, rules_folder
from dlp.detect.rules import load_rules
from dlp.detect.samples import faults, verify
from dlp.errors import Problem, RuleError, StateError
from dlp.policy.advice import advise
from dlp.policy.compile import compile_policy, read_policy
from dlp.state.agents import AgentRegistry
from dlp.state.folder import default_folder, is_there, usual_cache


def check(
    rules: RulesOption = None,
    state: Annotated[
        Path | None,
        typer.Option(help="State folder, to know the agents.  [default: per user]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """
    Load every rules file; exit 1 when one is wrong. Warnings do not change that.
    """
    folder = rules_folder(rules)
    problems: list[Problem] = []
    told: dict[str, Any] = {"folder": str(folder or "built-in"), "counts": {}}
    warnings: list[Problem] = []
    for step in (_policy, _detectors, _alerts):
        try:
            warnings += step(folder, state, told)
        except RuleError as error:
            problems += error.problems
    if json:
        told |= {
            "ok": not problems,
            "problems": [asdict(problem) for problem in problems],
            "warnings": [asdict(warning) for warning in warnings],
        }
        typer.echo(jsonlib.dumps(told))
    else:
        _print(told, problems, warnings)
    raise typer.Exit(1 if problems else 0)


def _policy(
    folder: Path | None, state: Path | None, told: dict[str, Any]
) -> list[Problem]:
    located = read_policy(folder)
    policy = compile_policy(located)
    effects = Counter(one.effect for one in policy.statements)
    told["mode"], told["generation"] = policy.mode, policy.generation
    told["counts"] |= {
        "statements": len(policy.statements),
        **{effect: effects[effect] for effect in ("allow", "approve", "deny")},
        "hosts": len({host for one in policy.statements for host in one.hosts}),
        "groups": len(policy.groups),
        "pinned": len(located.value.pinned),
    }
    return advise(located, policy, _registered(state))


def _detectors(
    folder: Path | None, _state: Path | None, told: dict[str, Any]
) -> list[Problem]:
    detectors = load_rules(folder, cache=usual_cache())
    verify(rule for rule in detectors if not rule.imported)
    imported = (rule for rule in detectors if rule.imported)
    told["counts"] |= {
        "detectors": len(detectors),
        "families": len({one.family for one in detectors}),
    }
    return [problem for rule in imported for problem in faults(rule)]


def _alerts(
    folder: Path | None, _state: Path | None, told: dict[str, Any]
) -> list[Problem]:
    located = alerts.read_alerts(folder)
    if located is None:
        return []
    routing = alerts.compile_alerts(located)
    if routing.channels or routing.routes:
        told["counts"] |= {
            "channels": len(routing.channels),
            "routes": len(routing.routes),
        }
    return alerts.advise(located)


def _registered(state: Path | None) -> set[str] | None:
    """Ids of the agents; None when no proxy was ever set up here."""
    try:
        path = state or default_folder()
        if not is_there(path):
            return None
    except StateError:
        if state is not None:
            raise
        return None
    known = {one.id for one in AgentRegistry(path).registered() if not one.revoked_at}
    return known or {"default"}


def _print(
    told: dict[str, Any], problems: list[Problem], warnings: list[Problem]
) -> None:
    for problem in problems:
        typer.secho(f"error: {problem}", fg="red", err=True)
    for warning in warnings:
        typer.secho(f"warning: {warning}", fg="yellow", err=True)
    counted = ", ".join(f"{number} {name}" for name, number in told["counts"].items())
    typer.echo(f"{told['folder']}: {counted or 'nothing could be loaded'}")
    if problems:
        typer.secho(f"{len(problems)} to correct", fg="red")
