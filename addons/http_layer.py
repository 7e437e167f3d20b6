"""
One connection's HTTP: mitmproxy's layer with our streams and our client side in it.

Why not in `http_stream`: that is one exchange; this carries events to all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mitmproxy.proxy import events, layer
from mitmproxy.proxy.commands import Log, OpenConnection, RequestWakeup, SendData
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    DropStream,
    GetHttpConnection,
    HttpCommand,
    HttpEvent,
    HttpLayer,
    HTTPMode,
    ReceiveHttp,
    RegisterHttpConnection,
    RequestHeaders,
    SendHttp,
)

from addons.http_server import EgressServer1, EgressServer2, Pages
from addons.http_stream import EgressStream, Terms, Tick, Watch

type Commands = layer.CommandGenerator[None]


class EgressLayer(HttpLayer):
    """mitmproxy's HTTP layer with our streams and our client side in it."""

    def __init__(
        self, context: Context, mode: HTTPMode, terms: Terms, pages: Pages
    ) -> None:
        super().__init__(context, mode)
        self.terms = terms
        self.pages = pages
        self._tunnel: layer.Layer | None = None
        self._clock: RequestWakeup | None = None
        self._own: dict[type[HttpCommand], Callable[[Any], Commands]] = {
            DropStream: self._drop,
            GetHttpConnection: self.get_connection,
            RegisterHttpConnection: self.register_connection,
            Watch: self._watch,
        }

    def _handle_event(self, event: events.Event) -> Commands:
        if isinstance(event, events.Start):
            # mitmproxy keeps a client side that is already there.
            self.connections[self.context.client] = self._client_side()
        elif isinstance(event, events.Wakeup) and event.command is self._clock:
            yield from self._tick()
            return
        elif self._is_inside(event):
            # What is in the tunnel talks about sockets, as we do: nothing to translate.
            assert self._tunnel is not None
            yield from self._tunnel.handle_event(event)
            return
        yield from super()._handle_event(event)

    def _is_inside(self, event: events.Event) -> bool:
        """
        Whether an event is for the layer in an established tunnel and for nobody else.

        mitmproxy passes it through four layers, as if it were the body of the CONNECT.
        """
        if self._tunnel is None:
            if (
                self.mode is not HTTPMode.regular
                or not self.context.client.tls_established
            ):
                return False
            self._tunnel = next(
                s.child_layer for s in self.streams.values() if s.child_layer
            )
        if isinstance(event, events.DataReceived):
            return True
        if isinstance(event, events.ConnectionEvent):
            return event.connection not in self.connections
        return (
            isinstance(event, events.CommandCompleted)
            and event.command not in self.command_sources
        )

    def _client_side(self) -> EgressServer1 | EgressServer2:
        context, deadlines = self.context.fork(), self.terms.deadlines()
        if context.client.alpn == b"h2":
            return EgressServer2(context, self.pages, deadlines)
        tunnelled = self.mode is HTTPMode.transparent
        return EgressServer1(context, self.pages, deadlines, tunnelled=tunnelled)

    def event_to_child(self, child: layer.Layer, event: events.Event) -> Commands:
        """
        As mitmproxy's, which asks each command eight questions; here its class answers.
        """
        for command in child.handle_event(event):
            if isinstance(command, (SendData, Log)):
                yield command
                continue
            if command.blocking or isinstance(command, RequestWakeup):
                # Where the answer goes that these get.
                self.command_sources[command] = child
            if isinstance(command, SendHttp):
                peer = self.connections[command.connection]
                yield from self.event_to_child(peer, command.event)
            elif isinstance(command, ReceiveHttp):
                yield from self._received(command.event)
            elif isinstance(command, HttpCommand):
                yield from self._own[type(command)](command)
            else:
                if isinstance(command, OpenConnection):
                    self.connections[command.connection] = child
                yield command

    def _drop(self, command: DropStream) -> Commands:
        self.streams.pop(command.stream_id, None)
        yield from ()

    def _watch(self, _: Watch) -> Commands:
        if self._clock is None:
            self._clock = RequestWakeup(self.terms.deadlines().body)
            yield self._clock

    def _tick(self) -> Commands:
        """One clock for all streams: a timer each would keep every one of them."""
        self._clock = None
        for stream in tuple(self.streams.values()):
            yield from self.event_to_child(stream, Tick())

    def _received(self, event: HttpEvent) -> Commands:
        if isinstance(event, RequestHeaders):
            yield from self.make_stream(event.stream_id)
        # A stream that is over may still get data or an error.
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            yield from self.event_to_child(stream, event)

    def make_stream(self, stream_id: int) -> Commands:
        """As mitmproxy's, for our class."""
        context = Context.__new__(Context)  # `fork` makes a server only to drop it
        vars(context).update(vars(self.context), layers=self.context.layers.copy())
        stream = EgressStream(context, stream_id, self.terms)
        self.streams[stream_id] = stream
        yield from self.event_to_child(stream, events.Start())
