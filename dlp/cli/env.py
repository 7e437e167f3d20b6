"""`dlp env`: proxy and CA variables for every common client."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import orjson
import typer

from dlp.cage.environment import trust_in, variables, write_trust
from dlp.errors import UsageError
from dlp.state.agents import AgentRegistry
from dlp.state.folder import open_folder

app = typer.Typer(add_completion=False)


class Shell(StrEnum):
    """What the output is for."""

    SH = "sh"
    FISH = "fish"
    JSON = "json"
    FILE = "file"
    """`NAME=value`, as systemd's EnvironmentFile= and `docker --env-file` take it."""


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


_LINE: dict[Shell, Callable[[str, str], str]] = {
    Shell.SH: lambda name, value: f"export {name}={shlex.quote(value)}",
    Shell.FISH: _fish,
    Shell.FILE: lambda name, value: f"{name}={value}",
}


@app.command()
def env(
    shell: Annotated[Shell, typer.Option(help="Form of the output.")] = Shell.SH,
    proxy: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="The proxy; http://ID:TOKEN@HOST:PORT for an agent with a token.",
        ),
    ] = "http://127.0.0.1:8080",
    state: Annotated[
        Path | None, typer.Option(help="State folder.  [default: per user]")
    ] = None,
    trust: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where the client finds what `dlp ca trust DIR` wrote.  "
            "[default: the state folder]",
        ),
    ] = None,
) -> None:
    """
    Print the variables that make a client use the proxy and trust its CA.

    In a shell: eval "$(dlp env)". Variables are no isolation: `dlp run` is.
    """
    if not _is_proxy(proxy):
        # The URL may hold a token: it is not repeated.
        raise UsageError(
            "--proxy: expected http://HOST:PORT or http://ID:TOKEN@HOST:PORT"
        )
    if trust is None:
        folder = open_folder(state)
        found = write_trust(folder)
        if "@" not in proxy and AgentRegistry(folder).registered():
            typer.echo(
                "dlp: agents are registered, so the proxy asks for a token: "
                "dlp env --proxy http://ID:TOKEN@HOST:PORT",
                err=True,
            )
    elif not (found := trust_in(trust.absolute())).ca.is_file():
        raise UsageError(f"--trust {trust}: no ca.pem there; dlp ca trust {trust}")
    table = variables(proxy, found)
    if shell is Shell.JSON:
        typer.echo(orjson.dumps(table, option=orjson.OPT_INDENT_2).decode())
        return
    for name, value in table.items():
        typer.echo(_LINE[shell](name, value))


def _is_proxy(url: str) -> bool:
    try:
        at = urlsplit(url)
        named = at.scheme == "http" and at.hostname and at.port != 0
    except ValueError:  # a port over 65535, an address that is none
        return False
    return bool(named) and url.isascii() and url.isprintable() and " " not in url
