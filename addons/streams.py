"""
WebSocket: what a client sends is judged message by message; control frames carry
nothing.

Why not mitmproxy's `WebsocketLayer`: it relays Ping, Pong and Close as they come and
without a hook, keeps every message of a connection, and holds unfinished messages
without a limit.

Rule 1: a message from the client leaves after it was judged whole, inflated and
reassembled. A refused one ends the connection with 1008 and the reference.
Rule 2: a Ping goes on empty; its sender gets its own payload back once the other side
has answered, so that liveness stays end to end.
Rule 3: what the server sends passes unread, frame by frame.
Rule 4: a message is held within the worker's budget, from its first byte until it was
judged; a worker that ends waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import wsproto.events
from mitmproxy.connection import Connection
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.websocket import (
    Fragmentizer,
    WebsocketConnection,
    WebsocketEndHook,
    WebsocketLayer,
    WebsocketMessageHook,
)
from mitmproxy.websocket import WebSocketMessage
from wsproto.connection import ConnectionState
from wsproto.frame_protocol import CloseReason, Opcode

from addons.budget import Budget, Hold
from dlp.decode.documents.frames import kept
from dlp.gate import Gate
from dlp.model import Agent, Destination, Message, Part, PartKind

type Commands = layer.CommandGenerator[None]
type Incoming = wsproto.events.Message[str] | wsproto.events.Message[bytes]

type Identify = Callable[[HTTPFlow], tuple[Agent, Destination] | None]
"""Who a WebSocket belongs to and where it goes; None when it may go on no longer."""

REFERENCE = "dlp.reference"
"""Key in `HTTPFlow.metadata`: the reference of a refused message."""
BEFORE = "dlp.before"
"""Key in `HTTPFlow.metadata`: short messages that left, read with the next."""
PIECE_BYTES = 4096
"""Input inflated at a time: at deflate's best ratio of 1032 it makes 4 MiB."""
FRAMES = 16384
"""In one message; even an empty one takes a hundred bytes here."""
FRAME_BYTES = 1 << 20
"""A longer frame of a server goes to the client in several."""
PINGS = 16
"""Pings of one side that may wait for their Pong; the oldest is forgotten beyond."""


class Streams:
    """The WebSocket hooks."""

    def __init__(self, gate: Gate, identify: Identify) -> None:
        self._gate = gate
        self._identify = identify

    async def websocket_message(self, flow: HTTPFlow) -> None:
        """Judge one message; a dropped one ends the connection."""
        assert flow.websocket is not None
        message = flow.websocket.messages[-1]
        known = self._identify(flow)
        if known is None:
            message.drop()
            return
        part = Part(
            PartKind.FRAME,
            message.content,
            media_type="text/plain" if message.is_text else "application/octet-stream",
        )
        before = flow.metadata.get(BEFORE, ())
        judgement = await self._gate.judge(Message(*known, (part,), before))
        if not judgement.verdict.findings:
            flow.metadata[BEFORE] = kept(before, part.data)
        if judgement.refused:
            flow.metadata[REFERENCE] = judgement.reference
            message.drop()
        elif judgement.parts is not None:
            message.content = judgement.parts[0].data


