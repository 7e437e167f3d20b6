"""What all sinks share: what is delivered, where to, and what one HTTP POST says."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import orjson

from dlp.audit.read import Line
from dlp.errors import DLPError

TIMEOUT_S = 30.0
FINAL = frozenset({400, 401, 403, 404, 405, 413})
"""Answers that another try will not change."""
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}

Row = tuple[Line, bytes]
"""A line and one text that stands for it."""


class SinkError(DLPError):
    """
    A batch was not accepted.

    `final`: trying again is of no use; `too_large`: but trying with less of it is.
    """

    def __init__(
        self, what: str, *, final: bool = False, too_large: bool = False
    ) -> None:
        self.final = final
        self.too_large = too_large
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


def as_json(text: bytes) -> bytes:
    return text if text.startswith(b"{") else orjson.dumps(text.decode())


def post(
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
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise SinkError(f"{name} cannot be reached: {error}") from error
    finally:
        connection.close()
    if answer.status >= 300:
        raise SinkError(
            f"{name} answered {answer.status}",
            final=answer.status in FINAL,
            too_large=answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    try:
        told = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError as error:
        raise SinkError(f"{name} answered something else than JSON") from error
    return told if isinstance(told, dict) else {}
