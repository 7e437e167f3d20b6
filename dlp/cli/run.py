"""`dlp run`: a command, contained, its only way out the proxy."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from dlp.cage.plan import passed_on
from dlp.cage.run import Cage, Wish
from dlp.cage.run import run as run_caged
from dlp.errors import UsageError
from dlp.policy import load_policy
from dlp.state.agents import AgentRegistry
from dlp.state.folder import open_folder

TOKEN = "DLP_AGENT_TOKEN"  # noqa: S105

app = typer.Typer(add_completion=False)


@app.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND ...")],
    agent: Annotated[
        str | None,
        typer.Option(help=f"Who the command is; its token in the variable {TOKEN}."),
    ] = None,
    proxy: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the proxy listens.")
    ] = "127.0.0.1:8080",
    rules: Annotated[Path | None, typer.Option(help="Rules folder.")] = None,
    state: Annotated[Path | None, typer.Option(help="State folder.")] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further variable that goes in."),
    ] = None,
    require_cage: Annotated[
        bool, typer.Option("--require-cage", help="Refuse to run without a cage.")
    ] = False,
    cage: Annotated[
        Cage, typer.Option(help="What holds the command; auto: the best there is.")
    ] = Cage.AUTO,
    no_probe: Annotated[
        bool, typer.Option("--no-probe", help="Skip the test of the cage.")
    ] = False,
) -> None:
    """
    Run COMMAND so that the proxy is its only way out.

    The cage is probed first; the command does not start when something gets out.
    """
    at = _address(proxy)
    folder = open_folder(state)
    if agent is None and AgentRegistry(folder).registered():
        typer.echo(
            "dlp: agents are registered, so the proxy asks for a token: --agent ID, "
            f"its token in the variable {TOKEN}",
            err=True,
        )
    here = rules or (Path("rules") if Path("rules/policy.yaml").is_file() else None)
    said = load_policy(here).cage
    named = (*said.environment, *(env or ()))
    _report_known(folder, named)
    wish = Wish(
        command=tuple(command),
        proxy=f"http://{_userinfo(agent)}{at}",
        state=folder,
        rules=here,
        hide=said.hide,
        writable=said.writable,
        variables=named,
        require_cage=require_cage,
        probe=not no_probe,
        cage=cage,
    )
    raise typer.Exit(run_caged(wish))


def _address(proxy: str) -> str:
    """HOST:PORT, also of a URL as `dlp env` takes one."""
    at = proxy.removeprefix("http://").removesuffix("/")
    host, _, port = at.rpartition(":")
    if not host or not port.isdecimal() or "/" in host or "@" in host:
        raise UsageError("--proxy: expected HOST:PORT, as in 127.0.0.1:8080")
    return at


def _userinfo(agent: str | None) -> str:
    if agent is None:
        return ""
    token = os.environ.get(TOKEN)
    if not token:
        raise UsageError(f"--agent {agent} needs its token in the variable {TOKEN}")
    return f"{quote(agent, safe='')}:{quote(token, safe='')}@"


def _report_known(state: Path, named: Iterable[str]) -> None:
    """Say by name which registered secrets stand in the environment."""
    if not (state / "secrets").exists():
        return  # nothing to look for, and the index costs half a second to import
    from dlp.model import View
    from dlp.state.secrets import SecretStore

    index = SecretStore(state).index()
    given = passed_on(os.environ, named)
    for name, value in os.environ.items():
        hits = index.scan([View(value.encode(errors="surrogateescape"), 0)])
        does = "goes in" if name in given else "stays out"
        for known in sorted({hit.name for hit in hits}):
            typer.echo(f"dlp: the variable {name} ({does}) holds {known}", err=True)
