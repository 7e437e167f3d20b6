"""
`dlp rules`: what the rules folder says, and whether it can be meant.

One module per subcommand; each offers one function, listed here.
"""

from __future__ import annotations

import typer

from dlp.cli.rules.check import check
from dlp.cli.rules.explain import explain
from dlp.cli.rules.schema import schema

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Check and explain the rules."
)

for command in (check, explain, schema):
    app.command()(command)
