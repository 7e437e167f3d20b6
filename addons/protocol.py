"""
Which protocol a connection speaks: HTTP, or TLS with HTTP inside. Nothing else exists.

Why not mitmproxy's `NextLayer`: it may choose a raw relay (after one or two bytes, a
server that talks first, port 53, ...), and what it does not choose cannot be told from
options alone.
"""

from __future__ import annotations

from collections.abc import Callable

from mitmproxy.net.tls import starts_like_tls_record
from mitmproxy.proxy.commands import CloseConnection
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.events import DataReceived, Event
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer
from mitmproxy.proxy.layers import ClientTLSLayer, ServerTLSLayer
from mitmproxy.proxy.layers.http import HTTPMode
from mitmproxy.proxy.layers.tcp import TCPLayer

from addons.http_layer import EgressLayer
from addons.http_server import Pages
from addons.http_stream import Terms

DECIDED_BY = 3
"""Bytes that tell a TLS record from anything else (RFC 8446, 5.1)."""


type Unread = Callable[[Context, int], bool]
"""
Counts bytes that a client sent in a tunnel that stays closed; whether it may go on.
"""


class ClientTls(ClientTLSLayer):
    """mitmproxy's layer, which asks about each piece that it only passes on."""

    def __init__(self, context: Context, unread: Unread) -> None:
        super().__init__(context)
        self._unread = unread

    def event_to_child(self, event: Event) -> CommandGenerator[None]:
        """In a tunnel that stays closed, end what policy no longer leaves so."""
        if isinstance(self.child_layer, TCPLayer) and isinstance(event, DataReceived):
            sent = event.connection is self.context.client
            if not self._unread(self.context, len(event.data) if sent else 0):
                yield CloseConnection(self.context.client)
                yield CloseConnection(self.context.server)
                return
        yield from super().event_to_child(event)


class Protocol:
    """The `next_layer` hook."""

    name = "nextlayer"

    def __init__(self, terms: Terms, pages: Pages, unread: Unread) -> None:
        self._terms = terms
        self._pages = pages
        self._unread = unread

    def top_layer(self, context: Context) -> Layer:
        """A client that connects speaks HTTP to a proxy."""
        return self._http(context, HTTPMode.regular)

    def next_layer(self, data: NextLayer) -> None:
        """Wait until the first bytes are there, then choose."""
        if data.layer is None:
            data.layer = self._choose(data.context, data.data_client())

    def _choose(self, context: Context, start: bytes) -> Layer | None:
        if len(context.layers) == 1:
            return self._http(context, HTTPMode.regular)
        if context.client.tls_established:
            return self._http(context, HTTPMode.transparent)
        if len(start) < DECIDED_BY:
            return None
        if starts_like_tls_record(start):
            server = ServerTLSLayer(context)
            server.child_layer = ClientTls(context, self._unread)
            return server
        return self._http(context, HTTPMode.transparent)

    def _http(self, context: Context, mode: HTTPMode) -> Layer:
        return EgressLayer(context, mode, self._terms, self._pages)
