"""
The command line. One module per command: it parses, calls one function, prints.

Strategy: the module of a command's name holds it as `app`, and is imported when the
command is called, so that `dlp scan` never pays for `dlp up`, and `dlp --help` for
none; `COMMANDS` has the first paragraph of each one's own help.
Exit codes: 0 done, 1 found something or failed a check, 2 could not be carried out.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click
import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from dlp import __version__
from dlp.errors import DLPError

COMMANDS: dict[str, str] = {
    "rules": "Check and explain the rules.",
    "up": (
        'Start the proxy; prints "ready" when it serves, drains and exits on SIGTERM.'
    ),
    "ca": "The CA that clients of the proxy trust.",
    "demo": (
        "An agent works, then leaks one registered and one unknown secret in many ways."
    ),
    "scan": (
        "Look for secrets in files. Exit 0: nothing found; 1: something; 2: cannot "
        "read."
    ),
    "agents": "Who may use the proxy.",
    "secrets": "The secrets that must not leave.",
    "audit": "The record of every decision.",
    "explain": "The whole story of one decision.",
    "alerts": "Alerts from the proxy.",
    "env": "Print the variables that make a client use the proxy and trust its CA.",
    "run": "Run COMMAND so that the proxy is its only way out.",
    "probe": "Exit 0: nothing gets out but through the proxy; 1: something does.",
    "doctor": (
        "Check the set-up. Exit 0: nothing at or above --fail-on was found; 1: "
        "something."
    ),
    "deploy": "Files to run the proxy as a service.",
    "backup": "Copy the state into FILE, encrypted, also while the proxy runs.",
    "restore": "Put a backup in the place of the state: all of it, or nothing changes.",
}


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the list of commands shows; to import them all takes seconds."""
        known = cmd_name in COMMANDS
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if known else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, of those in the list."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, name and command(name), rest


def command(name: str) -> Any:
    """What the module of a command makes of it."""
    made = get_command(import_module(f"dlp.cli.{name}").app)
    made.name = name
    return made


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # older ones show locals: they may hold a secret
    help="The egress firewall between an AI agent and the internet.",
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"agent-dlp {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """The egress firewall between an AI agent and the internet."""


def main() -> None:
    """
    Run the command line; a `DLPError` becomes one message and its exit code, and so
    does what the system does not let us read or write.
    """
    try:
        app()
    except DLPError as error:
        click.echo(f"dlp: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        click.echo(f"dlp: {file}{error.strerror or error}", err=True)
        sys.exit(DLPError.exit_code)
