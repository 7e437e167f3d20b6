"""
The origin's side of HTTP/1: mitmproxy's client class with an end to what it buffers.

Why not in `http_server`: that one refuses what an agent does; here nothing is refused,
an origin is only not believed without limit.
"""

from __future__ import annotations

import re

import mitmproxy.proxy.layers.http as layers
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import CloseConnection
from mitmproxy.proxy.layers.http import (
    ErrorCode,
    Http1Client,
    ReceiveHttp,
    ResponseEndOfMessage,
    ResponseProtocolError,
)

type Commands = layer.CommandGenerator[None]

HEAD_BYTES = 256 << 10
"""A response head, or the line of one chunk."""

_END = re.compile(rb"\n\r?\n")
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)[0-9][0-9][ \r]")


class EgressClient1(Http1Client):
    """HTTP/1 to an origin."""

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
    """Mitmproxy makes its client class by name and offers no other way in."""
    layers.Http1Client = EgressClient1  # type: ignore[misc]
