"""
`dlp secrets`: the secrets that must not leave.

No command prints a value, but for the fake that `canary` makes.
"""

from __future__ import annotations

import json as jsonlib
import os
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from dlp import audit
from dlp.broker import sources
from dlp.errors import SecretError, UsageError
from dlp.state.folder import open_folder
from dlp.state.secrets import Registration, SecretStore
from dlp.state.vault import Stored

Source = Callable[[], bytes | dict[str, str]] | None
"""Reads a value, or several by key; None for a flag that was not given."""

_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The secrets that must not leave."
)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Rules = Annotated[Path | None, typer.Option(help="Rules folder.  [default: built-in]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Name = Annotated[str, typer.Argument(help="What reports call it.")]
Stdin = Annotated[bool, typer.Option("--stdin", help="Read the value from stdin.")]
Env = Annotated[str | None, typer.Option(help="Take this environment variable.")]
Exec = Annotated[str | None, typer.Option("--exec", help="Take what a program prints.")]
Keyring = Annotated[str | None, typer.Option(help="Take SERVICE/USER of the keyring.")]
Vault = Annotated[
    str | None, typer.Option(help="Take MOUNT/PATH#FIELD of Vault or OpenBao.")
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
    dotenv: Annotated[
        Path | None, typer.Option(help="Register NAME/KEY for each secret of a file.")
    ] = None,
    from_env: Annotated[
        bool, typer.Option("--from-env", help="The same for the environment.")
    ] = False,
    exec_: Exec = None,
    vault: Vault = None,
    keyring: Keyring = None,
    sops: Annotated[
        Path | None, typer.Option(help="The same for a file that sops opens.")
    ] = None,
    age: Annotated[Path | None, typer.Option(help="An age file, or its KEYs.")] = None,
    identity: Annotated[
        Path | None, typer.Option(help="Private key that opens the age file.")
    ] = None,
    host: Hosts = None,
    slot: Slots = None,
    state: State = None,
    rules: Rules = None,
) -> None:
    """
    Register a secret; a running proxy knows it within a second.

    Without a source the value is asked for. Where no --host is given it may go to its
    vendor's own hosts, if a rule knows the vendor, else nowhere.
    """
    from dlp.broker.enlist import Enlister  # the rule engine takes a while

    if identity and not age:
        raise UsageError("--identity opens the file of --age: name that too")
    given = _given(stdin, env, exec_, vault, keyring) | {
        "--dotenv": partial(sources.file_of_values, dotenv) if dotenv else None,
        "--from-env": sources.environment if from_env else None,
        "--sops": partial(sources.sops, sops) if sops else None,
        "--age": partial(sources.age, age, identity) if age else None,
    }
    folder = open_folder(state)
    enlister = Enlister.load(rules, host or (), slot or ())
    found = enlister.enlist(name, _read(name, given))
    _register(folder, found.registrations)
    skipped = found.skipped + (sources.unread_lines(dotenv) if dotenv else ())
    for why in dict.fromkeys(why for _, why in skipped):
        keys = [key for key, reason in skipped if reason == why]
        typer.echo(f"skipped {', '.join(keys)}: {why}")
    if not found.registrations:
        raise SecretError("nothing to register: see above, or name one with --env")


@app.command("list")
def list_(state: State = None, json: Json = False) -> None:
    """The names of the registered secrets, and where each may go."""
    entries = SecretStore(open_folder(state, reads=True)).entries()
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
    folder = open_folder(state, reads=True)
    store = SecretStore(folder)
    store.require(names)
    for name in dict.fromkeys(names):
        audit.note(folder, "secret.remove", name)
    store.remove(names)
    for name in dict.fromkeys(names):
        typer.echo(f"removed {name}")


@app.command()
def verify(
    name: Name,
    stdin: Stdin = False,
    env: Env = None,
    exec_: Exec = None,
    vault: Vault = None,
    keyring: Keyring = None,
    state: State = None,
) -> None:
    """Tell whether a name is registered with a value; exit 1 when it is not."""
    folder = open_folder(state, reads=True)
    value = _one(name, _given(stdin, env, exec_, vault, keyring))
    if not SecretStore(folder).verify(name, value):
        typer.echo(f"{name} has another value")
        raise typer.Exit(1)
    typer.echo(f"{name} has this value")


@app.command()
def rotate(
    name: Name,
    stdin: Stdin = False,
    env: Env = None,
    exec_: Exec = None,
    vault: Vault = None,
    keyring: Keyring = None,
    keep: Annotated[
        str, typer.Option(help="How long the old value stays known: 90m, 12h, 30d.")
    ] = "30d",
    state: State = None,
) -> None:
    """Give a secret a new value; its bindings and, for a while, the old one stay."""
    folder = open_folder(state, reads=True)
    keep_s = _seconds(keep)
    value = _one(name, _given(stdin, env, exec_, vault, keyring))
    old = SecretStore(folder).rotate(name, value, keep_s)
    audit.note(folder, "secret.rotate", name)
    typer.echo(f"rotated {name}; the old value is {old} for {keep}")


@app.command()
def canary(
    name: Name,
    like: Annotated[
        str, typer.Option(help="Id of the rule it shall look like.")
    ] = "aws-access-key-id",
    state: State = None,
    rules: Rules = None,
) -> None:
    """
    Make a fake that only a thief would send, register it, and print it.

    Leave it where an agent can find it. It may go nowhere; that it turns up in any
    message is certain proof, and raises an alert.
    """
    from dlp.broker.enlist import Enlister

    folder = open_folder(state)
    registration, text = Enlister.load(rules).canary(name, like)
    SecretStore(folder).add([registration])
    audit.note(folder, "secret.canary", name)
    typer.echo(text)


def _register(folder: Path, registrations: Sequence[Registration]) -> None:
    fresh = SecretStore(folder).add(registrations)
    for each in registrations:
        info = each.info
        audit.note(folder, "secret.add", info.name)
        hosts = ", ".join(info.hosts) or "nowhere"
        verb = "registered" if info.name in fresh else "renewed"
        typer.echo(f"{verb} {info.name}; it may go to: {hosts}")


def _read(name: str, given: dict[str, Source]) -> bytes | dict[str, str]:
    """Read the one source that was named, or ask."""
    named = {flag: source for flag, source in given.items() if source is not None}
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} each name a value: use one")
    for source in named.values():
        return source()
    if not sys.stdin.isatty():
        raise UsageError(f"no value: use one of {', '.join(given)}")
    return os.fsencode(getpass(f"Value of {name} (not shown): "))


def _given(
    stdin: bool,
    env: str | None,
    exec_: str | None,
    vault: str | None,
    keyring: str | None,
) -> dict[str, Source]:
    """The sources that can give one value, by their flags."""
    return {
        "--stdin": _stdin if stdin else None,
        "--env": partial(sources.variable, env) if env else None,
        "--exec": partial(sources.command, exec_) if exec_ else None,
        "--vault": partial(sources.vault, vault) if vault else None,
        "--keyring": partial(sources.keyring, keyring) if keyring else None,
    }


def _one(name: str, given: dict[str, Source]) -> bytes:
    value = _read(name, given)
    if not isinstance(value, bytes):
        raise UsageError("--vault gives several values: name one, MOUNT/PATH#FIELD")
    if not value:
        raise SecretError(f"{name}: the value is empty")
    return value


def _stdin() -> bytes:
    return sources.without_newline(sys.stdin.buffer.read())


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(f"{text[:20]!a} is no duration: write 90m, 12h or 30d")
    return int(match[1]) * _UNITS[match[2]]


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
