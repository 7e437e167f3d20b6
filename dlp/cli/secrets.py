"""`dlp secrets`: the secrets that must not leave. No command ever prints a value."""

from __future__ import annotations

import json as jsonlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from dlp import audit
from dlp.errors import SecretError, UsageError
from dlp.state.folder import open_folder
from dlp.state.secrets import Registration, SecretStore
from dlp.state.vault import Stored

app = typer.Typer(no_args_is_help=True, help="The secrets that must not leave.")

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Rules = Annotated[Path | None, typer.Option(help="Rules folder.  [default: built-in]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Name = Annotated[str, typer.Argument(help="What reports call it.")]
Stdin = Annotated[bool, typer.Option("--stdin", help="Read the value from stdin.")]
Env = Annotated[str | None, typer.Option(help="Take this environment variable.")]
Dotenv = Annotated[
    Path | None, typer.Option(help="Register NAME/KEY for each secret of this file.")
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", help="Where it may go: a host, *.host or @group; repeat."),
]
Slots = Annotated[
    list[str] | None,
    typer.Option(
        "--slot",
        help="Where in a request: header:NAME, basic, query:NAME, path, form:FIELD, "
        "json:PATH, ws or any; repeat.  [default: the credential headers]",
    ),
]


@app.command()
def add(
    name: Name,
    stdin: Stdin = False,
    env: Env = None,
    dotenv: Dotenv = None,
    host: Hosts = None,
    slot: Slots = None,
    state: State = None,
    rules: Rules = None,
) -> None:
    """
    Register a secret; a running proxy knows it within a second.

    Without --stdin, --env or --dotenv the value is asked for. Where no --host is given
    it may go to its vendor's own hosts, if a rule knows the vendor, else nowhere.
    """
    from dlp.broker.enlist import Enlisted, Enlister  # the rule engine takes a while

    folder = open_folder(state)
    enlister = Enlister.load(rules, folder, tuple(host or ()), tuple(slot or ()))
    if dotenv is not None:
        found = enlister.dotenv(name, dotenv)
    else:
        found = Enlisted((enlister.one(name, _value(name, stdin=stdin, env=env)),))
    _register(folder, found.registrations)
    for key, why in found.skipped:
        typer.echo(f"skipped {key}: {why}")
    if not found.registrations:
        raise SecretError("nothing to register: see above, or name one with --env")


@app.command("list")
def list_(state: State = None, json: Json = False) -> None:
    """The names of the registered secrets, and where each may go."""
    entries = SecretStore(open_folder(state)).entries()
    if json:
        typer.echo(jsonlib.dumps([_row(stored) for stored in entries]))
        return
    if not entries:
        typer.echo("No secrets: dlp secrets add NAME registers one.")
    for stored in entries:
        info = stored.info
        hosts = ", ".join(info.hosts) or "nowhere"
        slots = f" in {', '.join(info.slots)}" if info.slots else ""
        notes = [info.rule, "canary" if info.canary else "", _until(stored)]
        note = ", ".join(filter(None, notes))
        typer.echo(f"{info.name:32} -> {hosts}{slots}{f'  ({note})' if note else ''}")


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="Names as listed.")],
    state: State = None,
) -> None:
    """Forget secrets; a running proxy lets them pass within a second."""
    folder = open_folder(state)
    SecretStore(folder).remove(names)
    for name in names:
        audit.note(folder, "secret.remove", name)
        typer.echo(f"removed {name}")


@app.command()
def verify(
    name: Name, stdin: Stdin = False, env: Env = None, state: State = None
) -> None:
    """Tell whether a name is registered with a value; exit 1 when it is not."""
    folder = open_folder(state)
    if not SecretStore(folder).verify(name, _value(name, stdin=stdin, env=env)):
        typer.echo(f"{name} has another value")
        raise typer.Exit(1)
    typer.echo(f"{name} has this value")


def _register(folder: Path, registrations: Sequence[Registration]) -> None:
    fresh = SecretStore(folder).add(registrations)
    for each in registrations:
        info = each.info
        audit.note(folder, "secret.add", info.name)
        hosts = ", ".join(info.hosts) or "nowhere"
        verb = "registered" if info.name in fresh else "renewed"
        typer.echo(f"{verb} {info.name}; it may go to: {hosts}")


def _value(name: str, *, stdin: bool, env: str | None) -> bytes:
    """The one value that was named; of stdin without one trailing newline."""
    if stdin and env is not None:
        raise UsageError("--stdin and --env both name a value: use one")
    if env is not None:
        value = os.environb.get(os.fsencode(env))
        if value is None:
            raise UsageError(f"the environment variable {env} is not set")
        return value
    if stdin:
        return sys.stdin.buffer.read().removesuffix(b"\n").removesuffix(b"\r")
    if not sys.stdin.isatty():
        raise UsageError("no value: use --stdin, --env VAR or --dotenv FILE")
    return os.fsencode(getpass(f"Value of {name} (not shown): "))


def _row(stored: Stored) -> dict[str, object]:
    info = stored.info
    return {
        "name": info.name,
        "hosts": list(info.hosts),
        "slots": list(info.slots),
        "rule": info.rule or None,
        "canary": info.canary,
        "added_at": _iso(stored.added_at),
        "expires_at": _iso(stored.expires_at) if stored.expires_at else None,
    }


def _until(stored: Stored) -> str:
    return f"forgotten {_iso(stored.expires_at)}" if stored.expires_at else ""


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
