"""CONNECT: what is refused there, what inside, and where TLS stays closed."""

from __future__ import annotations

import re
import ssl
import time

import pytest

from tests.harness.wire import Closed, Wire

POLICY = """\
version: 1
statements:
  - id: read
    effect: allow
    hosts: [a.test]
    ports: [443, {port}, {secure}]
  - id: unread
    effect: allow
    hosts: [c.test]
    ports: [{secure}]
    inspect: none
  - id: silent
    effect: allow
    hosts: [d.test]
    ports: [{sink}]
    inspect: none
"""


@pytest.fixture(scope="module")
def sink(origins):
    """Keeps what comes, never answers."""
    return origins.start("tcp")


@pytest.fixture(scope="module")
def policy(plain_origin, tls_origin, sink) -> str:
    return POLICY.format(port=plain_origin.port, secure=tls_origin.port, sink=sink.port)


@pytest.fixture(scope="module")
def proxy(start_proxy, policy):
    return start_proxy(policy)


def origin_trust(authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.pem))


def test_tls_stays_closed_where_the_policy_says_so(proxy, authority, secure):
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"c.test:{secure.port}")
        wire.start_tls(origin_trust(authority), "c.test")
        assert wire.peer_issuer == "origins of the test suite"
        answer = wire.request("/", headers=[("Host", f"c.test:{secure.port}")])
    assert answer.status == 200
    assert secure.connections[0].sni == "c.test"
    page = proxy.scrape()[1]
    assert 'dlp_coverage_messages_total{coverage="none"} 1.0' in page
    unread = re.search(r'skipped_bytes_total{why="passthrough"} (\S+)', page)
    sent = len(secure.connections[0].raw)
    assert sent < float(unread[1]) < sent + 2000, "its TLS records and handshake"


def test_elsewhere_it_is_ours(proxy, secure):
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"a.test:{secure.port}")
        wire.start_tls(proxy, "a.test")
        assert wire.peer_issuer.startswith("agent-dlp CA")


def test_a_closed_tunnel_does_not_take_another_name(proxy, authority, secure):
    """CONNECT to the unread host, SNI of another one: TLS is opened, then refused."""
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"c.test:{secure.port}")
        wire.start_tls(proxy, "b.test")
        answer = wire.request("/", headers=[("Host", f"c.test:{secure.port}")])
    assert answer.status == 421
    assert secure.empty


def test_a_closed_tunnel_ends_with_the_statement_that_left_it_closed(
    start_proxy, policy, authority, secure
):
    proxy = start_proxy(policy)
    host = f"c.test:{secure.port}"
    with Wire.to(proxy).connect_tunnel(host) as wire:
        wire.start_tls(origin_trust(authority), "c.test")
        assert wire.request("/", headers=[("Host", host)]).status == 200
        text = (proxy.rules / "policy.yaml").read_text()
        proxy.write_policy(text.replace("    inspect: none\n", ""))
        end = time.monotonic() + 30
        while "inspected again" not in told(proxy, secure):
            assert time.monotonic() < end
            time.sleep(0.05)
        wire.send(f"GET /late HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert wire.is_closed()
    assert "/late" not in [request.target for request in secure.requests]


def told(proxy, secure) -> str:
    """Whose certificate a new tunnel shows."""
    with Wire.to(proxy).connect_tunnel(f"c.test:{secure.port}") as wire:
        try:
            wire.start_tls(proxy, "c.test")
        except (ssl.SSLError, Closed):
            return "left closed"
        return "inspected again"


@pytest.mark.parametrize("hides", [False, True], ids=["plain hello", "ECH"])
def test_a_hello_that_hides_another_name_is_not_left_closed(proxy, sink, hides):
    """The name outside is no promise then: what goes upstream is a hello of ours."""
    tls = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), outgoing := ssl.MemoryBIO(), server_hostname="d.test"
    )
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    kind = b"\xfe\x0d" if hides else b"\xfa\xfa"
    hello = with_extension(outgoing.read(), kind + b"\x00\x04mark")
    sink.clear()
    with Wire.to(proxy).connect_tunnel(f"d.test:{sink.port}") as wire:
        wire.send(hello)
        sink.wait(lambda o: len(o.received) > 100, 30)
        assert (sink.received == hello) is not hides
        assert (b"mark" in sink.received) is not hides


def with_extension(record: bytes, extension: bytes) -> bytes:
    """One TLS record with a ClientHello, with one extension more (RFC 8446, 4.1.2)."""
    body = record[9:]
    at = 34  # version and random
    at += 1 + body[at]  # session id
    at += 2 + int.from_bytes(body[at : at + 2], "big")  # cipher suites
    at += 1 + body[at]  # compression
    size = int.from_bytes(body[at : at + 2], "big") + len(extension)
    body = body[:at] + size.to_bytes(2, "big") + body[at + 2 :] + extension
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    return record[:3] + len(hello).to_bytes(2, "big") + hello


def test_a_closed_tunnel_speaks_tls_or_is_read(proxy, secure):
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"c.test:{secure.port}")
        wire.send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        assert wire.response().status == 400
    assert secure.empty


def test_a_port_that_nobody_may_use_is_refused_at_connect(proxy):
    with Wire.to(proxy) as wire:
        answer = wire.try_tunnel("a.test:25")
    assert (answer.status, answer.type) == (403, "destination")


def test_a_private_address_is_refused_at_connect(proxy):
    with Wire.to(proxy) as wire:
        answer = wire.try_tunnel("169.254.169.254:443")
    assert (answer.status, answer.type) == (403, "destination")


def test_a_denied_host_is_refused_inside_tls(proxy, secure):
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"b.test:{secure.port}").start_tls(proxy, "b.test")
        answer = wire.request("/", headers=[("Host", f"b.test:{secure.port}")])
    assert (answer.status, answer.type) == (403, "destination")
    assert secure.connections == []


def test_a_client_that_does_not_trust_us_fails_closed(proxy, authority, secure):
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"a.test:{secure.port}")
        with pytest.raises((ssl.SSLError, Closed)):
            wire.start_tls(origin_trust(authority), "a.test")
    assert secure.empty


def test_an_untrusted_origin_is_502(start_proxy, secure):
    """Without `trusted_ca` the origin of the tests is nobody's."""
    private = 'upstream: {allow_private: ["127.0.0.0/8"]}\n'
    proxy = start_proxy(upstream=private)
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"a.test:{secure.port}").start_tls(proxy, "a.test")
        answer = wire.request("/", headers=[("Host", f"a.test:{secure.port}")])
    assert answer.status == 502
    assert b"certificate" not in answer.body
    assert '"cause":"certificate"' in proxy.log
    assert secure.empty
