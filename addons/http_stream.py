"""
One exchange: refusals that come early, bodies that are bounded.

Why not hooks: mitmproxy sends 100-continue and buffers a whole body before it looks at
a response that a hook set, and no hook hears of a reset or counts bytes in flight.

Strategy: `EgressStream` overrides the few steps of mitmproxy's stream that decide
whether to go on. Everything it needs from outside comes in one `Terms`.
Rule 1: a body is held only while `Budget` has room, and only up to the buffer limit; a
larger one goes on while it is judged (`http_upload`).
Rule 2: after an early refusal the answer is complete at once; what the client still
sends is read (the first `KEPT` bytes for the record, the rest dropped) so that it sees
the answer instead of a reset, and then the connection closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mitmproxy.http import HTTPFlow, Response
from mitmproxy.net.http.http1 import expected_http_body_size
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import RequestWakeup
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    DropStream,
    ErrorCode,
    HttpCommand,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
    SendHttp,
)

from addons.budget import Budget, Hold
from addons.guards import Breach
from addons.http_upload import (
    FLOWING_BYTES,
    Piece,
    RequestBodyEndedHook,
    UploadStream,
)
from addons.streams import InspectedWebsocket
from dlp.model import Deadlines, Reason
from dlp.restoring.coding import DamagedError

KEPT = 1 << 20
"""Bytes of a refused body that are read for the record."""
DROPPED = 64 << 20
"""Bytes of a refused body that are read and dropped before the connection closes."""
SLOW_BYTES = 16 << 10
"""By so much a body must grow within `Deadlines.body`."""
_EARLY = 0.95
"""A look after less of that time was meant for another body."""
LINGER_S = 2.0
"""A refused client that sends nothing for this long is disconnected."""

TOO_LARGE = Breach(
    "buffer", 413, "larger than inspection.buffer and inspection.stream", Reason.LIMIT
)
OVERLOADED = Breach("budget", 503, "no room for the body", Reason.UNAVAILABLE)
SLOW_BODY = Breach("body-deadline", 408, "the body comes too slowly")

type Commands = layer.CommandGenerator[None]


@dataclass(frozen=True, slots=True)
class Terms:
    """What streams are held to, and who answers when one breaks it."""

    budget: Budget
    buffer: Callable[[], int]
    """Bytes of one body that are held."""
    stream: Callable[[], int]
    """Bytes of one body that goes on while it is judged."""
    refuse: Callable[[HTTPFlow, Breach], None]
    """Sets the answer on the flow and records it."""
    refused_body: Callable[[HTTPFlow, bytes], None]
    """Gets the first bytes of the body of a flow that was refused early."""
    deadlines: Callable[[], Deadlines] = Deadlines
    """How long a client, and whom it sends to, may take."""


class Watch(HttpCommand):
    """A body is under way: its stream gets a `Tick` within `Deadlines.body`."""


class Tick(events.Event):
    """Time to look whether a body makes progress."""


class EgressStream(UploadStream):
    """One request and its response."""

    def __init__(self, context: Context, stream_id: int, terms: Terms) -> None:
        super().__init__(context, stream_id)
        self.terms = terms
        self.hold = Hold(terms.budget)
        self._bodiless = False
        self._kept = bytearray()
        self._dropped = 0
        self._arrived = 0
        """Bytes of the body when its progress was last looked at."""
        self._looked_at = 0.0
        self._silent = True
        self._large = False
        """The declared size is over the buffer, and such bodies may flow."""

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, Tick):
            yield from self._progressed()
        elif isinstance(event, events.Wakeup):
            yield from self._lingered()
        else:
            yield from super()._handle_event(event)
            if self.client_state == self.state_errored:
                self.hold.close()

    def state_wait_for_request_headers(self, event: RequestHeaders) -> Commands:
        """Remembers whether a body follows."""
        self._bodiless = event.end_stream
        yield from super().state_wait_for_request_headers(event)
        if self.client_state == self.state_consume_request_body and not self._bodiless:
            self._looked_at = time.monotonic()
            if self._large:
                self.begin_flow()
            yield Watch()

    def check_killed(self, emit_error_hook: bool) -> layer.CommandGenerator[bool]:  # noqa: FBT001  # mitmproxy's signature
        """What follows each hook; after `requestheaders` also ours."""
        if (yield from super().check_killed(emit_error_hook)):
            return True
        if self.client_state != self.state_wait_for_request_headers:
            return False
        if self.flow.response is None and not self._bodiless:
            self._declared(expected_http_body_size(self.flow.request) or 0)
        if self.flow.response is None:
            return False
        yield from self._refuse_early()
        return True

    def state_consume_request_body(self, event: events.Event) -> Commands:
        """Holds the body while there is room, until it is refused or answered."""
        if isinstance(event, RequestData) and self._outgrows(event.data):
            if self._may_flow():
                self.begin_flow()
                yield from self.state_flow_request_body(event)
                return
        elif isinstance(event, RequestData):
            self._hold_more(event.data)
        if isinstance(event, RequestData) and self.flow.response is not None:
            self._kept += bytes(self.request_body_buf)[:KEPT]
            self.request_body_buf.clear()
            yield from self._refuse_early()
            return
        yield from super().state_consume_request_body(event)
        if isinstance(event, RequestEndOfMessage):
            self.flow.request.data.content = None

    def state_wait_for_response_headers(self, event: ResponseHeaders) -> Commands:
        """An origin that answers has taken the request, not before."""
        if not self.flowing:
            self.hold.give_back()
        yield from super().state_wait_for_response_headers(event)

    def state_stream_response_body(self, event: events.Event) -> Commands:
        """An answer that cannot be read to its end is broken off, not ended."""
        try:
            yield from super().state_stream_response_body(event)
        except DamagedError:
            yield from self.handle_protocol_error(
                ResponseProtocolError(
                    self.stream_id,
                    "the answer is not in its content coding",
                    ErrorCode.GENERIC_SERVER_ERROR,
                )
            )

    def make_server_connection(self) -> layer.CommandGenerator[bool]:
        """Connecting takes time in which the client may have gone."""
        if not (yield from super().make_server_connection()):
            return False
        return not (yield from self.check_killed(emit_error_hook=True))

    def handle_connect(self) -> Commands:
        """A tunnel is no exchange: nobody waits for it to finish."""
        self.hold.close()
        yield from super().handle_connect()
        if self.client_state == self.state_errored:
            # Refused: what follows on this connection is in no tunnel, or in another.
            self.context.server.address = None
            yield DropStream(self.stream_id)

    def flow_done(self) -> Commands:
        """The exchange is complete, or goes on as a WebSocket."""
        self.hold.close()
        if self.flow.websocket is None:
            yield from super().flow_done()
            return
        self.child_layer = InspectedWebsocket(
            self.context, self.flow, self.terms.budget, self.terms.buffer()
        )
        self._handle_event = self.passthrough  # type: ignore[method-assign]
        yield from self.child_layer.handle_event(events.Start())
        yield SendHttp(ResponseEndOfMessage(self.stream_id), self.context.client)

    def handle_protocol_error(
        self, event: RequestProtocolError | ResponseProtocolError
    ) -> Commands:
        """A reset, a disconnect, a broken peer: nothing more is held."""
        if self.client_state == self.state_drop_request_body:
            self._note()
        elif self.flowing and isinstance(event, RequestProtocolError):
            yield from self.break_off(event)
        elif self.flowing:
            self.flowing = False
            yield RequestBodyEndedHook(Piece(self.flow, b"", last=True))
        yield from super().handle_protocol_error(event)
        self.hold.close()

    # -- after an early refusal ---------------------------------------------------

    def state_drop_request_body(self, event: events.Event) -> Commands:
        """The answer was sent; read on so that the client gets to see it."""
        if isinstance(event, RequestData):
            self._silent = False
            room = 0 if self._arrived_in_all else KEPT - len(self._kept)
            self._kept += event.data[:room]
            self._dropped += max(0, len(event.data) - room)
            if self._dropped > DROPPED:
                yield from self._disconnect()
        elif isinstance(event, RequestEndOfMessage):
            self._note()
            yield from self._end()

    def _progressed(self) -> Commands:
        waiting = self.client_state == self.state_consume_request_body
        if not waiting and not self.flowing:
            return
        size = self._arrived_in_all if self.flowing else len(self.request_body_buf)
        now = time.monotonic()
        early = now - self._looked_at < self.terms.deadlines().body * _EARLY
        if early or size - self._arrived >= SLOW_BYTES:
            if not early:
                self._arrived, self._looked_at = size, now
            yield Watch()
            return
        if self.flowing:
            yield from self.abort_upstream()
            yield RequestBodyEndedHook(Piece(self.flow, b"", last=True))
            if self._answered:
                yield from self._disconnect()
                return
        self.request_body_buf.clear()
        self.terms.refuse(self.flow, SLOW_BODY)
        yield from self._refuse_early()

    def flow_went_on(self) -> None:
        """What was judged meanwhile is no slowness of the client."""
        self._arrived, self._looked_at = self._arrived_in_all, time.monotonic()

    def refuse_flow(self, refusal: Response) -> Commands:
        """Answer in band where no answer has begun; then close."""
        if self._answered:
            yield from self._disconnect()
        else:
            self.flow.response = refusal
            yield from self._refuse_early()

    @property
    def _answered(self) -> bool:
        """Whether the origin's answer has begun."""
        return bool(self.server_state != self.state_wait_for_response_headers)

    def _declared(self, size: int) -> None:
        if size > self.terms.buffer():
            self._large = self._may_flow(size)
        elif not self.terms.budget.fits(size):
            self.terms.refuse(self.flow, OVERLOADED)

    def _may_flow(self, size: int = 0) -> bool:
        """Whether the body may go on as it is judged; refuses it where it may not."""
        if max(size, self.terms.buffer() + 1) > self.terms.stream():
            self.terms.refuse(self.flow, TOO_LARGE)
            return False
        self.hold.give_back()
        if not self.hold.take(min(FLOWING_BYTES, self.terms.buffer())):
            self.terms.refuse(self.flow, OVERLOADED)
            return False
        return True

    def _outgrows(self, data: bytes) -> bool:
        return len(self.request_body_buf) + len(data) > self.terms.buffer()

    def _hold_more(self, data: bytes) -> None:
        if not self.hold.take(len(data)):
            self.terms.refuse(self.flow, OVERLOADED)

    def _refuse_early(self) -> Commands:
        response = self.flow.response
        assert response is not None
        expecting = "expect" in self.flow.request.headers
        if not self.flow.request.is_http2 and (expecting or self._is_long()):
            response.headers["connection"] = "close"
        self.hold.give_back()
        self.client_state = self.state_drop_request_body
        self.server_state = self.state_done
        content = response.raw_content or b""
        for event in (
            ResponseHeaders(self.stream_id, response, end_stream=not content),
            ResponseData(self.stream_id, content),
            ResponseEndOfMessage(self.stream_id),
        ):
            yield SendHttp(event, self.context.client)
        if self._bodiless:
            return
        if expecting and not self._pending_body():
            # The client waits for our word, so nothing unread turns the close into
            # a reset that would take the answer with it.
            yield from self._disconnect()
        else:
            yield RequestWakeup(LINGER_S)

    def _is_long(self) -> bool:
        size = expected_http_body_size(self.flow.request)
        return size is None or size > KEPT

    def _pending_body(self) -> bool:
        return any(isinstance(e, RequestData) for e in self._paused_event_queue)

    def _lingered(self) -> Commands:
        if self.client_state != self.state_drop_request_body:
            return
        if self._silent:
            yield from self._disconnect()
        else:
            self._silent = True
            yield RequestWakeup(LINGER_S)

    def _disconnect(self) -> Commands:
        self._note()
        yield SendHttp(
            ResponseProtocolError(self.stream_id, "refused", ErrorCode.CANCEL),
            self.context.client,
        )
        yield from self._end()

    def _end(self) -> Commands:
        self.client_state = self.state_errored
        self.flow.live = False
        self.hold.close()
        yield DropStream(self.stream_id)

    def _note(self) -> None:
        if self._kept:
            self.terms.refused_body(self.flow, bytes(self._kept))
            self._kept.clear()
