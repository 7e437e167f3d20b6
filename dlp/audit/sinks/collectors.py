"""Collectors that take the log by HTTP: Splunk, Loki, Elasticsearch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from dlp.audit.sinks.delivery import (
    FINAL,
    JSON,
    NDJSON,
    Row,
    SinkError,
    Target,
    as_json,
    post,
)

_DUPLICATE = 409


@dataclass(frozen=True, slots=True)
class Splunk:
    """Splunk's HTTP Event Collector: `/services/collector/event`."""

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        body = b"\n".join(
            b'{"time":%.3f,"source":"agent-dlp","sourcetype":"agent-dlp:%b","event":%b}'
            % (line.at, line.kind.encode(), as_json(text))
            for line, text in rows
        )
        path = self.target.path.rstrip("/") + "/services/collector/event"
        headers = NDJSON | {"Authorization": f"Splunk {self.target.token}"}
        answer = post(self.target, path, body, headers)
        if answer.get("code", 0) != 0:
            raise SinkError(f"Splunk answered code {answer['code']}")


@dataclass(frozen=True, slots=True)
class Loki:
    """Grafana Loki's push API: `/loki/api/v1/push`."""

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        streams: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for line, text in rows:
            values = streams.setdefault((line.writer, line.kind), [])
            values.append((str(int(line.at * 1e9)), text.decode()))
        body = {
            "streams": [
                {
                    "stream": {"job": "agent-dlp", "writer": writer, "kind": kind},
                    "values": values,
                }
                for (writer, kind), values in streams.items()
            ]
        }
        token = self.target.token
        headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
        path = self.target.path.rstrip("/") + "/loki/api/v1/push"
        post(self.target, path, orjson.dumps(body), headers)


@dataclass(frozen=True, slots=True)
class Elastic:
    """
    Elasticsearch's bulk API; the path of the target is the index or data stream.

    Documents have ids of their own, so one that is sent twice is stored once.
    """

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        lines = []
        for number, (line, text) in enumerate(rows):
            same = sum(other is line for other, _ in rows[:number][-60:])
            identity = f"{line.writer}-{line.seq}-{same}"
            lines += [orjson.dumps({"create": {"_id": identity}}), as_json(text)]
        token = self.target.token
        headers = NDJSON | ({"Authorization": f"ApiKey {token}"} if token else {})
        path = "/" + self.target.path.strip("/") + "/_bulk"
        answer = post(self.target, path, b"\n".join(lines) + b"\n", headers)
        for item in answer.get("items", ()):
            status = item["create"]["status"]
            if status >= 300 and status != _DUPLICATE:
                final = status in FINAL
                raise SinkError(f"Elasticsearch refused a line: {status}", final=final)
