"""HTTP/2 on the client side: what only its framing makes possible (threats a8, a20-a24)."""

import time

import h2.exceptions
import pytest

from tests.harness.wire import Closed, Wire
from tests.harness.wire2 import Http2, request_headers

MARK = "m4rker-that-must-stay-here"
HEADERS, RST_STREAM, CONTINUATION = 1, 3, 9
END_HEADERS, END_STREAM = 4, 1


@pytest.fixture
def host(secure) -> str:
    return f"a.test:{secure.port}"


@pytest.fixture
def client(proxy, host):
    with Wire.to(proxy).connect_tunnel(host) as wire:
        wire.start_tls(proxy, "a.test", alpn=["h2"])
        assert wire.tls.selected_alpn_protocol() == "h2"
        yield Http2(wire)


def ended(client: Http2) -> bool:
    """Whether the proxy closes the connection now."""
    return client.wire.is_closed(5)


def test_requests_pass(client, secure, host):
    assert client.get(host, "/one")[0] == 200
    stream = client.open(request_headers(host, "/two", "POST"), b"body")
    assert client.answer(stream)[0] == 200
    assert [(r.target, r.body) for r in secure.requests] == [
        ("/one", b""),
        ("/two", b"body"),
    ]


REFUSED = {
    "other :authority": ({":authority": f"{MARK}.test"}, 421),
    "other port": ({":authority": "a.test:1"}, 421),
    "no :authority, no host": ({":authority": None}, 400),
    "host beside :authority": ({"host": f"{MARK}.test"}, 421),
    "two hosts": ({"host": "a.test", "host ": "a.test"}, 400),
    "method": ({":method": MARK}, 400),
    "TRACE": ({":method": "TRACE", "x": MARK}, 400),
    "lower-case method": ({":method": "post"}, 400),
    "fragment": ({":path": f"/#{MARK}"}, 400),
    "blank in :path": ({":path": f"/ {MARK}"}, 400),
    "not ASCII in :path": ({":path": f"/\xe9{MARK}"}, 400),
    "relative :path": ({":path": MARK}, 400),
    "absolute :path": ({":path": f"http://b.test/{MARK}"}, 400),
    "method override": ({"x-http-method-override": "DELETE", "x": MARK}, 400),
    "path override": ({"x-original-url": f"/{MARK}"}, 400),
    "escape in a value": ({"x": f"\x1b{MARK}"}, 400),
    "transfer coding": ({"transfer-encoding": "chunked", "x": MARK}, 400),
    "upgrade": ({"upgrade": "websocket", "x": MARK}, 400),
    "connection": ({"connection": MARK}, 400),
    "te": ({"te": MARK}, 400),
    "CR LF in a value": ({"x": f"a\r\nx-b: {MARK}"}, 400),
    "NUL in a value": ({"x": f"a\0{MARK}"}, 400),
    "CR LF in :path": ({":path": f"/ HTTP/1.1\r\nx: {MARK}"}, 400),
    "CR LF in :method": ({":method": f"GET / HTTP/1.1\r\nx: {MARK}\r\n"}, 400),
    "CR LF in :authority": ({":authority": f"a.test\r\nx: {MARK}"}, 400),
    "user in :authority": ({":authority": f"{MARK}@a.test"}, 400),
    "upper-case name": ({"X-Upper": MARK}, 400),
    "blank in a name": ({"x y": MARK}, 400),
    "colon in a name": ({"x:y": MARK}, 400),
    "empty name": ({"": MARK}, 400),
    "unknown pseudo header": ({":mark": MARK}, 400),
    "extended CONNECT (RFC 8441)": ({":method": "CONNECT", ":protocol": "websocket", "x": MARK}, 400),
    "no :method": ({":method": None, "x": MARK}, 400),
    "no :path": ({":path": None, "x": MARK}, 400),
    "empty :path": ({":path": "", "x": MARK}, 400),
    "no :scheme": ({":scheme": None, "x": MARK}, 400),
    "other scheme": ({":scheme": "ftp", "x": MARK}, 400),
    "wrong content-length": ({"content-length": "9", "x": MARK}, 400),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_nothing_left(client, secure, host, case):
    """An answer with that status, a reset of the stream, or the end of the connection."""
    changes, status = REFUSED[case]
    fields = dict(request_headers(host, "/"))
    fields |= changes
    pairs = [
        (name.strip(), value) for name, value in fields.items() if value is not None
    ]
    pseudo = [p for p in pairs if p[0].startswith(":")]
    try:
        stream = client.open(pseudo + [p for p in pairs if p not in pseudo])
        answer, _, body = client.answer(stream)
        assert answer in (0, status)
        assert MARK.encode() not in body
    except (Closed, OSError, h2.exceptions.ProtocolError):
        pass
    assert secure.requests == []


@pytest.mark.parametrize("name", [":path", ":method", ":authority", ":scheme"])
def test_duplicate_pseudo_headers_are_refused(client, secure, host, name):
    fields = request_headers(host, "/")
    client.open([*fields, (name, dict(fields)[name])])
    assert ended(client)
    assert secure.requests == []


def test_pseudo_headers_after_others_are_refused(client, secure, host):
    client.open([("x", MARK), *request_headers(host, "/")])
    assert ended(client)
    assert secure.requests == []


def test_trailers_are_passed_and_framed(client, secure, host):
    stream = client.open(
        request_headers(host, "/", "POST"), b"body", [("x-checksum", "abc")]
    )
    assert client.answer(stream)[0] == 200
    assert secure.requests[0].trailers == [("x-checksum", "abc")]


@pytest.mark.parametrize(
    "trailer",
    [(":path", MARK), ("connection", MARK), ("X-Upper", MARK), ("x", f"\r\n{MARK}"),
     ("host", f"{MARK}.test"), ("x-original-url", f"/{MARK}"), ("x", f"\x1b{MARK}")],
    ids=lambda pair: repr(pair[0]),
)  # fmt: skip
def test_trailers_have_guards(client, secure, host, trailer):
    stream = client.open(request_headers(host, "/", "POST"), b"body", [trailer])
    try:
        assert client.answer(stream)[0] in (0, 400)
    except (Closed, OSError, h2.exceptions.ProtocolError):
        pass
    assert secure.requests == []


def test_crumbs_of_cookies_arrive(client, secure, host):
    headers = [*request_headers(host, "/"), ("cookie", "a=1"), ("cookie", "b=2")]
    assert client.answer(client.open(headers))[0] == 200
    cookies = [v for n, v in secure.requests[0].headers if n == "cookie"]
    assert "; ".join(cookies) == "a=1; b=2"


def test_only_requests_leave(client, secure, host):
    """PING, unknown frames, priorities, padding, settings, GOAWAY: none of it leaves."""
    mark = MARK.encode()
    client.get(host, "/first")
    client.frame(6, 0, 0, mark[:8])
    client.frame(0x42, 0, 0, mark)
    client.frame(0x42, 0xFF, 1, mark)
    client.frame(0x0A, 0, 0, b"\0\6a.test" + mark)
    client.frame(0x0C, 0, 0, mark)
    client.frame(4, 0, 0, (0xAB).to_bytes(2, "big") + mark[:4])
    client.frame(2, 0, 5, b"\0\0\0\0\x10")
    assert client.get(host, "/second")[0] == 200
    padded = client.encoder.encode(request_headers(host, "/third"))
    client.frame(
        HEADERS, 8 | END_HEADERS | END_STREAM, 5, bytes([len(mark)]) + padded + mark
    )
    secure.wait(lambda o: len(o.requests) == 3)
    client.frame(7, 0, 0, b"\0\0\0\0\0\0\0\0" + mark)
    time.sleep(0.2)
    assert mark[:8] not in secure.received
    assert [r.target for r in secure.requests] == ["/first", "/second", "/third"]


def test_continuation_flood_is_cut(client, secure, host):
    """CVE-2024-27983 and kin: a head in endless pieces is not collected."""
    block = client.encoder.encode(request_headers(host, "/"))
    client.frame(HEADERS, END_STREAM, 1, block)
    with pytest.raises((Closed, OSError)):
        for _ in range(5000):
            client.frame(CONTINUATION, 0, 1, b"\x40\x01a\x01b" * 800)
        client.wire.rest()
        raise Closed
    assert ended(client)
    assert secure.requests == []


def test_hpack_bomb_is_cut(client, secure, host):
    """One large field in the table, named thousands of times."""
    client.encoder.header_table_size = 4096
    block = client.encoder.encode([*request_headers(host, "/"), ("x", MARK * 150)])
    index = client.encoder.encode([("x", MARK * 150)])
    assert len(index) < 3
    client.frame(HEADERS, END_HEADERS | END_STREAM, 1, block + index * 4000)
    assert ended(client)
    assert secure.requests == []


def test_rapid_reset_is_cut(client, secure, proxy, host):
    """CVE-2023-44487"""
    with pytest.raises((Closed, OSError)):
        for n in range(3000):
            block = client.encoder.encode(request_headers(host, "/never"))
            client.frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, block)
            client.frame(RST_STREAM, 0, 2 * n + 1, b"\0\0\0\x08")
        client.wire.rest()
        raise Closed
    assert len(secure.requests) < 500
    with Wire.to(proxy).connect_tunnel(host) as wire:
        wire.start_tls(proxy, "a.test", alpn=["h2"])
        assert Http2(wire).get(host)[0] == 200


