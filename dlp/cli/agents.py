"""`dlp agents`: who may use the proxy."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dlp import audit
from dlp.state.agents import AgentRegistry
from dlp.state.folder import open_folder

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Who may use the proxy."
)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Id = Annotated[str, typer.Argument(help="Agent id: a-z, 0-9, '.', '_' and '-'.")]


@app.command()
def add(agent: Id, state: State = None, json: Json = False) -> None:
    """
    Register an agent and print its proxy token, once.

    A running proxy knows it within a second. From the first agent on, every client
    has to send credentials.
    """
    folder = open_folder(state)
    registry = AgentRegistry(folder)
    registry.admissible(agent)
    audit.note(folder, "agent.add", agent)
    token = registry.add(agent)
    if json:
        typer.echo(jsonlib.dumps({"id": agent, "token": token}))
        return
    typer.echo(token)
    typer.echo(
        "This is the only time the token is shown. For the agent: "
        f'eval "$(dlp env --proxy http://{agent}:TOKEN@HOST:PORT)"',
        err=True,
    )


@app.command("list")
def list_(state: State = None, json: Json = False) -> None:
    """The registered agents, revoked ones too."""
    rows = [
        {
            "id": entry.id,
            "created_at": _iso(entry.created_at),
            "revoked_at": _iso(entry.revoked_at) if entry.revoked_at else None,
        }
        for entry in AgentRegistry(open_folder(state, reads=True)).registered()
    ]
    if json:
        typer.echo(jsonlib.dumps(rows))
        return
    if not rows:
        typer.echo("No agents: clients on loopback are 'default', others are refused.")
    for row in rows:
        status = f"revoked {row['revoked_at']}" if row["revoked_at"] else "active"
        typer.echo(f"{row['id']:24} {row['created_at']}  {status}")


@app.command()
def revoke(agent: Id, state: State = None) -> None:
    """
    Make an agent's token worthless; a running proxy knows it within a second.

    Credentials stay required, even when no agent is left.
    """
    folder = open_folder(state, reads=True)
    AgentRegistry(folder).revoke(agent)
    audit.note(folder, "agent.revoke", agent)
    typer.echo(f"revoked {agent}")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
