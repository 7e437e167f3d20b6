"""Threats a3-a5, a7, a8, a16, a18, a32: what happens inside CONNECT."""

import asyncio
import ssl
import struct
import time

import httpx
import pytest

from tests.harness.ca import Authority
from tests.harness.origin import Origins
from tests.harness.wire import Closed, Wire
from tests.harness.wire2 import Http2

MARK = "m4rker-that-must-stay-here"
OUR_CA = "agent-dlp"


def try_send(wire: Wire, data: bytes) -> bytes:
    """Send, and what comes back until the other side closes or stays silent."""
    wire.sock.settimeout(0.4)
    try:
        wire.send(data)
        return wire.rest()
    except (OSError, ssl.SSLError, Closed):
        return b""


def hello(name: str | None, alpn: list[str]) -> bytes:
    """The bytes of a ClientHello."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 6, 11, 200])
def test_a_split_hello_is_inspected_all_the_same(proxy, secure, cut):
    """a4: one byte alone must not turn interception off."""
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(proxy, "a.test", segments=[cut])
        assert wire.peer_issuer.startswith(OUR_CA)
        answer = wire.request("/split", headers=[("Host", f"a.test:{secure.port}")])
        assert answer.status == 200
    assert [r.target for r in secure.requests] == ["/split"]


def test_a_hello_byte_by_byte(proxy, secure):
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(proxy, "a.test", segments=[1] * 300, pause=0.001)
        assert wire.peer_issuer.startswith(OUR_CA)


def test_a_hello_in_many_records(proxy, secure):
    """TLS fragments of one byte each (RFC 8446, 5.1) carry the same hello."""
    raw = hello("a.test", [])
    records = b"".join(
        raw[:3] + b"\0\1" + raw[n : n + 1] for n in range(5, min(len(raw), 200))
    )
    records += raw[:3] + struct.pack("!H", len(raw) - 200) + raw[200:]
    with Wire.to(proxy).connect_tunnel(f"b.test:{secure.port}") as wire:
        wire.send(records)
        wire.sock.settimeout(2)
        try:
            first = wire.receive()
        except (Closed, OSError):
            first = b""
    assert first[:1] in (b"\x16", b"\x15", b"")
    assert secure.requests == []
    assert MARK.encode() not in secure.received


@pytest.mark.parametrize("first", [1, 2, 3])
@pytest.mark.parametrize(
    "data",
    [
        f"SSH-2.0-{MARK}\r\n".encode(),
        b"\0\1\2" + MARK.encode(),
        f"EHLO {MARK}\r\n".encode(),
        b"\x16\x03" + MARK.encode() * 20,
        b"\x80\x2e\x01\x03\x01" + MARK.encode(),
        f"*1\r\n$4\r\n{MARK}\r\n".encode(),
    ],
    ids=["ssh", "binary", "smtp", "broken TLS", "SSLv2", "redis"],
)
def test_other_protocols_go_nowhere(proxy, origins, data, first):
    """a3: no byte of what is not HTTP or TLS leaves, in whatever segments it comes."""
    sink = origins.start("tcp")
    with Wire.to(proxy).connect_tunnel(f"a.test:{sink.port}") as wire:
        wire.send(data[:first])
        time.sleep(0.05)
        try_send(wire, data[first:])
    assert sink.connections == []


def test_a_server_that_talks_first_is_not_relayed(proxy, origins):
    """a5"""
    sink = origins.start("tcp", greeting=b"220 hi\r\n")
    with Wire.to(proxy).connect_tunnel(f"a.test:{sink.port}") as wire:
        time.sleep(0.1)
        try_send(wire, f"MAIL {MARK}\r\n".encode())
    assert sink.connections == []


def test_a_greeting_in_the_place_of_an_answer_is_no_relay(proxy, origins):
    """The request itself was judged and leaves; what comes after it does not."""
    sink = origins.start("tcp", greeting=b"220 hi\r\n")
    with Wire.to(proxy).connect_tunnel(f"a.test:{sink.port}") as wire:
        wire.send(f"GET / HTTP/1.1\r\nHost: a.test:{sink.port}\r\n\r\n".encode())
        try_send(wire, MARK.encode())
    assert MARK.encode() not in sink.received


def test_a_tunnel_in_a_tunnel_is_refused(proxy, plain):
    """a7"""
    host = f"a.test:{plain.port}"
    with Wire.to(proxy).connect_tunnel(host) as wire:
        answer = wire.try_tunnel(host)
        assert answer.status == 400
        assert answer.type == "protocol"
    assert plain.empty


def test_tls_in_tls_is_no_tunnel(proxy, secure):
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(proxy, "a.test")
        try_send(wire, hello("a.test", []) + MARK.encode())
    assert secure.requests == []
    assert MARK.encode() not in secure.received


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize(
    ("connect", "sni", "host"),
    [
        ("a.test", "b.test", "a.test"),
        ("a.test", "a.test", "b.test"),
        ("a.test", "b.test", "b.test"),
        ("b.test", "a.test", "a.test"),
        ("a.test", f"{MARK}.a.test", "a.test"),
        ("127.0.0.1", "a.test", "a.test"),
        ("localhost", "a.test", "localhost"),
    ],
    ids="/".join,
)
def test_three_names_must_agree(proxy, secure, connect, sni, host, http2):
    """a8: CONNECT, SNI, Host; else 421 and nobody is dialled."""
    trust = proxy.trust()
    trust.check_hostname = False
    with Wire.to(proxy).connect_tunnel(f"{connect}:{secure.port}") as wire:
        wire.start_tls(trust, sni, alpn=["h2"] if http2 else ["http/1.1"])
        if http2:
            status, _ = Http2(wire).get(f"{host}:{secure.port}")
        else:
            status = wire.request(
                "/", headers=[("Host", f"{host}:{secure.port}")]
            ).status
    assert status == 421
    assert secure.requests == []
    assert all(c.sni == connect for c in secure.connections)


def test_no_sni_is_not_a_second_name(proxy, secure):
    """Ours goes upstream all the same (a18)."""
    trust = proxy.trust()
    trust.check_hostname = False
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(trust, None)
        answer = wire.request("/", headers=[("Host", f"a.test:{secure.port}")])
        assert answer.status == 200
    assert [c.sni for c in secure.connections] == ["a.test"]


def test_spelling_of_the_sni_does_not_leave(proxy, secure):
    trust = proxy.trust()
    trust.check_hostname = False
    with Wire.to(proxy).connect_tunnel(f"A.TesT.:{secure.port}") as wire:
        wire.start_tls(trust, "a.TEST")
        answer = wire.request("/", headers=[("Host", f"a.test:{secure.port}")])
        assert answer.status == 200
    assert [c.sni for c in secure.connections] == ["a.test"]


def test_protocols_of_the_client_do_not_leave(proxy, origins):
    """a18: ALPN as carrier. The sink keeps the raw ClientHello it gets."""
    sink = origins.start("tcp")
    with Wire.to(proxy).connect_tunnel(f"a.test:{sink.port}") as wire:
        wire.send(hello("a.test", [MARK, "http/1.1", "http/0.9"]))
        sink.wait(lambda o: o.received)
    assert MARK.encode() not in sink.received
    assert b"http/1.1" in sink.received
    assert b"http/0.9" not in sink.received
    assert b"a.test" in sink.received


def test_only_unknown_protocols_offered(proxy, secure):
    with Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire:
        wire.start_tls(proxy, "a.test", alpn=[MARK])
        answer = wire.request("/", headers=[("Host", f"a.test:{secure.port}")])
        assert answer.status == 200
    assert secure.connections[0].alpn is None


def test_a_denied_host_is_refused_inside_tls_and_nobody_is_dialled(proxy, secure):
    with Wire.to(proxy).connect_tunnel("denied.example:443") as wire:
        wire.start_tls(proxy, "denied.example")
        answer = wire.request("/", headers=[("Host", "denied.example")])
        assert (answer.status, answer.type) == (403, "destination")
    assert secure.connections == []


@pytest.mark.parametrize("port", [53, 853, 5353])
def test_dns_over_connect_is_http_or_nothing(proxy, port):
    """a32: mitmproxy would choose a DNS relay for these ports."""
    query = b"\0\x1d\xab\xcd\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\1\0\1"
    with Wire.to(proxy) as wire:
        answer = wire.try_tunnel(f"a.test:{port}")
        if answer.status == 200:
            assert b"\xab\xcd" not in try_send(wire, query)[:4]


def test_many_streams_share_one_upstream_connection(proxy, secure):
    """Section 5: ALPN of the origin is offered to the client, so h2 stays h2."""

    async def events(client: httpx.AsyncClient) -> float:
        async with client.stream("GET", secure.url("/sse", "a.test")) as answer:
            assert answer.http_version == "HTTP/2"
            arrived = [time.time() async for line in answer.aiter_lines() if line]
            return arrived[-1] - arrived[0]

    async def all_of_them() -> list[float]:
        async with httpx.AsyncClient(
            http2=True, proxy=proxy.url, verify=proxy.trust(), timeout=20
        ) as client:
            await client.get(secure.url("/first", "a.test"))
            return await asyncio.gather(*(events(client) for _ in range(8)))

    spans = asyncio.run(all_of_them())
    assert all(span > 0.7 for span in spans), spans
    assert len(secure.requests) == 9
    assert len(secure.connections) == 1


def test_an_origin_without_http2_gives_the_client_http1(proxy, secure1):
    with httpx.Client(http2=True, proxy=proxy.url, verify=proxy.trust()) as client:
        answer = client.get(secure1.url("/", "a.test"))
    assert answer.http_version == "HTTP/1.1"


def test_an_untrusted_origin_gets_no_request(proxy, tmp_path, origins):
    with Origins(Authority(tmp_path), ["a.test"]) as others:
        origin = others.start("https")
        with httpx.Client(proxy=proxy.url, verify=proxy.trust()) as client:
            answer = client.post(origin.url("/", "a.test"), content=MARK)
    assert answer.status_code == 502
    assert origin.empty


def test_an_origin_with_another_name_gets_no_request(proxy, origins):
    origin = origins.start("https", names=["other.test"])
    with httpx.Client(proxy=proxy.url, verify=proxy.trust()) as client:
        answer = client.post(origin.url("/", "a.test"), content=MARK)
    assert answer.status_code == 502
    assert origin.empty


def test_old_tls_is_refused(proxy, secure):
    old = proxy.trust()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        Wire.to(proxy).connect_tunnel(f"a.test:{secure.port}") as wire,
        pytest.raises((ssl.SSLError, Closed, OSError)),
    ):
        wire.start_tls(old, "a.test")
    assert secure.empty


def test_a_refused_connect_leaves_no_tunnel_behind(proxy, plain):
    """What follows on the connection is judged by its own target."""
    with Wire.to(proxy) as wire:
        assert wire.try_tunnel("a.test:0").status == 400
    with Wire.to(proxy) as wire:
        assert wire.try_tunnel("[fe80::1]:443").status == 403
        answer = wire.request(
            f"http://a.test:{plain.port}/", headers=[("Host", f"a.test:{plain.port}")]
        )
        assert answer.status == 200
