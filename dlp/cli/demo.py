"""`dlp demo`: see leaks stopped, on loopback, in half a minute."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from dlp.demo.play import Row, play

app = typer.Typer(add_completion=False)

NEXT = """
Next: `make run` (or `dlp up`), then `dlp secrets add NAME --env VARIABLE` for each key,
and `dlp run -- YOUR-AGENT`. What it may reach is in rules/policy.yaml; why something
was refused, `dlp explain REFERENCE` tells.
"""


@app.command()
def demo(
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line.")
    ] = False,
) -> None:
    """
    An agent works, then leaks one registered and one unknown secret in many ways.

    Exit 0: no leak arrived and all honest work did; 1: not so.
    """
    rows: list[Row] = []
    if json:
        for row in play():
            rows.append(row)
            typer.echo(orjson.dumps({**asdict(row), "good": row.good}).decode())
    else:
        _show(rows)
    raise typer.Exit(0 if all(row.good for row in rows) else 1)


def _show(rows: list[Row]) -> None:
    console = Console()
    console.print("A proxy, an agent and an internet of their own, on loopback.\n")
    table = Table("the agent", "verdict", "what reached the other side", box=None)
    with Live(
        table, console=console, refresh_per_second=8, vertical_overflow="visible"
    ):
        for row in play():
            rows.append(row)
            verdict = (
                "[green]passed[/]" if row.verdict == "passed" else "[yellow]refused[/]"
            )
            reached = "all of it" if row.arrived else row.rest
            mark = "green" if row.good else "red"
            table.add_row(row.title, verdict, f"[{mark}]{reached}[/]")
    leaks = [row for row in rows if row.leak]
    stopped = sum(not row.arrived for row in leaks)
    honest = [row for row in rows if not row.leak]
    console.print(
        f"\n{stopped} of {len(leaks)} leaks stopped, "
        f"{sum(row.arrived for row in honest)} of {len(honest)} honest requests passed."
    )
    console.print(NEXT)
