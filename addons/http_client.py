"""
The origin's side of HTTP: mitmproxy's client classes with an end to what they buffer.

Why not in `http_server`: that one refuses what an agent does; here nothing is refused,
an origin is only not believed without limit.
"""

from __future__ import annotations

import asyncio
import re
from typing import ClassVar
from weakref import WeakKeyDictionary

import mitmproxy.proxy.layers.http as layers
from mitmproxy.connection import Connection
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import CloseConnection
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    ErrorCode,
    Http1Client,
    Http2Client,
    HttpEvent,
    ReceiveHttp,
    RequestHeaders,
    ResponseEndOfMessage,
    ResponseProtocolError,
)

type Commands = layer.CommandGenerator[None]

BACKLOG_BYTES = 8 << 20
"""What an HTTP/2 origin may leave untaken; beyond, the client is not read."""
HEAD_BYTES = 256 << 10
"""A response head, or the line of one chunk."""

_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r]")


class EgressClient2(Http2Client):
    """HTTP/2 to an origin."""

    of: ClassVar[WeakKeyDictionary[Connection, EgressClient2]] = WeakKeyDictionary()
    """Whoever reads from the client waits here until the origin has taken its part."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.of[context.server] = self
        self.taken = asyncio.Event()
        """Clear while the origin leaves more than `BACKLOG_BYTES` to its windows."""
        self.taken.set()

    def _handle_event(self, event: events.Event) -> Commands:
        yield from super()._handle_event(event)
        waiting = self.h2_conn.stream_buffers.values()
        size = sum(len(piece.data) for pieces in waiting for piece in pieces)
        closed = isinstance(event, events.ConnectionClosed)
        if size > BACKLOG_BYTES and not closed:
            self.taken.clear()
        else:
            self.taken.set()


class EgressClient1(Http1Client):
    """HTTP/1 to an origin."""

    def send(self, event: HttpEvent) -> Commands:
        """
        A body that came over HTTP/2 without its length goes on in chunks; mitmproxy
        would let it begin where the origin expects the next request.
        """
        if isinstance(event, RequestHeaders) and not event.end_stream:
            fields = event.request.headers
            if not {"content-length", "transfer-encoding"} & {
                n.lower() for n in fields
            }:
                fields["transfer-encoding"] = "chunked"
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """
        Interim responses are left out, as RFC 9110 (15.2) leaves us free to do;
        mitmproxy would take the first one for the answer.
        """
        if isinstance(event, events.DataReceived) and self.request:
            head = self._head()
            while head and _INTERIM.match(bytes(self.buf)):
                self.buf.maybe_extract_at_most(head)
                head = self._head()
            if not head and len(self.buf) > HEAD_BYTES:
                yield from self._give_up("the head does not end")
                return
        yield from super().read_headers(event)

    def read_body(self, event: events.Event) -> Commands:
        """Trailers are left out; mitmproxy fails on them."""
        try:
            yield from super().read_body(event)
        except NotImplementedError:
            assert self.stream_id is not None
            yield ReceiveHttp(ResponseEndOfMessage(self.stream_id))
            yield from self.mark_done(response=True)
        if self.state == self.read_body and len(self.buf) > HEAD_BYTES:
            yield from self._give_up("a line of the body does not end")

    def _head(self) -> int:
        """Bytes of the head at the start of the buffer; 0 when it is not complete."""
        end = _END.search(bytes(self.buf))
        return end.end() if end else 0

    def _give_up(self, why: str) -> Commands:
        assert self.stream_id is not None
        yield CloseConnection(self.conn)
        error = ResponseProtocolError(
            self.stream_id, why, ErrorCode.GENERIC_SERVER_ERROR
        )
        yield ReceiveHttp(error)
        self.state = self.done


def install() -> None:
    """Mitmproxy makes its client classes by name and offers no other way in."""
    layers.Http1Client = EgressClient1  # type: ignore[misc]
    layers.Http2Client = EgressClient2  # type: ignore[misc]