def test_a_reset_while_it_is_judged_stops_a_request(client, secure, host):
    stream = client.connection.get_next_available_stream_id()
    client.connection.send_headers(stream, request_headers(host, "/", "POST"))
    client.connection.send_data(stream, MARK.encode())
    client.connection.reset_stream(stream)
    client.flush()
    time.sleep(0.3)
    assert secure.requests == []
    assert client.get(host, "/next")[0] == 200


def test_a_stream_that_never_ends_sends_nothing(client, secure, host):
    stream = client.connection.get_next_available_stream_id()
    client.connection.send_headers(stream, request_headers(host, "/", "POST"))
    client.connection.send_data(stream, MARK.encode() * 100)
    client.flush()
    assert client.get(host, "/next")[0] == 200
    assert [r.target for r in secure.requests] == ["/next"]


def test_each_stream_is_judged_by_itself(client, secure, host):
    good = [client.open(request_headers(host, f"/{n}")) for n in range(3)]
    bad = client.open(request_headers(f"{MARK}.test", "/"))
    more = client.open(request_headers(host, "/3"))
    assert client.answer(bad)[0] == 421
    events = [client.open(request_headers(host, "/4"))]
    assert client.answer(events[0])[0] == 200
    secure.wait(lambda o: len(o.requests) == len(good) + 2)
    assert more
    assert {r.target for r in secure.requests} == {f"/{n}" for n in range(5)}


