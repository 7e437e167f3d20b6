"""`dlp rules import`: rules of other scanners as a detector file of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlp.detect.imports import Imported, import_rules
from dlp.errors import UsageError


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
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    imported = import_rules(data, file.name)
    text = imported.text(family or file.stem.strip("."))
    if output is None:
        typer.echo(text, nl=False)
    else:
        _write(output, text)
    _report(imported)
    raise typer.Exit(0 if imported.rules else 1)


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x") as new:
            new.write(text)
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror}") from error


def _report(imported: Imported) -> None:
    for lost in imported.beyond:
        typer.secho(f"not taken over: {lost}", fg="yellow", err=True)
    for name, what in imported.partly.items():
        typer.secho(f"{name}: taken over without {', '.join(what)}", err=True)
    for name, why in imported.left.items():
        typer.secho(f"{name}: left out: {why}", fg="yellow", err=True)
    taken, left = len(imported.rules), len(imported.left)
    typer.echo(f"{taken} rules taken over, {left} left out", err=True)
