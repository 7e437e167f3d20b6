"""`dlp doctor`: what is wrong with the set-up, why it matters, and what to do."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from dlp.cli.addresses import host_and_port
from dlp.cli.folders import RulesOption, rules_folder
from dlp.doctor.check import Check, Result, Severity, Status
from dlp.doctor.examine import Report, examine
from dlp.doctor.page import page
from dlp.doctor.picture import Picture
from dlp.doctor.table import CHECKS
from dlp.doctor.users import agent_user
from dlp.errors import UsageError
from dlp.state.folder import default_folder

app = typer.Typer(add_completion=False)
_COLOUR = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}


@app.command()
def doctor(
    rules: RulesOption = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder.  [default: per user]")
    ] = None,
    listen: Annotated[str, typer.Option(help="Where the proxy listens.")] = (
        "127.0.0.1:8080"
    ),
    metrics: Annotated[str, typer.Option(help="Its /metrics and /healthz.")] = (
        "127.0.0.1:9464"
    ),
    console: Annotated[str, typer.Option(help="Its console.")] = "127.0.0.1:8081",
    prometheus: Annotated[
        str, typer.Option(metavar="URL", help="The Prometheus that scrapes it.")
    ] = "http://127.0.0.1:9090",
    agent_name: Annotated[
        str | None,
        typer.Option("--agent-user", help="Who agents run as.  [default: you]"),
    ] = None,
    work: Annotated[Path, typer.Option(help="The agent's working folder.")] = Path(),
    caged: Annotated[
        bool,
        typer.Option(
            "--caged", help="Agents are started with `dlp run` or the shipped units."
        ),
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--check", metavar="ID", help="No other check.")
    ] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Also try to get out: connects to the internet."),
    ] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Put right what is safe to put right.")
    ] = False,
    threshold: Annotated[
        Severity, typer.Option("--fail-on", help="What exit code 1 begins at.")
    ] = Severity.MEDIUM,
    list_: Annotated[
        bool, typer.Option("--list", help="Print the table of checks and end.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--all", help="Also tell what is fine.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """
    Check the set-up. Exit 0: nothing at or above --fail-on was found; 1: something.

    A secret that is found is told by name, place and kind, never itself.
    """
    if list_:
        typer.echo(page(), nl=False)
        return
    chosen = _chosen(only)
    picture = Picture(
        state=(state or default_folder()).expanduser().absolute(),
        agent=agent_user(agent_name),
        environment=dict(os.environ),
        now=time.time(),
        rules=rules_folder(rules),
        work=work.absolute(),
        listen=host_and_port("--listen", listen),
        metrics=host_and_port("--metrics", metrics),
        console=host_and_port("--console", console),
        prometheus=prometheus,
        caged=caged,
        probing=probe,
    )
    report = _examine(picture, chosen, fix, json)
    if json:
        told = _looked_at(picture) | _told(report, threshold)
        typer.echo(orjson.dumps(told).decode())
    else:
        _print(picture, report, verbose)
    raise typer.Exit(1 if report.reaches(threshold) else 0)


def _chosen(only: list[str] | None) -> tuple[Check, ...]:
    if not only:
        return CHECKS
    unknown = set(only) - {check.id for check in CHECKS}
    if unknown:
        name = min(unknown)
        raise UsageError(f"no check is called {name[:80]!a}: see dlp doctor --list")
    return tuple(check for check in CHECKS if check.id in only)


def _examine(
    picture: Picture, checks: tuple[Check, ...], fix: bool, json: bool
) -> Report:
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    shown = console.is_terminal and not json
    report, name = None, ""
    with Progress(*columns, console=console, transient=True, disable=not shown) as bar:
        task = bar.add_task("", total=len(checks))

        def tell(check: Check) -> None:
            nonlocal name
            name = check.id
            bar.update(task, advance=1, description=name)

        try:
            report = examine(picture, checks, repair=fix, tell=tell)
        finally:
            # A fault of ours must not read as a finding, which is exit code 1.
            if report is None:
                typer.echo(f"dlp: the check {name} broke off: report this", err=True)
                raise typer.Exit(2)
    return report


def _looked_at(picture: Picture) -> dict[str, Any]:
    return {
        "state": str(picture.state),
        "rules": str(picture.rules or "built-in"),
        "agent": picture.agent.name,
        "caged": picture.caged,
    }


def _told(report: Report, threshold: Severity) -> dict[str, Any]:
    statuses = [one.status for one in report.results]
    return {
        "score": report.score,
        "fail_on": threshold,
        "failed": report.reaches(threshold),
        "counts": {one.value: statuses.count(one) for one in Status},
        "checks": [_row(one) for one in report.results],
    }


def _row(result: Result) -> dict[str, Any]:
    check = result.check
    return {
        "id": check.id,
        "area": check.area,
        "severity": check.severity,
        "status": result.status,
        "title": check.title,
        "seen": result.seen,
        "why": check.why,
        "fix": check.remedy,
        "owasp": check.owasp,
        "fixable": check.repair is not None,
        "changed": result.changed,
    }


def _print(picture: Picture, report: Report, verbose: bool) -> None:
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    at = _looked_at(picture)
    held = "with `dlp run`" if picture.caged else "without a cage"
    console.print(escape(f"state {at['state']}, rules {at['rules']}"))
    console.print(escape(f"agents run as {picture.agent.name}, {held}"))
    for result in report.results:
        for change in result.changed:
            console.print(f"[green]fixed[/] {escape(change)}")
    for result in report.findings:
        _print_finding(console, result)
    for result in report.results:
        if verbose and result.status is Status.OK:
            console.print(f"[green]ok[/] {result.check.id}: {result.check.title}")
    _print_skipped(console, report)
    _print_end(console, report)


def _print_finding(console: Console, result: Result) -> None:
    check = result.check
    colour = _COLOUR[check.severity]
    owasp = ", ".join(check.owasp)
    console.print(f"[{colour}]{check.severity}[/] [bold]{check.id}[/] ({owasp})")
    for seen in result.seen:
        console.print(f"    {escape(seen)}")
    console.print(f"    [dim]why:[/] {escape(check.why)}")
    console.print(f"    [dim]fix:[/] {escape(check.remedy)}")


def _print_skipped(console: Console, report: Report) -> None:
    names: dict[str, list[str]] = {}
    for result in report.results:
        if result.status is Status.SKIPPED:
            names.setdefault(result.seen[-1], []).append(result.check.id)
    for why, skipped in names.items():
        console.print(f"[dim]skipped: {escape(why)}: {', '.join(skipped)}[/]")


def _print_end(console: Console, report: Report) -> None:
    skipped = sum(one.status is Status.SKIPPED for one in report.results)
    made = len(report.results) - skipped
    console.print(
        f"{made} of {len(report.results)} checks made, {len(report.findings)} found "
        f"something. Score {report.score} of 100."
    )
