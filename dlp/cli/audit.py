"""`dlp audit`: read the log, and prove it whole."""

from __future__ import annotations

import json as jsonlib
import os
import time
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dlp.audit import Line, lines, verify
from dlp.audit.forms import FORMS
from dlp.audit.read import last, segments, since
from dlp.audit.ship import Shipper, sleeper
from dlp.audit.sinks import sink
from dlp.errors import UsageError
from dlp.state.folder import open_folder

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="The record of every decision."
)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
_FOLLOW_S = 0.5
_BATCH = 1000


@app.command()
def tail(
    state: State = None,
    count: Annotated[
        int, typer.Option("-n", "--lines", help="How many of the newest.", min=1)
    ] = 20,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Go on with new ones.")
    ] = False,
    json: Json = False,
) -> None:
    """The newest decisions and operations."""
    folder = _folder(state)
    reached = {path.name: path.stat().st_size for path in segments(folder)}
    for line in last(folder, count):
        _print(line, json=json)
    while follow:
        found, reached = since(folder, reached, _BATCH)
        for line in found:
            _print(line, json=json)
        time.sleep(0 if found else _FOLLOW_S)


@app.command()
def export(
    state: State = None,
    form: Annotated[
        str, typer.Option("--format", help="ocsf, ecs, cef or json.")
    ] = "ocsf",
    output: Annotated[
        Path | None, typer.Option(help="File to write.  [default: standard output]")
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            help="syslog+tls://HOST, splunk+https://HOST, loki+https://HOST, "
            "elastic+https://HOST/INDEX, otlp+https://HOST, file:///PATH or stdout:"
        ),
    ] = "",
    token_env: Annotated[
        str, typer.Option(help="Variable that holds the token of --to.")
    ] = "DLP_AUDIT_TOKEN",  # noqa: S107  # the name of a variable
    ca: Annotated[
        Path | None, typer.Option(help="CA certificates for --to.  [default: system]")
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="With --to: go on with new lines.")
    ] = False,
) -> None:
    """
    Every decision and operation in a form that other tools read, oldest first.

    With --to it goes to another machine, each line at least once: a second call sends
    what came since. --follow goes on until it is stopped, through every outage.
    """
    if form not in FORMS:
        raise UsageError(f"there is no format {form}; there are {', '.join(FORMS)}")
    if follow and not to:
        raise UsageError("--follow goes with --to; `dlp audit tail -f` shows new lines")
    if to:
        place = sink(to, os.environ.get(token_env, ""), str(ca) if ca else None)
        shipper = Shipper(_folder(state), to, place, FORMS[form])
        with shipper.alone():
            if follow:
                shipper.follow(sleeper())
            shipper.drain()
        typer.echo(f"{shipper.sent} lines sent", err=True)
        return
    _write((t for line in lines(_folder(state)) for t in FORMS[form](line)), output)


def _write(rows: Iterable[bytes], output: Path | None) -> None:
    if output is None:
        for text in rows:
            typer.echo(text)
        return
    try:
        with output.open("wb") as file:
            file.writelines(text + b"\n" for text in rows)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error


@app.command("verify")
def verify_(
    state: State = None,
    public_key: Annotated[
        Path | None, typer.Option(help="PEM file.  [default: STATE/audit/public.pem]")
    ] = None,
    json: Json = False,
) -> None:
    """
    Prove that no line was changed, dropped, reordered or cut off.

    Exit code 1 when one was; the line is named.
    """
    report = verify(_folder(state), public_key)
    if json:
        typer.echo(jsonlib.dumps({"intact": not report.faults, **asdict(report)}))
    else:
        for note in report.notes:
            typer.echo(f"note: {note}")
        for fault in report.faults:
            typer.echo(f"FAULT: {fault}")
        whole = "NOT intact" if report.faults else "intact"
        typer.echo(
            f"{whole}: {report.lines} lines of {report.writers} writers, "
            f"{report.unsigned} written after the last signature"
        )
    if report.faults:
        raise typer.Exit(1)


def _folder(state: Path | None) -> Path:
    folder = open_folder(state, reads=True) / "audit"
    if not folder.is_dir():
        raise UsageError(f"there is no audit log in {folder.parent} yet")
    return folder


def _print(line: Line, *, json: bool) -> None:
    if json:
        row = {"kind": line.kind, "writer": line.writer, "seq": line.seq, **line.data}
        typer.echo(jsonlib.dumps(row))
        return
    at = datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    data = line.data
    if line.kind == "operation":
        typer.echo(f"{at}  {data['actor']} {data['verb']} {data['object']}")
        return
    where = f"{data['scheme']}://{data['host']}:{data['port']}{data['path']}"
    rules = ", ".join(sorted({found["rule"] for found in data["findings"]}))
    typer.echo(
        f"{at}  {data['action']:6} {data['reason']:12} {data['agent']:12} "
        f"{data['method']} {where}  [{data['rule']}]"
        f"{'  ' + rules if rules else ''}  {data['reference']}"
    )
