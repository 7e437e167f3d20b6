"""Elastic Common Schema 8.17 (https://www.elastic.co/guide/en/ecs/8.17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from dlp import __version__
from dlp.audit.forms.ocsf import severity
from dlp.audit.read import Line

VERSION = "8.17.0"
_RISK = 20
"""Points of `event.risk_score` per step of severity."""


def render(line: Line) -> Iterator[bytes]:
    """The document that tells of a line."""
    told = _operation(line) if line.kind == "operation" else _decision(line)
    yield orjson.dumps(told)


def _document(line: Line, event: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds")
    return {
        "@timestamp": at.replace("+00:00", "Z"),
        "ecs": {"version": VERSION},
        "event": {
            "module": "agent-dlp",
            "provider": line.writer,
            "sequence": line.seq,
            **event,
        },
        "observer": {
            "product": "agent-dlp",
            "vendor": "agent-dlp",
            "type": "proxy",
            "version": __version__,
        },
    }


def _decision(line: Line) -> dict[str, Any]:
    data = line.data
    refused = data["action"] in {"block", "hold"}
    leaks = [found["rule"] for found in data["findings"]]
    document = _document(
        line,
        {
            "id": data["reference"],
            "kind": "alert" if leaks and data["action"] != "allow" else "event",
            "category": ["network", "web"],
            "type": ["connection", "denied" if refused else "allowed"],
            "action": data["action"],
            "outcome": "failure" if refused else "success",
            "reason": data["reason"],
            "dataset": "agent-dlp.decision",
            "risk_score": severity(data) * _RISK,
        },
    )
    document |= {
        "message": f"{data['action']}: {data['reason']}",
        "user": {"name": data["agent"]},
        "destination": {"domain": data["host"], "port": data["port"]},
        "url": {
            "scheme": data["scheme"],
            "domain": data["host"],
            "port": data["port"],
            "path": data["path"],
        },
        "http": {"request": {"method": data["method"], "bytes": data["volume"]["out"]}},
        "network": {"direction": "egress", "protocol": data["scheme"]},
        "rule": {"id": data["rule"], "ruleset": data["statement"]},
        "agent_dlp": data,
    }
    if data["status"]:
        document["http"]["response"] = {"status_code": data["status"]}
    return document


def _operation(line: Line) -> dict[str, Any]:
    data = line.data
    document = _document(
        line,
        {
            "id": f"{line.writer}-{line.seq}",
            "kind": "event",
            "category": ["configuration"],
            "type": ["change"],
            "action": data["verb"],
            "outcome": "success" if data["outcome"] == "success" else "failure",
            "dataset": "agent-dlp.operation",
        },
    )
    return document | {
        "message": f"{data['actor']}: {data['verb']} {data['object']}".strip(),
        "user": {"name": data["actor"]},
        "agent_dlp": data,
    }
