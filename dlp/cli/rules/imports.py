"""`dlp rules import`: rules of other scanners as a detector file of ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dlp.broker.recognise import Vendors
from dlp.detect.imported.imports import Imported, import_rules
from dlp.detect.rules import load_rules
from dlp.errors import UsageError
from dlp.model import Tier
from dlp.state.folder import usual_cache

STRONG = (Tier.CERTAIN, Tier.STRONG)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="gitleaks or betterleaks TOML; kingfisher, titus or nosey parker YAML."
        ),
    ],
    family: Annotated[
        str, typer.Option(help="Family the rules get.  [default: the file's name]")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(help="Detector file to write.  [default: standard output]"),
    ] = None,
) -> None:
    """
    Take over what can be; report what cannot. Exit 1 when no rule was taken over.

    A rule that finds what a built-in rule with hosts finds is at home at those hosts.
    """
    if output is not None and output.exists():
        raise UsageError(f"{output} exists: name another --output, or remove it")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    builtin = load_rules(None, cache=usual_cache())
    imported = import_rules(data, file.name, {rule.id for rule in builtin})
    vendors = Vendors(tuple(rule for rule in builtin if rule.hosts))
    placed = (vendors.at_home(r) if r.tier in STRONG else r for r in imported.rules)
    imported = replace(imported, rules=tuple(placed))
    text = imported.text(family or file.stem.strip("."))
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text)
    _report(imported)
    raise typer.Exit(0 if imported.rules else 1)


def _write(output: Path, text: str) -> None:
    made = False
    try:
        with output.open("x") as new:
            made = True
            new.write(text)
    except OSError as error:
        if made:
            output.unlink()
        raise UsageError(f"{output}: {error.strerror}") from error


def _report(imported: Imported) -> None:
    for lost in imported.beyond:
        typer.secho(f"not taken over: {lost}", fg="yellow", err=True)
    for name, what in imported.partly.items():
        typer.secho(f"{name}: taken over without {', '.join(what)}", err=True)
    for name, why in imported.left.items():
        typer.secho(f"{name}: left out: {why}", fg="yellow", err=True)
    for name, builtin in imported.renamed.items():
        typer.echo(f"{name}: not {builtin}, which is a built-in rule", err=True)
    if strays := [r.id for r in imported.rules if not r.hosts and r.tier in STRONG]:
        typer.echo(
            f"at home nowhere, so refused in credentials too, also an agent's own; "
            f"give them `hosts`: {', '.join(strays)}",
            err=True,
        )
    taken, left = len(imported.rules), len(imported.left)
    typer.echo(f"{taken} rules taken over, {left} left out", err=True)
