"""OpenTelemetry: logs by OTLP over HTTP, in its JSON form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from dlp import __version__
from dlp.audit.forms.ocsf import severity
from dlp.audit.sinks.delivery import JSON, Row, SinkError, Target, post

_SEVERITY = {
    1: (9, "INFO"),
    2: (13, "WARN"),
    3: (14, "WARN2"),
    4: (17, "ERROR"),
    5: (18, "ERROR2"),
}
"""OCSF severity: `SeverityNumber` and its short name."""
_TOLD = {
    "agent": "agent_dlp.agent",
    "action": "agent_dlp.action",
    "reason": "agent_dlp.reason",
    "rule": "agent_dlp.rule",
    "reference": "agent_dlp.reference",
    "method": "http.request.method",
    "host": "server.address",
    "actor": "agent_dlp.actor",
    "verb": "agent_dlp.verb",
}
"""What of a line is an attribute too, so that it can be searched for."""


@dataclass(frozen=True, slots=True)
class Otlp:
    """
    A collector's `/v1/logs`.

    OTLP 1.5, section OTLP/HTTP, and the JSON mapping of its Protocol Buffers: 64-bit
    numbers are strings. `log.record.uid` is equal when a line is sent again.
    """

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        body = {
            "resourceLogs": [
                {
                    "resource": {
                        "attributes": _attributes(
                            {
                                "service.name": "agent-dlp",
                                "service.version": __version__,
                                "service.instance.id": writer,
                            }
                        )
                    },
                    "scopeLogs": [
                        {
                            "scope": {"name": "agent-dlp.audit"},
                            "logRecords": _records(
                                [row for row in rows if row[0].writer == writer]
                            ),
                        }
                    ],
                }
                for writer in sorted({line.writer for line, _ in rows})
            ]
        }
        token = self.target.token
        headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
        path = self.target.path.rstrip("/") + "/v1/logs"
        answer = post(self.target, path, orjson.dumps(body), headers)
        # "The client MUST NOT retry": what was refused is refused again.
        rejected = int(answer.get("partialSuccess", {}).get("rejectedLogRecords", 0))
        if rejected:
            raise SinkError(f"the collector refused {rejected} lines", final=True)


def _records(rows: list[Row]) -> list[dict[str, Any]]:
    made = []
    for number, (line, text) in enumerate(rows):
        same = sum(other is line for other, _ in rows[:number][-60:])
        decided = line.kind == "decision"
        level, name = _SEVERITY[severity(line.data) if decided else 1]
        told = {_TOLD[key]: line.data[key] for key in _TOLD if line.data.get(key)}
        made.append(
            {
                "timeUnixNano": str(int(line.at * 1e9)),
                "severityNumber": level,
                "severityText": name,
                "eventName": f"agent_dlp.{line.kind}",
                "body": {"stringValue": text.decode()},
                "attributes": _attributes(
                    {"log.record.uid": f"{line.writer}-{line.seq}-{same}", **told}
                ),
            }
        )
    return made


def _attributes(table: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"key": key, "value": {"stringValue": value}} for key, value in table.items()
    ]
