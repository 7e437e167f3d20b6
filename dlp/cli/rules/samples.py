"""`dlp rules test`: the samples that every detector rule carries, run."""

from __future__ import annotations

import json as jsonlib
from collections import defaultdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dlp.cli.folders import RulesOption, rules_folder
from dlp.detect.rules import Rule, load_rules
from dlp.detect.samples import Trial, trials
from dlp.errors import UsageError
from dlp.state.folder import usual_cache


def samples(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Rules to test.  [default: all]")
    ] = None,
    rules: RulesOption = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """
    Run the samples of the rules; exit 1 when one does not do what it claims.
    """
    chosen = _chosen(load_rules(rules_folder(rules), cache=usual_cache()), ids or [])
    tried = {rule: list(trials(rule)) for rule in chosen}
    faults = [trial for each in tried.values() for trial in each if trial.fault]
    if json:
        typer.echo(jsonlib.dumps({"ok": not faults, "rules": _told(tried)}))
    else:
        for trial in faults:
            typer.secho(f"error: {trial.problem()}", fg="red", err=True)
        Console(soft_wrap=True, markup=False, emoji=False).print(
            _each(tried) if ids else _families(tried)
        )
    raise typer.Exit(1 if faults else 0)


def _chosen(rules: tuple[Rule, ...], ids: list[str]) -> list[Rule]:
    known = {rule.id: rule for rule in rules}
    if unknown := [name for name in ids if name not in known]:
        raise UsageError(f"no such rule: {', '.join(unknown)}")
    return [known[name] for name in ids] if ids else list(rules)


def _told(tried: dict[Rule, list[Trial]]) -> list[dict[str, object]]:
    return [
        {
            "id": rule.id,
            "family": rule.family,
            "samples": len(each),
            "faults": [str(trial.problem()) for trial in each if trial.fault],
        }
        for rule, each in tried.items()
    ]


def _families(tried: dict[Rule, list[Trial]]) -> Table:
    families: dict[str, list[list[Trial]]] = defaultdict(list)
    for rule, each in tried.items():
        families[rule.family].append(each)
    table = Table("family", "rules", "samples", "failed")
    for family, lists in sorted(families.items()):
        flat = [trial for each in lists for trial in each]
        failed = sum(bool(trial.fault) for trial in flat)
        table.add_row(family, str(len(lists)), str(len(flat)), str(failed))
    return table


def _each(tried: dict[Rule, list[Trial]]) -> Table:
    table = Table("rule", "sample", "must fire", "holds")
    for rule, each in tried.items():
        for trial in each:
            wanted = "yes" if trial.wanted else "no"
            holds = trial.fault or "yes"
            table.add_row(rule.id, trial.template, wanted, holds)
    return table
