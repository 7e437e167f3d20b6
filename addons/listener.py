"""
The listening socket of one worker.

Why not in `worker`: this is what knows mitmproxy's server classes.

Strategy: `EgressMode` is mitmproxy's regular mode under our own name, so that its
instance can open the socket (SO_REUSEPORT, several workers on one port) and use our
`Connection`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import mitmproxy_rs
from mitmproxy import ctx
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.mode_servers import AsyncioServerInstance
from mitmproxy.proxy.mode_specs import RegularMode

from addons.connection import Connection, Hooks, hooks_of
from addons.tuning import frozen

BACKLOG = 1024


class EgressMode(RegularMode):
    """The explicit HTTP proxy."""

    description = "agent-dlp"


class Server(Proxyserver):
    """The addon that owns the sockets; it knows what a connection begins with."""

    name = "proxyserver"

    def __init__(
        self, top_layer: Callable[[Context], Layer], failed: Callable[[str], None]
    ) -> None:
        super().__init__()
        self.top_layer = top_layer
        self.failed = failed


class EgressInstance(AsyncioServerInstance[EgressMode]):
    """The one server of a worker."""

    hooks: Hooks
    options: Options
    manager: Server

    def make_top_layer(self, context: Context) -> Layer:
        """HTTP at once; mitmproxy has two layers more that ask what it is."""
        return self.manager.top_layer(context)

    async def listen(self, host: str, port: int) -> list[Any]:
        """One socket that other workers may share."""
        self.hooks = hooks_of(ctx.master, self.manager.failed)
        self.options = frozen(ctx.options)
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
        handler = Connection(
            self.hooks, ctx.master, reader, writer, self.options, self.mode
        )
        handler.layer = self.make_top_layer(handler.layer.context)
        with self.manager.register_connection(handler.client.id, handler):
            await handler.handle_client()


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
