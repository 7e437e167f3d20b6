"""Syslog over TLS."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from dlp.audit.sinks.delivery import TIMEOUT_S, Row, SinkError, Target


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
