"""Threats e5, e6, e8: no peer can make the proxy keep what it does not need."""

import bz2
import contextlib
import gzip
import itertools
import time
import zlib
from pathlib import Path

import brotli
import pytest
from wsproto.frame_protocol import Opcode

from tests.harness.origin import Reply, with_raw
from tests.harness.wire import Closed, Wire, frame, read_frame
from tests.harness.wire2 import Http2, request_headers

MIB = 1 << 20


@pytest.fixture(scope="module")
def proxy(start_proxy):
    """Its own proxy: others must not make it grow meanwhile."""
    return start_proxy()


@pytest.fixture
def grown(proxy):
    """How many MiB the worker has grown since the test began."""

    def resident() -> int:
        pages = Path(f"/proc/{proxy.workers()[0]}/statm").read_text().split()[1]
        return int(pages) * 4096

    before = resident()
    return lambda: (resident() - before) / MIB


def tunnel(proxy, origin, alpn: str = "http/1.1") -> Wire:
    wire = Wire.to(proxy).connect_tunnel(f"a.test:{origin.port}")
    if origin.scheme == "https":
        wire.start_tls(proxy, "a.test", alpn=[alpn])
    return wire


def test_a_client_that_does_not_read_stops_the_download(proxy, plain, grown):
    host = f"a.test:{plain.port}"
    with tunnel(proxy, plain) as wire:
        wire.send(f"GET /large/300 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        time.sleep(2)
        assert grown() < 40


def test_a_stream_that_is_not_read_stops_the_download(proxy, secure, grown):
    """HTTP/2 has windows of its own; the socket is read all the time."""
    with tunnel(proxy, secure, "h2") as wire:
        client = Http2(wire)
        client.open(request_headers(f"a.test:{secure.port}", "/large/2000"))
        end = time.monotonic() + 8
        wire.sock.settimeout(0.2)
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                wire.receive()
        assert grown() < 60


def test_a_download_that_is_read_is_whole_and_flat(proxy, secure, grown):
    with tunnel(proxy, secure, "h2") as wire:
        client = Http2(wire)
        client.connection.increment_flow_control_window(1 << 30)
        stream = client.open(request_headers(f"a.test:{secure.port}", "/large/100"))
        status, _, body = client.answer(stream)
        assert (status, len(body)) == (200, 100 * MIB)
        assert grown() < 60


def test_chunk_extensions_have_an_end(proxy, plain, grown):
    """h11 waits for the end of a chunk's line, however long."""
    host = f"a.test:{plain.port}"
    with tunnel(proxy, plain) as wire:
        wire.send(
            f"POST / HTTP/1.1\r\nHost: {host}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n4;x=".encode()
        )
        with contextlib.suppress(OSError):
            for _ in range(200):
                wire.send(b"y" * (MIB // 2))
        assert wire.is_closed()
        assert grown() < 20
    assert plain.empty


def test_trailers_of_http1_have_an_end(proxy, plain, grown):
    host = f"a.test:{plain.port}"
    with tunnel(proxy, plain) as wire:
        wire.send(
            f"POST / HTTP/1.1\r\nHost: {host}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n".encode()
        )
        with contextlib.suppress(OSError):
            for _ in range(200):
                wire.send(b"X: " + b"y" * (MIB // 2) + b"\r\n")
        assert wire.is_closed()
        assert grown() < 20
    assert plain.empty


def test_a_head_of_an_origin_has_an_end(proxy, origins, grown):
    origin = origins.start()
    origin.handlers["/"] = with_raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100 * MIB)
    host = f"a.test:{origin.port}"
    with tunnel(proxy, origin) as wire:
        answer = wire.request("/", headers=[("Host", host)])
        assert answer.status == 502
        assert grown() < 20


@pytest.mark.parametrize("hints", [1, 3])
def test_early_hints_come_before_the_answer(proxy, origins, hints):
    """RFC 9110, 15.2: any number of 1xx, which a proxy need not pass on (RFC 8297)."""
    origin = origins.start()
    origin.handlers["/"] = with_raw(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * hints
        + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )
    host = f"a.test:{origin.port}"
    with tunnel(proxy, origin) as wire:
        for _ in range(2):
            answer = wire.request("/", headers=[("Host", host)])
            assert (answer.status, answer.body) == (200, b"ok")
    assert len(origin.connections) == 1


def test_a_bomb_on_a_websocket_is_cut(proxy, origins, grown):
    """e5: 100 KB that inflate to 100 MiB."""
    plain = origins.start()
    host = f"a.test:{plain.port}"
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ]
    with tunnel(proxy, plain) as wire:
        answer = wire.request("/ws", headers=fields)
        assert "permessage-deflate" in (answer.header("sec-websocket-extensions") or "")
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = packer.compress(b"\0" * (100 * MIB)) + packer.flush(zlib.Z_SYNC_FLUSH)
        wire.send(frame(Opcode.BINARY, bomb[:-4], reserved=4))
        opcode, payload = read_frame(wire)
        assert opcode == Opcode.CLOSE
        assert int.from_bytes(payload[:2], "big") == 1009
        assert grown() < 120
    assert all(kind == "close" for kind, _ in plain.messages)


BOMBS = {
    "gzip": ("gzip", gzip.compress),
    "gzip of gzip": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
    "brotli": ("br", lambda data: brotli.compress(data, quality=4)),
    "not declared": ("", bz2.compress),
    "not declared, zlib": ("", zlib.compress),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_in_a_body_is_refused_and_costs_little(proxy, plain, grown, case):
    """e5: 100 MiB in at most 100 KB; mitmproxy's `.content` unpacks them whole."""
    coding, pack = BOMBS[case]
    host = f"a.test:{plain.port}"
    fields = [("Host", host), *([("Content-Encoding", coding)] if coding else [])]
    with tunnel(proxy, plain) as wire:
        wire.sock.settimeout(60)
        answer = wire.request(
            "/", method="POST", headers=fields, body=pack(bytes(100 * MIB))
        )
    assert (answer.status, answer.type) == (403, "unreadable")
    assert grown() < 80
    assert plain.empty


def test_messages_of_a_websocket_are_not_kept(proxy, plain, grown):
    """e8"""
    host = f"a.test:{plain.port}"
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    with tunnel(proxy, plain) as wire:
        wire.request("/ws", headers=fields)
        for _ in range(300):
            wire.send(frame(Opcode.BINARY, bytes(200_000)))
            plain.messages.clear()
            for connection in plain.connections:
                connection.raw.clear()
            size = 0
            while size < 200_000:
                size += len(read_frame(wire)[1])
        assert grown() < 30


def test_events_without_end_are_not_kept(proxy, plain, grown):
    plain.handlers["/endless"] = lambda _: Reply(
        headers=(("content-type", "text/event-stream"),),
        chunks=itertools.repeat(b"data: " + b"x" * 60_000 + b"\n\n", 1500),
    )
    host = f"a.test:{plain.port}"
    with tunnel(proxy, plain) as wire:
        answer = wire.request("/endless", headers=[("Host", host)])
        assert len(answer.body) > 85 * MIB
        assert grown() < 30


def test_an_upload_that_the_origin_does_not_read_is_counted(proxy, origins, grown):
    """
    The budget holds a body until the origin answers, not until it was sent. Last of the
    module: what is inspected for nobody takes a while.
    """
    origin = origins.start("tcp")
    origin.handlers = {}
    wires = []
    body = b"plain words, nothing else. " * (30 * MIB // 27)
    statuses = []
    with contextlib.ExitStack() as stack:
        for _ in range(12):
            wire = stack.enter_context(tunnel(proxy, origin))
            head = (
                f"POST / HTTP/1.1\r\nHost: a.test:{origin.port}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            with contextlib.suppress(OSError):
                wire.send(head.encode() + body)
            wires.append(wire)
        for wire in wires:
            wire.sock.settimeout(1)
            with contextlib.suppress(TimeoutError, Closed, OSError):
                statuses.append(wire.response().status)
    assert 503 in statuses
    assert grown() < 500, statuses
