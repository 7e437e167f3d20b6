"""
`dlp rules`: what the rules folder says, and whether it can be meant.

One module per subcommand; each offers one function, listed here.
"""

from __future__ import annotations

from collections.abc import Callable

import typer

from dlp.cli.rules.check import check
from dlp.cli.rules.explain import explain
from dlp.cli.rules.imports import import_
from dlp.cli.rules.samples import samples
from dlp.cli.rules.schema import schema

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check and explain the rules."
)

COMMANDS: dict[str, Callable[..., None]] = {
    "check": check,
    "explain": explain,
    "test": samples,
    "import": import_,
    "schema": schema,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
