"""`dlp rules schema`: JSON Schema of the rules files, for editors."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from dlp.alerts.schema import AlertsModel
from dlp.detect.rules import DetectorFile
from dlp.errors import UsageError
from dlp.policy.schema import PolicyModel
from dlp.rulefile import RuleModel

SCHEMAS: dict[str, type[RuleModel]] = {
    "policy": PolicyModel,
    "detectors": DetectorFile,
    "alerts": AlertsModel,
}
"""Name -> model; `rules/schema/NAME.schema.json` is made from it."""


def schema(
    name: Annotated[
        str, typer.Argument(help=f"Which file: {', '.join(SCHEMAS)}.")
    ] = "policy",
) -> None:
    """Print the JSON Schema of a rules file."""
    if name not in SCHEMAS:
        raise UsageError(
            f"there is no schema `{name}`: use one of {', '.join(SCHEMAS)}"
        )
    typer.echo(document(name), nl=False)


def document(name: str) -> str:
    """The text of `rules/schema/NAME.schema.json`."""
    made: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    made |= SCHEMAS[name].model_json_schema()
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
