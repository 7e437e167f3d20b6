"""
The listening socket of one worker, and the straight way from the proxy core to us.

Why not in `serve`: this is the only file that knows mitmproxy's server classes.

Strategy: `EgressMode` is mitmproxy's regular mode under our own name, so that its
instance can open the socket (SO_REUSEPORT, several workers on one port) and use our
`Connection`, which calls hooks from a table instead of asking every addon every time
(20 us per addon and request, measured).
"""

from __future__ import annotations

import asyncio
import socket
from collections import defaultdict
from typing import Any

import mitmproxy_rs
from mitmproxy import ctx
from mitmproxy.connection import Address
from mitmproxy.proxy import layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_servers import AsyncioServerInstance, ProxyConnectionHandler
from mitmproxy.proxy.mode_specs import RegularMode

BACKLOG = 1024
UPSTREAM_CONNECTIONS = 100
"""Per client connection and address. mitmproxy's own 5 would queue the sixth stream."""


class EgressMode(RegularMode):
    """The explicit HTTP proxy."""

    description = "agent-dlp"


class EgressInstance(AsyncioServerInstance[EgressMode]):
    """The one server of a worker."""

    def make_top_layer(self, context: Context) -> Layer:
        """As mitmproxy's regular mode."""
        return layers.modes.HttpProxy(context)

    async def listen(self, host: str, port: int) -> list[Any]:
        """One socket that other workers may share."""
        return [
            await asyncio.start_server(
                self.handle_stream, sock=shared_socket(host, port), backlog=BACKLOG
            )
        ]

    async def handle_stream(
        self,
        reader: asyncio.StreamReader | mitmproxy_rs.Stream,
        writer: asyncio.StreamWriter | mitmproxy_rs.Stream | None = None,
    ) -> None:
        """One client connection, until it ends."""
        assert writer is not None
        handler = Connection(ctx.master, reader, writer, ctx.options, self.mode)
        handler.layer = self.make_top_layer(handler.layer.context)
        with self.manager.register_connection(handler.client.id, handler):
            await handler.handle_client()


class Connection(ProxyConnectionHandler):
    """One client connection and the upstream connections it caused."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.max_conns: defaultdict[Address, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(UPSTREAM_CONNECTIONS)
        )


def shared_socket(host: str, port: int) -> socket.socket:
    """
    A socket bound to an address that this user's other workers may bind too.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where `proto` is IPPROTO_TCP (base_events.py,
    # `_set_nodelay`); without it every small answer waits 40 ms.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock
