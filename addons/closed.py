"""
A hook that fails refuses. The one place in this repository that catches everything.

Why not in `connection`: that one closes a connection when the proxy core fails; this
one knows what each hook must do so that the agent gets an answer and nothing leaves.

Strategy: `REFUSALS` has a row for every hook that an addon of ours may have. A hook
without a row cannot be wrapped, which stops the start. mitmproxy by itself logs the
exception and forwards the request.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from traceback import extract_tb
from typing import Any

from mitmproxy.connection import Client
from mitmproxy.flow import Error
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from addons import answers
from addons.http_upload import Piece
from dlp import logs
from dlp.errors import StateError
from dlp.model import Reason
from dlp.record.problem import problem
from dlp.record.reference import ENTROPY_BYTES, reference

type Hook = Callable[[Any], Awaitable[None] | None]
type Failed = Callable[[str], None]
"""Counts a failure: `unavailable` for a store or the audit log, else `internal`."""

UNAVAILABLE = 503
FAILED = "inspection failed"


class Aborted(Exception):  # noqa: N818
    """Ends a connection that has no milder refusal (`connection`, rule 3)."""


def fail_closed(name: str, hook: Hook, failed: Failed) -> Hook:
    """
    `hook`, so that an exception out of it refuses what it was called for.

    Raises:
        StateError: there is no refusal for a hook of this name.
    """
    refuse = REFUSALS.get(name)
    if refuse is None:
        raise StateError(f"the hook {name} has no refusal; it cannot be used")

    def called(data: Any) -> Awaitable[None] | None:
        with _Refusing(name, refuse, data, failed):
            pending = hook(data)
            return None if pending is None else awaited(data, pending)
        return None

    async def awaited(data: Any, pending: Awaitable[None]) -> None:
        with _Refusing(name, refuse, data, failed):
            await pending

    return called


class _Refusing:
    """Ends a hook that raises with its refusal; cancellation passes."""

    def __init__(
        self, name: str, refuse: Callable[[Any], None], data: Any, failed: Failed
    ) -> None:
        self._name = name
        self._refuse = refuse
        self._data = data
        self._failed = failed

    def __enter__(self) -> None:
        """Nothing to set up."""

    def __exit__(self, _kind: object, error: object, _traceback: object) -> bool:
        if not isinstance(error, Exception):
            return False
        _report(self._name, error)
        self._failed("unavailable" if isinstance(error, StateError) else "internal")
        self._refuse(self._data)
        return True


def _report(name: str, error: Exception) -> None:
    """
    Type and place only: the text of an exception may hold payload. What the system
    said of a file, as of a full disk, does not.
    """
    last = extract_tb(error.__traceback__)[-1:]
    cause = error.__cause__
    system = cause.strerror if isinstance(cause, OSError) else None
    logs.get().error(
        "a hook failed and refused what it was called for",
        hook=name,
        exception=type(error).__name__,
        where="".join(f"{frame.name}:{frame.lineno}" for frame in last),
        system=system,
    )


def _unavailable() -> Response:
    mark = reference(time.time(), secrets.token_bytes(ENTROPY_BYTES))
    body = problem(mark, Reason.UNAVAILABLE, UNAVAILABLE)
    return answers.refusal(UNAVAILABLE, body)


def _answer(flow: HTTPFlow) -> None:
    flow.response = _unavailable()


def _stop_body(piece: Piece) -> None:
    piece.out, piece.refusal = b"", _unavailable()


def _kill(flow: HTTPFlow) -> None:
    flow.error = Error(Error.KILLED_MESSAGE)


def _drop_message(flow: HTTPFlow) -> None:
    assert flow.websocket is not None
    flow.websocket.messages[-1].drop()


def _fail_flow(flow: HTTPFlow) -> None:
    flow.error = Error(FAILED)


def _fail_client(client: Client) -> None:
    client.error = FAILED


def _abort(_: object) -> None:
    """
    Out of a hook of the layers, this closes every socket of the connection. For hooks
    that several addons have: what one leaves undone, the next would do its own way.
    """
    raise Aborted


def _no_server(data: ServerConnectionHookData) -> None:
    data.server.error = FAILED


def _nothing(_: object) -> None:
    """It is over already: there is nothing left to refuse."""


REFUSALS: dict[str, Callable[[Any], None]] = {
    "client_connected": _fail_client,
    "client_disconnected": _nothing,
    "server_connect": _no_server,
    "server_connect_error": _nothing,
    "server_disconnected": _nothing,
    "next_layer": _abort,
    "tls_clienthello": _abort,
    "tls_start_client": _abort,
    "tls_start_server": _abort,
    "quic_start_client": _abort,
    "quic_start_server": _abort,
    "tls_failed_client": _nothing,
    "tls_failed_server": _nothing,
    "http_connect": _answer,
    "requestheaders": _answer,
    "request": _answer,
    "request_body": _stop_body,
    "request_body_ended": _nothing,
    "responseheaders": _kill,
    "response": _kill,
    "error": _nothing,
    "websocket_start": _fail_flow,
    "websocket_message": _drop_message,
    "websocket_end": _nothing,
}
"""
Hooks that cannot refuse (`server_connected`, `tls_established_*`, `tcp_*`, `udp_*`,
`dns_*`) have no row on purpose: no guard may depend on them.
"""
