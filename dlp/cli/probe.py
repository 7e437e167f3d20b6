"""`dlp probe`: tries, from where it runs, to get out without the proxy."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dlp.cage.probe import run_probe

app = typer.Typer(add_completion=False)


@app.command()
def probe(
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Exit 0: nothing gets out but through the proxy; 1: something does."""
    at = urlsplit(os.environ.get("HTTPS_PROXY", ""))
    checks = run_probe(at.port or 0)
    escaped = sum(check.escaped for check in checks)
    if json:
        typer.echo(orjson.dumps([asdict(check) for check in checks]).decode())
        raise typer.Exit(bool(escaped))
    table = Table("way out", "result", "seen", box=None)
    for check in checks:
        result = "[red]gets out[/]" if check.escaped else "[green]contained[/]"
        table.add_row(check.name, result, escape(check.seen))
    console = Console(emoji=False)
    console.print(table)
    if escaped:
        console.print(f"{escaped} ways out round the proxy: run agents with `dlp run`")
    raise typer.Exit(bool(escaped))