@pytest.mark.parametrize("way", ["outer", "tunnel"])
def test_http2_without_tls_is_refused(proxy, plain, way):
    """Prior knowledge (RFC 9113, 3.3): mitmproxy's HTTP/1 parser never sees a PRI."""
    with Wire.to(proxy) as wire:
        if way == "tunnel":
            wire.connect_tunnel(f"a.test:{plain.port}")
        wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MARK.encode())
        assert wire.response().status == 400
    assert plain.empty


def test_header_limit(client, secure, host):
    many = [(f"x-{n}", "y") for n in range(201)]
    assert client.answer(client.open([*request_headers(host, "/"), *many]))[0] == 431
    assert secure.requests == []


def test_the_pages_of_the_proxy_are_its_own(client, host):
    _, headers, body = client.answer(client.open(request_headers("b.test", "/")))
    assert headers["content-type"] == "application/problem+json"
    assert b"mitmproxy" not in body
    assert "server" not in headers


def test_events_keep_flowing_while_another_stream_is_reset(client, secure, host):
    events = client.open(request_headers(host, "/sse"))
    other = client.open(request_headers(host, "/never"))
    client.connection.reset_stream(other)
    client.flush()
    status, _, body = client.answer(events)
    assert status == 200
    assert body.count(b"data: ") == 20
