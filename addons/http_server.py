"""
The client side of HTTP: mitmproxy's two server classes, held to our limits, with our
error pages.

Why not in `http_stream`: these speak the wire format of one connection, that one knows
one exchange. mitmproxy's own pages are HTML and quote what they could not parse; its
buffers have no limit and its heads no deadline.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from weakref import WeakKeyDictionary

import h2.events
from mitmproxy import http
from mitmproxy.connection import Client
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import connection_close
from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import CloseConnection, Command, RequestWakeup, SendData
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    ErrorCode,
    Http1Server,
    Http2Server,
    HttpEvent,
    ReceiveHttp,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)

from addons.guards import HEAD_BYTES, HEAD_SIZE, Breach, check_head
from addons.network import PRIVATE
from dlp.model import Deadlines, Reason

type Commands = layer.CommandGenerator[None]
type Pages = Callable[[Client, Breach], http.Response]
"""(client, what went wrong) -> the whole answer; records the refusal."""

PIPELINED_BYTES = 1 << 20
"""What a client may send while it waits for an answer."""
BACKLOG_BYTES = 8 << 20
"""What an HTTP/2 client may leave unread; beyond, its origins are not read either."""
RESETS = 200
"""Streams a client may reset within `RESETS_S` (CVE-2023-44487)."""
RESETS_S = 10.0

UPSTREAM = Breach("upstream", 502, "answer", Reason.UNAVAILABLE)
"""Its `detail` is the kind of failure, one of the groups of `_CAUSE` or `answer`."""
CLOSED_ADDRESS = Breach("address", 403, "not a public address", Reason.DESTINATION)
SLOW_HEAD = Breach("head-deadline", 408, "the head did not arrive in time")
CHUNK_LINE = Breach("chunk-size", 400, "the line of a chunk does not end")
CHUNKS = Breach("chunks", 400, "the body is not chunked as RFC 9112 (7.1) says")
TRAILERS = Breach("trailers", 400, "trailers in a chunked HTTP/1 request")

_END = re.compile(rb"\r?\n\r?\n")
_CAUSE = re.compile(
    "(?P<certificate>ertificate|[Hh]ostname mismatch)|(?P<tls>TLS|SSL)"
    "|(?P<name>Name or service|name resolution|[Nn]o address|nodename)"
    "|(?P<refused>refused|unreachable|No route|Connect call failed|[Rr]eset)"
    "|(?P<timeout>connection cancelled|[Tt]imed out)"
)
"""What may be told of an error: its kind. Its text may quote what an origin sent."""


class EgressServer1(Http1Server):
    """HTTP/1 to the client."""

    def __init__(
        self, context: Context, pages: Pages, deadlines: Deadlines, *, tunnelled: bool
    ) -> None:
        super().__init__(context)
        self._pages = pages
        self._deadlines = deadlines
        self._tunnelled = tunnelled
        self._last = False
        """The client asked for an end after this request (RFC 9112, 9.6)."""
        self._waiting_for: int | None = None
        """Stream whose head has a deadline."""
        self._passed = b""
        """The first bytes in a tunnel that this connection opened."""
        self._extensions = 0

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            yield from self._expired()
            return
        yield from super()._handle_event(event)
        if isinstance(event, events.Start) and not self._tunnelled:
            yield from self._expect_head()

    def send(self, event: HttpEvent) -> Commands:
        """An error before the answer began becomes an answer."""
        if isinstance(event, ResponseHeaders) and self._last:
            event.response.headers["connection"] = "close"
        breach = _breach(event)
        if breach is not None and self.response is None and self.request is not None:
            yield from self._answer(breach)
        yield from super().send(event)

    def read_headers(self, event: events.ConnectionEvent) -> Commands:
        """The one thing mitmproxy sends from here is its page for a bad request."""
        if isinstance(event, events.DataReceived):
            breach = self._check()
            if breach is not None:
                yield from self._end(breach)
                return
        for command in super().read_headers(event):
            if isinstance(command, SendData) and command.connection == self.conn:
                command.data = self._page(_malformed(400))
            elif _begins(command) and self.request is not None:
                # Before a hook takes the header away: it is meant for us, not upstream.
                self._last = connection_close("HTTP/1.1", self.request.headers)
            yield command
        if self.state == self.read_headers and self.buf:
            yield from self._expect_head()

    def read_body(self, event: events.Event) -> Commands:
        """
        Mitmproxy fails on trailers; without them the request is another one. On a body
        that it cannot read it closes without a word.
        """
        try:
            for command in super().read_body(event):
                if self._gives_up(command) and isinstance(event, events.DataReceived):
                    yield SendData(self.conn, self._page(CHUNKS))
                    self.state = self.done
                yield command
        except NotImplementedError:
            number = self.stream_id
            error = RequestProtocolError(number, "trailers", ErrorCode.CANCEL)
            yield from self._end(TRAILERS)
            yield ReceiveHttp(error)
            return
        if self.state == self.read_body and len(self.buf) > HEAD_BYTES:
            error = RequestProtocolError(self.stream_id, "line", ErrorCode.CANCEL)
            yield from self._end(CHUNK_LINE)
            yield ReceiveHttp(error)

    def _gives_up(self, command: Command) -> bool:
        """Whether the body is being read, unanswered, and this ends the connection."""
        reading = self.state == self.read_body and self.response is None
        return reading and isinstance(command, CloseConnection)

    def wait(self, event: events.Event) -> Commands:
        """More requests may come, but not without end."""
        if len(self.buf) > PIPELINED_BYTES:
            self.state = self.done
            yield CloseConnection(self.conn)
            error = "pipelined too much"
            code = ErrorCode.CLIENT_DISCONNECTED
            yield ReceiveHttp(RequestProtocolError(self.stream_id, error, code))
            return
        yield from super().wait(event)

    def make_pipe(self) -> Commands:
        """A tunnel begins: the client owes a handshake."""
        if self.request is not None and self.request.method == "CONNECT":
            yield RequestWakeup(self._deadlines.handshake)
        yield from super().make_pipe()

    def passthrough(self, event: events.Event) -> Commands:
        """Remembers how the tunnel began."""
        if isinstance(event, events.DataReceived) and len(self._passed) < 3:
            self._passed += event.data[:3]
        yield from super().passthrough(event)

    # -- deadlines ----------------------------------------------------------------

    def _expect_head(self) -> Commands:
        if self._waiting_for != self.stream_id:
            self._waiting_for = self.stream_id
            yield RequestWakeup(self._deadlines.head)

    def _expired(self) -> Commands:
        if self.state == self.read_headers and self._waiting_for == self.stream_id:
            yield from self._end(SLOW_HEAD)
        elif self.state == self.passthrough and self._handshaking():
            server = self.context.server
            if server.timestamp_start and not server.error and self._extensions < 1:
                self._extensions += 1
                yield RequestWakeup(self._deadlines.handshake / 2)
            else:
                yield CloseConnection(self.conn)

    def _handshaking(self) -> bool:
        if len(self._passed) < 3:
            return True
        return (
            starts_like_tls_record(self._passed)
            and not self.context.client.tls_established
        )

    # -- refusals -----------------------------------------------------------------

    def _check(self) -> Breach | None:
        """The head as it stands in the buffer; None when it is not complete."""
        while bytes(self.buf).startswith(b"\r\n"):  # RFC 9112, 2.2
            self.buf.maybe_extract_at_most(2)
        head = bytes(self.buf)
        end = _END.search(head)
        if end is None:
            return HEAD_SIZE if len(head) > HEAD_BYTES else None
        return check_head(head[: end.end()], tunnelled=self._tunnelled)

    def _end(self, breach: Breach) -> Commands:
        if self.response is None:
            yield SendData(self.conn, self._page(breach))
        yield CloseConnection(self.conn)
        self.state = self.done

    def _answer(self, breach: Breach) -> Commands:
        page = self._pages(self.context.client, breach)
        page.headers["connection"] = "close"
        yield SendData(self.conn, http1.assemble_response(page))
        self.response = page

    def _page(self, breach: Breach) -> bytes:
        page = self._pages(self.context.client, breach)
        page.headers["connection"] = "close"
        raw: bytes = http1.assemble_response(page)
        return raw


class EgressServer2(Http2Server):
    """HTTP/2 to the client."""

    of: ClassVar[WeakKeyDictionary[Client, EgressServer2]] = WeakKeyDictionary()
    """Whoever reads from an origin waits here until the client has taken its part."""

    def __init__(self, context: Context, pages: Pages, deadlines: Deadlines) -> None:
        super().__init__(context)
        self._deadlines = deadlines
        self.of[context.client] = self
        self.taken = asyncio.Event()
        """Clear while the client leaves more than `BACKLOG_BYTES` to its windows."""
        self._pages = pages
        self._resets: deque[float] = deque(maxlen=RESETS)
        self._head_in_pieces = False

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Wakeup):
            if self._head_in_pieces:
                yield from self.protocol_error(SLOW_HEAD.detail)
            return
        yield from self._answered(event)
        self._measure()
        if isinstance(event, events.DataReceived):
            # No public name tells whether CONTINUATION frames are awaited.
            pieces = bool(self.h2_conn.incoming_buffer._headers_buffer)  # noqa: SLF001
            if pieces and not self._head_in_pieces:
                yield RequestWakeup(self._deadlines.head)
            self._head_in_pieces = pieces

    def _measure(self) -> None:
        waiting = self.h2_conn.stream_buffers.values()
        size = sum(len(piece.data) for pieces in waiting for piece in pieces)
        if size > BACKLOG_BYTES:
            self.taken.clear()
        else:
            self.taken.set()

    def _answered(self, event: events.Event) -> Commands:
        breach = _breach(event)
        if breach is None or not isinstance(event, ResponseProtocolError):
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
        page = self._pages(self.context.client, breach)
        for part in (
            ResponseHeaders(number, page),
            ResponseData(number, page.raw_content or b""),
            ResponseEndOfMessage(number),
        ):
            yield from super()._handle_event(part)

    def handle_h2_event(self, event: h2.events.Event) -> layer.CommandGenerator[bool]:
        """A client that resets streams as fast as it opens them is disconnected."""
        if isinstance(event, h2.events.StreamReset):
            now = time.monotonic()
            self._resets.append(now)
            if len(self._resets) == RESETS and now - self._resets[0] < RESETS_S:
                yield from self.protocol_error("too many resets", ENHANCE_YOUR_CALM)
                return True
        return (yield from super().handle_h2_event(event))


ENHANCE_YOUR_CALM = 0xB
"""RFC 9113, 7."""


def _begins(command: Command) -> bool:
    return isinstance(command, ReceiveHttp) and isinstance(
        command.event, RequestHeaders
    )


def _breach(event: events.Event) -> Breach | None:
    """What to answer in the place of one of mitmproxy's error pages."""
    if not isinstance(event, ResponseProtocolError):
        return None
    status = event.code.http_status_code()
    if status is None:
        return None
    if PRIVATE in event.message:
        return CLOSED_ADDRESS
    if status < 500:
        return _malformed(status)
    found = _CAUSE.search(event.message)
    cause = found.lastgroup if found else None
    return replace(UPSTREAM, detail=cause or "answer")


def _malformed(status: int) -> Breach:
    return Breach("malformed", status, "mitmproxy could not parse it")
