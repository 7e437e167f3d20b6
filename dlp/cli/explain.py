"""`dlp explain REFERENCE`: the whole story of one decision."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dlp.audit import Line, find
from dlp.errors import UsageError
from dlp.state.folder import open_folder

app = typer.Typer(add_completion=False)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]

_PLACES = {
    "bound": "a registered secret, in its own slot at its own host",
    "vendor-slot": "in a credential slot of its vendor's own host",
    "other-slot": "in a credential slot of another host",
    "elsewhere": "where no credential belongs",
}
_ACTIONS = {
    "allow": "It was forwarded unchanged.",
    "redact": "It was forwarded with the findings replaced.",
    "hold": "It was held for a person to approve, and not forwarded meanwhile.",
    "block": "It was refused; nothing of it was forwarded.",
}
_BROKEN = "It was broken off; what had gone on before is no whole request."
_REMEDIES = {
    "destination": "If it should be allowed: add a statement to rules/policy.yaml; "
    "`dlp rules explain` shows which statement decides.",
    "content": "If the credential belongs there: register it for that host "
    "(`dlp secrets add`). If it is not a secret: override the rule in rules/detectors.",
    "approval-required": "Approve it with `dlp approvals`.",
    "unreadable": "The content could not be read in full; see the limits under "
    "`inspection` in rules/policy.yaml.",
    "limit": "See the limits of the statement in rules/policy.yaml.",
    "quarantined": "The agent is quarantined or unknown; see `dlp agents list`.",
    "protocol": "The request broke a rule of the proxy; the detail says which.",
    "unavailable": "Something of the proxy did not work; see /healthz and its log.",
}


@app.command()
def explain(
    reference: Annotated[str, typer.Argument(help="The id in a refusal: dlp-...")],
    state: State = None,
    json: Json = False,
) -> None:
    """The whole story of one decision."""
    folder = open_folder(state, reads=True) / "audit"
    line = find(folder, reference)
    if line is None:
        raise UsageError(f"no decision {reference} is on record in {folder.parent}")
    if json:
        typer.echo(jsonlib.dumps(line.data))
        return
    for row in _story(line):
        typer.echo(row)


def _story(line: Line) -> Iterator[str]:
    data = line.data
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds")
    where = f"{data['scheme']}://{data['host']}:{data['port']}{data['path']}"
    yield f"{data['reference']}  {at}"
    yield ""
    yield f"Who       agent {data['agent']}, over {data['channel']}"
    yield f"What      {data['method']} {where}"
    broken = data["action"] == "block" and data["volume"].get("streamed")
    outcome = _BROKEN if broken else _ACTIONS[data["action"]]
    yield f"Decision  {data['action']} ({data['reason']}). {outcome}"
    if data["would"]:
        yield f"Would be  {data['would']}, were the policy not in observe mode"
    yield f"Because   {data['rule']}{': ' + data['detail'] if data['detail'] else ''}"
    yield f"Statement {data['statement'] or 'none covers this destination'}"
    if data["approval"]:
        who = f" by {data['approver']}" if data["approver"] else ""
        yield f"Approval  {data['approval']}{who}"
    yield from _findings(data)
    yield from _reading(data)
    yield f"Rules     generation {data['generation'] or 'unknown'}"
    yield f"On record {line.writer}, line {line.seq}"
    if data["reason"] in _REMEDIES and data["action"] != "allow":
        yield ""
        yield _REMEDIES[data["reason"]]


def _findings(data: dict[str, Any]) -> Iterator[str]:
    for found in data["findings"]:
        spot = found["slot"] or found["path"] or found["where"] or "unknown"
        yield (
            f"Found     {found['rule']} ({found['kind']}, {found['tier']}) at {spot}, "
            f"{_PLACES[found['place']]}"
        )
    if data["more_findings"]:
        yield f"          and {data['more_findings']} more"


def _reading(data: dict[str, Any]) -> Iterator[str]:
    volume = data["volume"]
    skipped = f", {volume['skipped']} not inspected" if volume["skipped"] else ""
    why = f" ({volume['why_skipped']})" if volume["why_skipped"] else ""
    inspected, out = volume["inspected"], volume["out"]
    read = f"{inspected} of {out} bytes inspected"
    if inspected > out:
        read = f"all {out} bytes inspected, {inspected} with what they decode to"
    yield f"Read      {read}{skipped}{why}"
    if data["truncated"]:
        yield f"          stopped at the limit of {data['truncated']}"
    for path in data["undecodable"]:
        yield f"          could not decode {path}"
    if data["timings"]:
        spent = ", ".join(
            f"{stage} {took * 1e3:.2f}" for stage, took in data["timings"]
        )
        yield f"Took      {spent} (milliseconds)"
