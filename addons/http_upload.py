"""
A request body over the buffer: passed on piece by piece, each after it was judged.

Why not in `http_stream`: that refuses, holds and answers whole exchanges; this is the
one state of it in which a request goes on before it has arrived.

Strategy: `request_body` is a blocking hook with one argument. While an addon judges a
`Piece`, the stream waits and the client is not read (`connection.HOLDS_READING`), nor
while the origin is dialled (`Reading`), so that no more than a piece is ever here. The
request head goes on with the first bytes that may.
Rule 1: what the hook did not put into `out` stays here.
Rule 2: after a refusal upstream is cut off, before the client hears of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar
from weakref import WeakKeyDictionary

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    ErrorCode,
    HttpStream,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    RequestTrailers,
    SendHttp,
)

PIECE_BYTES = 256 << 10
"""What is gathered before the hook is asked."""
FLOWING_BYTES = 8 << 20
"""What a body that flows is charged to the budget: pieces, windows, what is decoded."""

type Commands = layer.CommandGenerator[None]


@dataclass(slots=True)
class Piece:
    """Some bytes of a body, and what came of them."""

    flow: HTTPFlow
    data: bytes
    last: bool
    out: bytes = b""
    """What may go on now: of this piece, or of earlier ones."""
    refusal: Response | None = None


@dataclass
class RequestBodyHook(StartHook):
    """The next piece of a body that flows is here, or its end."""

    piece: Piece


@dataclass
class RequestBodyEndedHook(StartHook):
    """A body that flows will not come to its end."""

    piece: Piece
    blocking = False


class Reading:
    """Whether more is read of a client: not while its upload waits for an origin."""

    of: ClassVar[WeakKeyDictionary[Client, Reading]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._waiting = 0
        self.free = asyncio.Event()
        self.free.set()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nothing more is read meanwhile."""
        self._waiting += 1
        self.free.clear()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.free.set()


class UploadStream(HttpStream):
    """An exchange whose request may go on while it comes in."""

    def __init__(self, context: Context, stream_id: int) -> None:
        super().__init__(context, stream_id)
        self.flowing = False
        self._passed_on = False
        """The request head has gone on."""
        self._arrived_in_all = 0

    def begin_flow(self) -> None:
        """From here on the body goes on as it is judged."""
        self.flowing = True
        self.client_state = self.state_flow_request_body

    def state_flow_request_body(self, event: events.Event) -> Commands:
        """Gathers a piece, and passes on what may go."""
        if isinstance(event, RequestData):
            self._arrived_in_all += len(event.data)
            self.request_body_buf += event.data
            if len(self.request_body_buf) >= PIECE_BYTES:
                yield from self._pass_all_on()
        elif isinstance(event, RequestTrailers):
            self.flow.request.trailers = event.trailers
        elif isinstance(event, RequestEndOfMessage):
            self.flow.request.timestamp_end = time.time()
            data = bytes(self.request_body_buf)
            self.request_body_buf.clear()
            yield from self._pass_on(data, last=True)
            if self.flowing:
                yield from self._finish(event)

    def abort_upstream(self) -> Commands:
        """What has gone on is no request without its end."""
        self.flowing = False
        self.request_body_buf.clear()
        if self._passed_on:
            error = RequestProtocolError(self.stream_id, "refused", ErrorCode.CANCEL)
            yield SendHttp(error, self.context.server)

    def refuse_flow(self, refusal: Response) -> Commands:
        """Answer in band where no answer has begun; then close."""
        raise NotImplementedError

    def flow_went_on(self) -> None:
        """A piece was judged."""

    def _pass_all_on(self) -> Commands:
        data = bytes(self.request_body_buf)
        self.request_body_buf.clear()
        for at in range(0, len(data), PIECE_BYTES):
            if self.flowing:
                yield from self._pass_on(data[at : at + PIECE_BYTES], last=False)

    def _pass_on(self, data: bytes, *, last: bool) -> Commands:
        piece = Piece(self.flow, data, last)
        yield RequestBodyHook(piece)
        self.flow_went_on()
        if piece.refusal is not None:
            yield from self.abort_upstream()
            yield RequestBodyEndedHook(piece)
            yield from self.refuse_flow(piece.refusal)
            return
        if not piece.out and not last:
            return
        if not self._passed_on:
            if not (yield from self._reached()):
                self.flowing = False
                self.client_state = self.state_errored
                yield RequestBodyEndedHook(piece)
                return
            self._passed_on = True
            head = RequestHeaders(self.stream_id, self.flow.request, end_stream=False)
            yield SendHttp(head, self.context.server)
        if piece.out:
            yield SendHttp(RequestData(self.stream_id, piece.out), self.context.server)

    def _reached(self) -> layer.CommandGenerator[bool]:
        reading = Reading.of.setdefault(self.context.client, Reading())
        with reading.held():
            return (yield from self.make_server_connection())

    def _finish(self, event: RequestEndOfMessage) -> Commands:
        self.flowing = False
        self.client_state = self.state_done
        if self.flow.request.trailers:
            trailers = RequestTrailers(self.stream_id, self.flow.request.trailers)
            yield SendHttp(trailers, self.context.server)
        yield SendHttp(event, self.context.server)
        if self.server_state == self.state_done:
            yield from self.flow_done()

    def break_off(self, error: RequestProtocolError) -> Commands:
        """The client is gone."""
        self.flowing = False
        self.request_body_buf.clear()
        if self._passed_on:
            yield SendHttp(error, self.context.server)
        self.client_state = self.state_errored
        yield RequestBodyEndedHook(Piece(self.flow, b"", last=True))
