"""
The command line. One module per command: it parses, calls one function, prints.

Strategy: `COMMANDS` maps a command to the module that holds it as `app`. A module is
imported when its command is called, so that `dlp scan` never pays for `dlp up`.
Exit codes: 0 done, 1 found something or failed a check, 2 could not be carried out.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click
import typer
from typer.core import TyperGroup
from typer.main import get_command

from dlp import __version__
from dlp.errors import DLPError

COMMANDS: dict[str, str] = {
    "rules": "dlp.cli.rules",
    "up": "dlp.cli.up",
    "ca": "dlp.cli.ca",
    "demo": "dlp.cli.demo",
    "scan": "dlp.cli.scan",
    "agents": "dlp.cli.agents",
    "secrets": "dlp.cli.secrets",
    "audit": "dlp.cli.audit",
    "explain": "dlp.cli.explain",
    "alerts": "dlp.cli.alerts",
    "env": "dlp.cli.env",
    "run": "dlp.cli.run",
    "probe": "dlp.cli.probe",
    "doctor": "dlp.cli.doctor",
    "deploy": "dlp.cli.deploy",
    "backup": "dlp.cli.backup",
    "restore": "dlp.cli.restore",
}


class _LazyGroup(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = get_command(import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


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
    """Run the command line; a `DLPError` becomes one message and its exit code."""
    try:
        app()
    except DLPError as error:
        click.echo(f"dlp: {error}", err=True)
        sys.exit(error.exit_code)
