"""Below HTTP: what mitmproxy must be set to, and what is counted."""

from types import SimpleNamespace

import pytest
from mitmproxy.options import Options
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from addons.network import PRIVATE
from addons.transport import (
    CONNECTIONS,
    OPTIONS,
    Transport,
    assert_options,
    has_ech,
    set_options,
)
from dlp.errors import StateError


def options(**changed) -> Options:
    """As mitmproxy's addons declare them, with our values."""
    made = Options()
    for name, value in OPTIONS.items():
        if name not in made:
            kind = type(value) if value is not None else str
            made.add_option(name, kind if value is not None else str | None, value, "")
    set_options(made)
    made.update(**changed)
    return made


def test_what_was_set_is_what_is_asked_for():
    assert_options(options())


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "rawtcp": True,
        "connection_strategy": "eager",
        "stream_large_bodies": "1m",
        "validate_inbound_headers": False,
        "ssl_insecure": True,
        "body_size_limit": "1k",
        "ignore_hosts": ["a.test"],
        "tcp_hosts": ["a.test"],
        "keep_host_header": True,
        "http3": True,
    }.items(),
)
def test_any_other_value_stops_the_start(name, value):
    with pytest.raises(StateError, match=name):
        assert_options(options(**{name: value}))


def transport(permits=lambda _address, _port: False) -> Transport:
    return Transport(permits, lambda *_: True, {})


@pytest.mark.parametrize(
    ("host", "error"),
    {"127.0.0.1": PRIVATE, "::1": PRIVATE, "a.test": None}.items(),
)
def test_an_address_is_refused_before_the_socket_a_name_where_it_is_dialled(
    host, error
):
    server = tflow.tserver_conn()
    server.address, server.error = (host, 80), None
    transport().server_connect(ServerConnectionHookData(server, tflow.tclient_conn()))
    assert server.error == error


def test_nothing_but_tcp_is_connected():
    server = tflow.tserver_conn()
    server.address, server.error, server.transport_protocol = ("a", 53), None, "udp"
    guard = transport(lambda *_: True)
    guard.server_connect(ServerConnectionHookData(server, tflow.tclient_conn()))
    assert server.error


def test_connections_of_one_address_are_counted_and_forgotten():
    guard, client = transport(), tflow.tclient_conn()
    client.error = None
    for _ in range(CONNECTIONS):
        guard.client_connected(client)
    assert client.error is None
    guard.client_connected(client)
    assert client.error == "too many connections"
    for _ in range(CONNECTIONS + 1):
        guard.client_disconnected(client)
    client.error = None
    guard.client_connected(client)
    assert client.error is None


@pytest.mark.parametrize(("kind", "hidden"), [(0xFE0D, True), (0xFE0C, False)])
def test_an_encrypted_hello_is_seen(kind, hidden):
    hello = SimpleNamespace(extensions=[(0, b""), (kind, b"x")])
    assert has_ech(SimpleNamespace(client_hello=hello)) is hidden
