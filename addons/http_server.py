"""
The client side of HTTP: mitmproxy's two server classes with our error pages.

Why not in `http_stream`: these speak the wire format of one connection, that one knows
one exchange. mitmproxy's own pages are HTML and quote what they could not parse.
"""

from __future__ import annotations

from collections.abc import Callable

from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import connection_close
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import Command, SendData
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    Http1Server,
    Http2Server,
    HttpEvent,
    RequestHeaders,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._base import ReceiveHttp

type Commands = layer.CommandGenerator[None]
type Pages = Callable[[Client, int, str], http.Response]
"""(client, status, mitmproxy's reason) -> the whole answer; records the refusal."""

BAD_REQUEST = 400


class EgressServer1(Http1Server):
    """HTTP/1 to the client."""

    def __init__(self, context: Context, pages: Pages) -> None:
        super().__init__(context)
        self._pages = pages
        self._last = False
        """The client asked for an end after this request (RFC 9112, 9.6)."""

    def send(self, event: HttpEvent) -> Commands:
        """An error before the answer began becomes an answer."""
        if isinstance(event, ResponseHeaders) and self._last:
            event.response.headers["connection"] = "close"
        status = _status(event)
        if status is not None and self.response is None and self.request is not None:
            page = self._page(status, event)
            yield SendData(self.conn, http1.assemble_response(page))
            self.response = page
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """The one thing mitmproxy sends from here is its page for a bad request."""
        for command in super().read_headers(event):
            if isinstance(command, SendData) and command.connection == self.conn:
                page = self._page(BAD_REQUEST, None)
                command.data = http1.assemble_response(page)
            elif _begins(command) and self.request is not None:
                # Before a hook takes the header away: it is meant for us, not upstream.
                self._last = connection_close("HTTP/1.1", self.request.headers)
            yield command

    def _page(self, status: int, event: HttpEvent | None) -> http.Response:
        reason = event.message if isinstance(event, ResponseProtocolError) else ""
        page = self._pages(self.context.client, status, reason)
        page.headers["connection"] = "close"
        return page


class EgressServer2(Http2Server):
    """HTTP/2 to the client."""

    def __init__(self, context: Context, pages: Pages) -> None:
        super().__init__(context)
        self._pages = pages

    def _handle_event(self, event: events.Event) -> Commands:
        status = _status(event)
        if status is None or not isinstance(event, ResponseProtocolError):
            yield from super()._handle_event(event)
            return
        number = event.stream_id
        stream = self.h2_conn.streams.get(number)
        if (
            stream is None
            or not self.is_open_for_us(number)
            or stream.state_machine.headers_sent
        ):
            yield from super()._handle_event(event)
            return
        page = self._pages(self.context.client, status, event.message)
        for part in (
            ResponseHeaders(number, page),
            ResponseData(number, page.raw_content or b""),
            ResponseEndOfMessage(number),
        ):
            yield from super()._handle_event(part)


def _begins(command: Command) -> bool:
    return isinstance(command, ReceiveHttp) and isinstance(
        command.event, RequestHeaders
    )


def _status(event: events.Event) -> int | None:
    if isinstance(event, ResponseProtocolError):
        return event.code.http_status_code()
    return None
