"""`dlp deploy`: the units, container and compose files that ship with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dlp import deploy
from dlp.errors import UsageError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Files to run the proxy as a service.",
)


@app.callback()
def _group() -> None:
    """Files to run the proxy as a service."""


@app.command("print")
def print_(
    form: Annotated[str, typer.Argument(help="systemd, compose or container.")],
    name: Annotated[str, typer.Argument(metavar="[FILE]", help="Only this file.")] = "",
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write all files here; none is overwritten."),
    ] = None,
) -> None:
    """
    Print the files of a form of deployment, or write them with --output.

    Dashboards are written but not printed, unless they are asked for by name.
    """
    if output is not None:
        for file in deploy.write(form, output):
            typer.echo(output / file.name)
        return
    known = {file.name: file for file in deploy.files(form)}
    if name and name not in known:
        raise UsageError(f"{form} has no file {name[:64]!a}; it has {', '.join(known)}")
    if name:
        typer.echo(known[name].text, nl=False)
        return
    for file in known.values():
        if not file.name.endswith(".json"):
            typer.echo(f"# ==> {file.name} <==\n{file.text}")