class InspectedWebsocket(WebsocketLayer):
    """One WebSocket connection; takes the place of mitmproxy's layer."""

    def __init__(
        self, context: Context, flow: HTTPFlow, budget: Budget, limit: int
    ) -> None:
        super().__init__(context, flow)
        self._budget = budget
        self._limit = limit
        self._size = 0
        self._hold: Hold | None = None
        self._frames = [bytearray()]
        self._passing: list[Incoming] = []
        self._pings: dict[Connection, deque[bytes]] = {
            context.client: deque(maxlen=PINGS),
            context.server: deque(maxlen=PINGS),
        }

    def relay_messages(self, event: events.Event) -> Commands:
        """Everything that arrives, from either side."""
        assert isinstance(event, events.ConnectionEvent)
        from_client = event.connection == self.context.client
        source, target = (
            (self.client_ws, self.server_ws)
            if from_client
            else (self.server_ws, self.client_ws)
        )
        if self.flow.error is not None:
            yield from self._end(source, _close(CloseReason.INTERNAL_ERROR))
            return
        for received in _events(source, event):
            if isinstance(received, wsproto.events.Message):
                if from_client:
                    yield from self._client_message(received)
                else:
                    yield from self._server_message(received)
            elif isinstance(received, wsproto.events.Ping):
                self._pings[source.conn].append(bytes(received.payload))
                yield target.send2(wsproto.events.Ping())
            elif isinstance(received, wsproto.events.Pong):
                if waiting := self._pings[target.conn]:
                    yield target.send2(wsproto.events.Pong(waiting.popleft()))
            elif isinstance(received, wsproto.events.CloseConnection):
                yield from self._end(source, received)
            if self._handle_event == self.done:
                return

    def _client_message(self, received: Incoming) -> Commands:
        frames = self._frames
        said = received.data
        data = said.encode() if isinstance(said, str) else bytes(said)
        frames[-1] += data
        self._size += len(data)
        self._hold = self._hold or Hold(self._budget)
        if self._size > self._limit or len(frames) > FRAMES:
            yield from self._end(self.client_ws, _close(CloseReason.MESSAGE_TOO_BIG))
        elif not self._hold.take(len(data)):
            yield from self._end(self.client_ws, _close(CloseReason.TRY_AGAIN_LATER))
        elif received.message_finished:
            yield from self._judged(text=isinstance(said, str))
        elif received.frame_finished:
            frames.append(bytearray())

    def _server_message(self, received: Incoming) -> Commands:
        """Whole frames, because some clients do not know continuations."""
        held = self._passing
        held.append(received)
        if received.frame_finished or sum(len(r.data) for r in held) > FRAME_BYTES:
            pieces: list[Any] = [r.data for r in held]
            data = pieces[0][:0].join(pieces)
            held.clear()
            yield self.client_ws.send2(replace(received, data=data))

    def _judged(self, *, text: bool) -> Commands:
        assert self.flow.websocket is not None
        frames = list(map(bytes, self._frames))
        self._frames = [bytearray()]
        self._size = 0
        message = WebSocketMessage(
            Opcode.TEXT if text else Opcode.BINARY,
            from_client=True,
            content=b"".join(frames),
        )
        self.flow.websocket.messages.append(message)
        yield WebsocketMessageHook(self.flow)
        self.flow.websocket.messages.clear()
        self._let_go()
        if message.dropped:
            reference = str(self.flow.metadata.get(REFERENCE, ""))
            refusal = _close(CloseReason.POLICY_VIOLATION, reference)
            yield from self._end(self.server_ws, refusal)
            return
        # What was rewritten goes in one frame: pieces would cut characters in two.
        same = message.content == b"".join(frames)
        pieces = frames if same else [message.content]
        for piece in Fragmentizer(pieces, text)(message.content):
            yield self.server_ws.send2(piece)

    def _end(
        self, source: WebsocketConnection, close: wsproto.events.CloseConnection
    ) -> Commands:
        """Close both sides; only what the server says reaches the other as it is."""
        assert self.flow.websocket is not None
        self._let_go()
        self._frames = [bytearray()]
        self.flow.websocket.closed_by_client = source is self.client_ws
        self.flow.websocket.close_code = close.code
        blank = wsproto.events.CloseConnection(code=close.code)
        for side, said in ((self.server_ws, blank), (self.client_ws, close)):
            if side.state in {ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING}:
                yield side.send2(said)
            yield commands.CloseConnection(side.conn)
        yield WebsocketEndHook(self.flow)
        self.flow.live = False
        self._handle_event = self.done

    def _let_go(self) -> None:
        if self._hold is not None:
            self._hold.close()
            self._hold = None


def _events(
    source: WebsocketConnection, event: events.ConnectionEvent
) -> Iterator[wsproto.events.Event]:
    """What arrived, inflated one piece after the other."""
    if isinstance(event, events.ConnectionClosed):
        source.receive_data(None)
        yield from source.events()
    elif isinstance(event, events.DataReceived):
        for start in range(0, len(event.data), PIECE_BYTES):
            source.receive_data(event.data[start : start + PIECE_BYTES])
            yield from source.events()


def _close(code: CloseReason, reason: str = "") -> wsproto.events.CloseConnection:
    return wsproto.events.CloseConnection(code=code, reason=reason or None)
