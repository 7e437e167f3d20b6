"""
Where the log can be sent: syslog over TLS, Splunk, Loki, Elasticsearch.

Strategy: a sink takes a batch and returns when the other side has accepted all of it,
or raises `SinkError`; it never drops and never retries. Retrying is the shipper's.
TLS is verified; plain HTTP is for loopback alone.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from dlp.audit.read import Line
from dlp.errors import DLPError, UsageError

TIMEOUT_S = 30.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DUPLICATE = 409
_FINAL = frozenset({400, 401, 403, 404, 405, 413})
"""Answers that another try will not change."""

Row = tuple[Line, bytes]
"""A line and one text that stands for it."""


class SinkError(DLPError):
    """A batch was not accepted. `final`: trying again is of no use."""

    def __init__(self, what: str, *, final: bool = False) -> None:
        self.final = final
        super().__init__(what)


class Sink(Protocol):
    """A place to send the log to."""

    def send(self, rows: Sequence[Row]) -> None:
        """
        Deliver a batch.

        Raises:
            SinkError: not all of it was accepted; send all of it again.
        """


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to connect."""

    host: str
    port: int
    path: str
    secure: bool
    token: str
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Syslog:
    """
    RFC 5424 messages over TLS with octet counting (RFC 5425).

    Syslog acknowledges nothing, so each batch has a connection of its own that is
    closed by TLS: the other side's close says that it has read to the end.
    """

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        name = socket.gethostname() or "-"
        frames = [_frame(row, name, os.getpid()) for row in rows]
        address = (self.target.host, self.target.port)
        try:
            with (
                socket.create_connection(address, TIMEOUT_S) as plain,
                self.target.context.wrap_socket(
                    plain, server_hostname=self.target.host
                ) as stream,
            ):
                stream.sendall(b"".join(frames))
                with suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError):
                    stream.unwrap()
        except OSError as error:
            raise SinkError(f"syslog at {address[0]}:{address[1]}: {error}") from error


def _frame(row: Row, host: str, process: int) -> bytes:
    line, text = row
    refused = line.kind == "decision" and line.data["action"] == "block"
    priority = 13 * 8 + (4 if refused else 6)  # facility 13: log audit
    at = datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds")
    head = f"<{priority}>1 {at} {host} agent-dlp {process} {line.kind} - "
    message = head.encode() + text
    return b"%d %b" % (len(message), message)


@dataclass(frozen=True, slots=True)
class Splunk:
    """Splunk's HTTP Event Collector: `/services/collector/event`."""

    target: Target

    def send(self, rows: Sequence[Row]) -> None:
        """Deliver a batch."""
        body = b"\n".join(
            b'{"time":%.3f,"source":"agent-dlp","sourcetype":"agent-dlp:%b","event":%b}'
            % (line.at, line.kind.encode(), _as_json(text))
            for line, text in rows
        )
        path = self.target.path.rstrip("/") + "/services/collector/event"
        headers = {"Authorization": f"Splunk {self.target.token}"}
        answer = _post(self.target, path, body, headers)
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
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        path = self.target.path.rstrip("/") + "/loki/api/v1/push"
        _post(self.target, path, orjson.dumps(body), headers)


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
            lines += [orjson.dumps({"create": {"_id": identity}}), _as_json(text)]
        token = self.target.token
        headers = {"Authorization": f"ApiKey {token}"} if token else {}
        path = "/" + self.target.path.strip("/") + "/_bulk"
        answer = _post(self.target, path, b"\n".join(lines) + b"\n", headers)
        for item in answer.get("items", ()):
            status = item["create"]["status"]
            if status >= 300 and status != _DUPLICATE:
                final = status in _FINAL
                raise SinkError(f"Elasticsearch refused a line: {status}", final=final)


SINKS: dict[str, tuple[Callable[[Target], Sink], int]] = {
    "syslog+tls": (Syslog, 6514),
    "splunk": (Splunk, 8088),
    "loki": (Loki, 3100),
    "elastic": (Elastic, 9200),
}


def sink(url: str, token: str, authority: str | None = None) -> Sink:
    """
    The sink behind `syslog+tls://HOST`, or `splunk+https:`, `loki+https:`,
    `elastic+https://HOST/INDEX`; `authority` is a file of CA certificates.

    Raises:
        UsageError: the URL names no sink, or plain HTTP to another machine.
    """
    try:
        parts = urlsplit(url)
        kind, _, protocol = parts.scheme.partition("+")
        name = parts.scheme if parts.scheme in SINKS else kind
        make, port = SINKS[name]
        target = Target(
            host=parts.hostname or "",
            port=parts.port or port,
            path=parts.path,
            secure=protocol in {"https", "tls"},
            token=token,
            context=ssl.create_default_context(cafile=authority),
        )
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            "--to takes syslog+tls://HOST, splunk+https://HOST, loki+https://HOST or "
            "elastic+https://HOST/INDEX, and --ca a file of certificates"
        ) from error
    if not target.host or (not target.secure and target.host not in _LOOPBACK):
        raise UsageError("the log is sent over TLS; plain http is for loopback alone")
    return make(target)


def _as_json(text: bytes) -> bytes:
    return text if text.startswith(b"{") else orjson.dumps(text.decode())


def _post(
    target: Target, path: str, body: bytes, headers: dict[str, str]
) -> dict[str, Any]:
    """
    What the other side answered to a POST, as JSON.

    Raises:
        SinkError: it could not be reached, or refused.
    """
    name = f"{target.host}:{target.port}"
    connection: http.client.HTTPConnection
    if target.secure:
        connection = http.client.HTTPSConnection(
            target.host, target.port, timeout=TIMEOUT_S, context=target.context
        )
    else:
        connection = http.client.HTTPConnection(target.host, target.port, TIMEOUT_S)
    try:
        headers = {"Content-Type": "application/x-ndjson", **headers}
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise SinkError(f"{name} cannot be reached: {error}") from error
    finally:
        connection.close()
    if answer.status >= 300:
        final = answer.status in _FINAL
        raise SinkError(f"{name} answered {answer.status}", final=final)
    try:
        told = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as error:
        raise SinkError(f"{name} answered something else than JSON") from error
    return told if isinstance(told, dict) else {}
