"""`dlp alerts`: whether anybody would be told."""

from __future__ import annotations

import json as jsonlib
import time
from dataclasses import asdict
from typing import Annotated

import typer

from dlp.alerts import Alert, Group, Notice, Routing, Severity, load_alerts
from dlp.alerts.delivery import Outcome, deliver
from dlp.cli.folders import RulesOption, rules_folder
from dlp.errors import UsageError
from dlp.record import reference
from dlp.rulefile.faults import did_you_mean

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Alerts from the proxy."
)


@app.callback()
def _group() -> None:
    """Alerts from the proxy: rules/alerts.yaml."""


@app.command("test")
def send_test(
    route: Annotated[
        str, typer.Option(help="Only the channels of this route.  [default: all]")
    ] = "",
    rules: RulesOption = None,
    json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """
    Send a message to every channel that a route names; exit 1 when one fails.

    It goes at once, past limits, digests and quiet hours, and is not tried again.
    Secrets come from this shell's environment, not from that of a running proxy.
    """
    routing = load_alerts(rules_folder(rules))
    now = time.time()
    outcomes = {
        channel: deliver(routing.channels[channel], _notice(name, now), now)
        for channel, name in _channels(routing, route).items()
    }
    failed = [channel for channel, outcome in outcomes.items() if outcome.why]
    if json:
        told = {name: asdict(outcome) for name, outcome in outcomes.items()}
        typer.echo(jsonlib.dumps({"ok": not failed, "channels": told}))
    else:
        for channel, outcome in outcomes.items():
            _print(channel, routing.channels[channel].type, outcome)
    raise typer.Exit(1 if failed else 0)


def _channels(routing: Routing, wanted: str) -> dict[str, str]:
    """
    The channels to try, each with a route that names it.

    Raises:
        UsageError: there is no such route, or none at all.
    """
    known = [route.id for route in routing.routes]
    if not known:
        raise UsageError(
            "no route: write `channels` and `routes` into alerts.yaml of the rules "
            "folder (`dlp rules schema alerts` tells its form)"
        )
    if wanted and wanted not in known:
        raise UsageError(f"no route `{wanted}`; {did_you_mean(wanted, known)}")
    found: dict[str, str] = {}
    for route in routing.routes:
        if route.id == wanted or not wanted:
            for channel in route.to:
                found.setdefault(channel, route.id)
    return found


def _notice(route: str, now: float) -> Notice:
    alert = Alert(now, "test", Severity.INFO, agent="test", host="test.invalid")
    identity = reference(now, route.encode().ljust(7, b"\0"))
    return Notice(f"dlpn-{identity}", route, now, (Group(alert, 1, now),))


def _print(channel: str, kind: str, outcome: Outcome) -> None:
    if outcome.why:
        typer.secho(f"{channel} ({kind}): FAILED: {outcome.why}", fg="red", err=True)
    else:
        typer.echo(f"{channel} ({kind}): accepted")
