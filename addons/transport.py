"""
Guards below HTTP: connections, TLS on both sides, where an upstream connection goes.

Why not in `guards`: those look at one request; these look at what carries requests.

Rule 1: what goes upstream in a handshake is ours: the SNI is the approved host, ALPN
is `h2` and `http/1.1` at most, and nothing else of the client's hello.
Rule 2: an upstream connection is made before the client's handshake only when the
names agree and some request could be allowed there; then its ALPN is offered to the
client, so that many streams share one connection. Otherwise the client gets its answer
inside TLS and nobody is dialled.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy.server import ConnectionHandler
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from addons.guards import sni_fits
from addons.network import PRIVATE, Permit
from dlp.errors import StateError
from dlp.model import Deadlines
from dlp.policy.names import normal_host

CONNECTIONS = 512
"""Open client connections of one address."""

ALPN = (b"h2", b"http/1.1")
ECH = 0xFE0D
"""Extension of an encrypted ClientHello (draft-ietf-tls-esni, 5)."""

OPTIONS: Mapping[str, Any] = {
    "connection_strategy": "lazy",
    "rawtcp": False,
    "validate_inbound_headers": True,
    "ssl_insecure": False,
    "upstream_cert": False,
    "stream_large_bodies": None,
    "store_streamed_bodies": False,
    "body_size_limit": None,
    "http3": False,
    "http2": True,
    "websocket": True,
    "keep_host_header": False,
    "connect_addr": None,
    "client_certs": None,
    "request_client_cert": False,
    "tls_version_client_min": "TLS1_2",
    "tls_version_server_min": "TLS1_2",
    "ciphers_client": None,
    "ciphers_server": None,
    "proxy_debug": False,
    "add_upstream_certs_to_client_chain": False,
    "ignore_hosts": [],
    "allow_hosts": [],
    "tcp_hosts": [],
    "udp_hosts": [],
}
"""What the guards rely on. A worker sets these; any other value stops the start."""

type Handlers = Mapping[Any, ConnectionHandler]
"""Client connection id -> what carries it."""
type MayDial = Callable[[Client, str, int], bool]
"""Whether some request of this client to that host and port could be allowed."""


def set_options(options: Options) -> None:
    """Set every option in `OPTIONS` that mitmproxy knows here and has otherwise."""
    wrong = {
        name: value
        for name, value in OPTIONS.items()
        if name in options and getattr(options, name) != value
    }
    options.update(**wrong)


def assert_options(options: Options) -> None:
    """
    Compare every option in `OPTIONS` that mitmproxy knows here.

    Raises:
        StateError: one has another value, so a guard would not hold.
    """
    for name, value in OPTIONS.items():
        found = getattr(options, name, value)
        if found != value:
            raise StateError(f"mitmproxy's option {name} is {found!r}, not {value!r}")


class Transport:
    """The hooks. Must stand before mitmproxy's TLS addon."""

    def __init__(
        self,
        permits: Permit,
        may_dial: MayDial,
        handlers: Handlers,
        deadlines: Callable[[], Deadlines] = Deadlines,
    ) -> None:
        self._permits = permits
        self._may_dial = may_dial
        self._handlers = handlers
        self._deadlines = deadlines
        self._open: Counter[str] = Counter()

    def client_connected(self, client: Client) -> None:
        """Refuse the connection that is one too many."""
        self._open[client.peername[0]] += 1
        if self._open[client.peername[0]] > CONNECTIONS:
            client.error = "too many connections"

    def client_disconnected(self, client: Client) -> None:
        """Forget it."""
        peer = client.peername[0]
        self._open[peer] -= 1
        if not self._open[peer]:
            del self._open[peer]

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Decide whether to ask upstream first; the SNI decides about the request."""
        address = data.context.server.address
        assert address is not None
        host, port = normal_host(address[0]), address[1]
        data.establish_server_tls_first = sni_fits(
            data.client_hello.sni, host
        ) and self._may_dial(data.context.client, host, port)

    def tls_start_server(self, data: TlsData) -> None:
        """Rule 1."""
        server = data.conn
        assert isinstance(server, Server)
        assert server.address is not None
        server.sni = normal_host(server.address[0])
        offered = data.context.client.alpn_offers
        server.alpn_offers = [name for name in ALPN if name in offered]
        client = data.context.client
        loop = asyncio.get_running_loop()
        wait = self._deadlines().handshake
        loop.call_later(wait, self._end_handshake, client.id, server)

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """
        An address literal is known before the socket is opened; mitmproxy knows some
        spellings of the address it listens on.
        """
        assert data.server.address is not None
        host, port = data.server.address[:2]
        if data.server.transport_protocol != "tcp":
            data.server.error = "agent-dlp: only TCP"
        elif data.server.error or (_is_literal(host) and not self._permits(host, port)):
            data.server.error = PRIVATE

    def _end_handshake(self, client: str, server: Server) -> None:
        handler = self._handlers.get(client)
        if handler is None or server.tls_established:
            return
        transport = handler.transports.get(server)
        if transport is not None and transport.handler is not None:
            transport.handler.cancel("no TLS handshake in time")


def has_ech(data: ClientHelloData) -> bool:
    """Whether the hello hides another one: no name in it can be believed."""
    return any(kind == ECH for kind, _ in data.client_hello.extensions)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
