"""`dlp up`: check everything that can be checked, then become the proxy."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from dlp.alerts import load_alerts
from dlp.cli.addresses import host_and_port
from dlp.cli.folders import RulesOption, rules_folder
from dlp.errors import UsageError
from dlp.model import Settings
from dlp.policy import load_policy
from dlp.state import ca
from dlp.state.folder import open_folder

app = typer.Typer(add_completion=False)
MAX_WORKERS = 64


@app.command()
def up(
    rules: RulesOption = None,
    state: Annotated[
        Path | None, typer.Option(help="State folder.  [default: per user]")
    ] = None,
    listen: Annotated[str, typer.Option(help="Where agents connect.")] = (
        "127.0.0.1:8080"
    ),
    metrics: Annotated[str, typer.Option(help="/metrics and /healthz.")] = (
        "127.0.0.1:9464"
    ),
    console: Annotated[
        str, typer.Option(help="Kept for the operator: no agent may reach it.")
    ] = "127.0.0.1:8081",
    workers: Annotated[
        int, typer.Option(min=1, max=MAX_WORKERS, help="Processes on the one port.")
    ] = 1,
) -> None:
    """Start the proxy; prints "ready" when it serves, drains and exits on SIGTERM."""
    folder = rules_folder(rules)
    settings = Settings(
        rules=str(folder) if folder else None,
        state=str(open_folder(state)),
        listen=host_and_port("--listen", listen),
        metrics=host_and_port("--metrics", metrics),
        console=host_and_port("--console", console),
        workers=workers,
    )
    check(settings)
    sys.stdout.flush()
    # The library never imports the proxy side; it is a program of its own. -P: a
    # folder `addons` in the current directory is not it.
    command = [sys.executable, "-P", "-m", "addons.serve", json.dumps(asdict(settings))]
    os.execv(sys.executable, command)  # noqa: S606


def check(settings: Settings) -> None:
    """
    Everything that can be wrong before a port opens.

    Raises:
        RuleError: the policy or the alerts are wrong; a worker checks the detector
            rules, which takes longer, before it opens its port.
        UsageError: a port is taken or cannot be bound.
        StateError: the CA cannot be made.
    """
    folder = Path(settings.rules) if settings.rules else None
    load_policy(folder)
    load_alerts(folder)
    _warn_of(ca.open_authority(Path(settings.state)).certificate)
    for flag, address in (
        ("--listen", settings.listen),
        ("--metrics", settings.metrics),
    ):
        _probe(flag, address)


def _warn_of(certificate: x509.Certificate) -> None:
    """With a CA out of its time all clients end their handshakes; why, nobody says."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= dt.datetime.now(dt.UTC) <= end:
        typer.echo(
            f"dlp: WARNING: the CA is valid from {start:%Y-%m-%d} to {end:%Y-%m-%d}, "
            "so no client trusts it now: set the clock, or run `dlp ca rotate`",
            err=True,
        )


def _probe(flag: str, address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    # Without SO_REUSEPORT, so that another proxy of this user is noticed.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise UsageError(
                f"{flag} {address[0]}:{address[1]}: {error.strerror}; "
                f"stop what uses it, or name another with {flag}"
            ) from error
