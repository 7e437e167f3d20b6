"""
Threats a5-a10, a18-a25: what an HTTP request may look like, judged by the origin.

Each case is sent with a marker in the place that would carry a secret.
"""

import pytest

from tests.harness.wire import Closed, Wire

MARK = "m4rker-that-must-stay-here"


@pytest.fixture(params=["plain", "tunnel", "TLS"])
def there(request, proxy, plain, secure1):
    """(origin, connected wire, target prefix, Host): three ways to the same origin."""
    origin = secure1 if request.param == "TLS" else plain
    host = f"a.test:{origin.port}"
    with Wire.to(proxy) as wire:
        if request.param != "plain":
            wire.connect_tunnel(host)
        if request.param == "TLS":
            wire.start_tls(proxy, "a.test")
        prefix = f"http://{host}" if request.param == "plain" else ""
        yield origin, wire, prefix, host


def send(there, text: str, **names: str):
    """Send with `{p}` (target prefix), `{h}` (host:port), `{m}` (marker) filled in."""
    _, wire, prefix, host = there
    raw = text.format(p=prefix, h=host, m=MARK, **names)
    wire.send(raw.replace("\n", "\r\n").replace("\\l", "\n").encode("latin-1"))
    return wire


REFUSED = {
    "method as carrier": ("{m} {p}/ HTTP/1.1\nHost: {h}\n\n", 400),
    "TRACE": ("TRACE {p}/ HTTP/1.1\nHost: {h}\nX: {m}\n\n", 400),
    "method in lower case": ("post {p}/{m} HTTP/1.1\nHost: {h}\n\n", 400),
    "version as carrier": ("GET {p}/{m} HTTP/9.9\nHost: {h}\n\n", 400),
    "no version (HTTP/0.9)": ("GET {p}/{m}\n\n", 400),
    "fragment": ("GET {p}/#{m} HTTP/1.1\nHost: {h}\n\n", 400),
    "blank in the target": ("GET {p}/ {m} HTTP/1.1\nHost: {h}\n\n", 400),
    "tab in the request line": ("GET\t{p}/{m}\tHTTP/1.1\nHost: {h}\n\n", 400),
    "not ASCII in the target": ("GET {p}/\xe9{m} HTTP/1.1\nHost: {h}\n\n", 400),
    "bare CR in a value": ("GET {p}/ HTTP/1.1\nHost: {h}\nX: a\rX-B: {m}\n\n", 400),
    "NUL in a value": ("GET {p}/ HTTP/1.1\nHost: {h}\nX: a\0{m}\n\n", 400),
    "escape in a value": ("GET {p}/ HTTP/1.1\nHost: {h}\nX: \x1b[2J{m}\n\n", 400),
    "folded value": ("GET {p}/ HTTP/1.1\nHost: {h}\nX: a\n {m}\n\n", 400),
    "lone LF": ("GET {p}/ HTTP/1.1\nHost: {h}\nX: a\\lX-B: {m}\n\n", 400),
    "lone LF everywhere": ("GET {p}/ HTTP/1.1\\lHost: {h}\\lX: {m}\\l\\l", 400),
    "blank before colon": ("GET {p}/ HTTP/1.1\nHost: {h}\nX : {m}\n\n", 400),
    "blank first line": ("GET {p}/ HTTP/1.1\n X: {m}\nHost: {h}\n\n", 400),
    "no colon": ("GET {p}/ HTTP/1.1\nHost: {h}\n{m}\n\n", 400),
    "two Hosts": ("GET {p}/ HTTP/1.1\nHost: {h}\nHost: {m}.test\n\n", 400),
    "two equal Hosts": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nHost: {h}\n\n", 400),
    "no Host": ("GET {p}/{m} HTTP/1.1\n\n", 400),
    "no Host, HTTP/1.0": ("GET {p}/{m} HTTP/1.0\n\n", 400),
    "other Host": ("GET {p}/ HTTP/1.1\nHost: {m}.test\n\n", 421),
    "other port": ("GET {p}/{m} HTTP/1.1\nHost: a.test:1\n\n", 421),
    "Host below": ("GET {p}/ HTTP/1.1\nHost: {m}.{h}\n\n", 421),
    "Host with user": ("GET {p}/ HTTP/1.1\nHost: {m}@{h}\n\n", 421),
    "Host list": ("GET {p}/ HTTP/1.1\nHost: {h}, {m}\n\n", 421),
    "Content-Length twice": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 3\nContent-Length: 30\n\n{m}", 400),
    "Content-Length with sign": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: +26\n\n{m}", 400),
    "Content-Length list": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 26, 26\n\n{m}", 400),
    "both lengths": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n{m}", 400),
    "xchunked": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: xchunked\n\n1a\n{m}\n0\n\n", 400),
    "gzip, chunked": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: gzip, chunked\n\n1a\n{m}\n0\n\n", 400),
    "chunked in HTTP/1.0": ("POST {p}/ HTTP/1.0\nHost: {h}\nTransfer-Encoding: chunked\n\n1a\n{m}\n0\n\n", 400),
    "chunked twice": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n1a\n{m}\n0\n\n", 400),
    "no coding named": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: \nContent-Length: 26\n\n{m}", 400),
    "identity coding": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: identity\nContent-Length: 26\n\n{m}", 400),
    "length with a zero before": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 026\n\n{m}", 400),
    "length with an underscore": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 2_6\n\n{m}", 400),
    "length in hex": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 0x1a\n\n{m}", 400),
    "length below zero": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: -1\n\n{m}", 400),
    "no length": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent-Length: \n\n{m}", 400),
    "length of a CGI variable": ("POST {p}/ HTTP/1.1\nHost: {h}\nContent_Length: 5\nContent-Length: 26\n\n{m}", 400),
    "coding of a CGI variable": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer_Encoding: chunked\nContent-Length: 26\n\n{m}", 400),
    "chunk size with 0x": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n0x1a\n{m}\n0\n\n", 400),
    "chunk size with sign": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n+1a\n{m}\n0\n\n", 400),
    "chunk size with an underscore": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n1_a\n{m}\n0\n\n", 400),
    "chunk longer than its size": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n5\n{m}\n0\n\n", 400),
    "HTTP/2 in the request line": ("GET {p}/{m} HTTP/2.0\nHost: {h}\n\n", 400),
    "version in lower case": ("GET {p}/{m} http/1.2\nHost: {h}\n\n", 400),
    "trailer": ("POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n1\nx\n0\nX: {m}\n\n", 400),
    "method override": ("POST {p}/{m} HTTP/1.1\nHost: {h}\nX-HTTP-Method-Override: DELETE\n\n", 400),
    "path override": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX-Original-URL: /admin\n\n", 400),
    "path rewrite": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX_Rewrite_Url: /admin\n\n", 400),
    "host override": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX-HTTP-Host-Override: b.test\n\n", 400),
    "original host": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX-Original-Host: b.test\n\n", 400),
    "original URI": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX-Original-URI: /admin\n\n", 400),
    "forwarded URI": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX_Forwarded-Uri: /admin\n\n", 400),
    "original path of a gateway": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nX-Envoy-Original-Path: /admin\n\n", 400),
    "upgrade to anything": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nUpgrade: foo\nConnection: Upgrade\n\n", 400),
    "upgrade to TLS": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nUpgrade: TLS/1.0\nConnection: Upgrade\n\n", 400),
    "WebSocket of a draft": ("GET {p}/{m} HTTP/1.1\nHost: {h}\nUpgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 7\nSec-WebSocket-Key: x\n\n", 400),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_nothing_left(there, case):
    text, status = REFUSED[case]
    origin = there[0]
    answer = send(there, text).response()
    assert answer.status == status
    assert answer.type == "protocol"
    assert MARK not in str(answer)
    assert origin.empty


@pytest.mark.parametrize(
    ("target", "status"),
    {
        "http://b.test@a.test:{port}/": 400,
        "http://a.test\\@b.test:{port}/": 400,
        "http:\\\\a.test:{port}/": 400,
        "http:///a.test:{port}/": 400,
        "http://a.test:{port}:80/": 400,
        "http://a.test:99999/": 400,
        "http://a.test#b.test/": 400,
        "http://a.test?b.test/": 400,
        "http://a.test;b.test/": 400,
        "http://a.te\tst:{port}/": 400,
        "ftp://a.test:{port}/": 400,
        "/": 400,
        "a.test:{port}": 400,
        "http://b.test:{port}/": 421,
    }.items(),
    ids=str,
)
def test_one_authority_in_the_target(proxy, plain, target, status):
    """a9, a10: what is dialled, what the origin reads and what we judge is one name."""
    with Wire.to(proxy) as wire:
        line = f"GET {target.format(port=plain.port)} HTTP/1.1"
        wire.send(f"{line}\r\nHost: a.test:{plain.port}\r\n\r\n".encode())
        assert wire.response().status == status
    assert plain.empty


def test_forwarded_heads_are_exact(there):
    """Case and order of headers stay; hop-by-hop and Proxy-* do not leave."""
    origin, _wire, _, host = there
    answer = send(
        there,
        "POST {p}/a%20b?c=d&e HTTP/1.1\nHost: {h}\nX-Caps: 1\nproxy-connection: keep-alive\n"
        "Proxy-Authorization: Basic eDp5\nProxy-X: {m}\nConnection: keep-alive, X-Gone\n"
        "X-Gone: {m}\nKeep-Alive: 5\nTE: {m}\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk\n"
        "X-Forwarded-Host: {m}\nx-lower: caf\xe9\nContent-Length: 2\n\nhi",
    ).response()
    assert answer.status == 200
    origin.wait(lambda o: o.requests)
    assert origin.received == (
        f"POST /a%20b?c=d&e HTTP/1.1\r\nHost: {host}\r\nX-Caps: 1\r\n"
        "x-lower: caf\xe9\r\nContent-Length: 2\r\n\r\nhi"
    ).encode("latin-1")


def test_spelling_of_the_host_carries_nothing(there):
    origin, _, _, host = there
    port = host.rpartition(":")[2]
    answer = send(there, "GET {p}/ HTTP/1.1\nHost: A.tEsT.:{port}\n\n", port=port)
    assert answer.response().status == 200
    assert f"Host: {host}\r\n".encode() in origin.received


def test_chunk_extensions_do_not_leave(there):
    origin = there[0]
    answer = send(
        there,
        "POST {p}/ HTTP/1.1\nHost: {h}\nTransfer-Encoding: chunked\n\n"
        "2;x={m}\nhi\n0;y={m}\n\n",
    ).response()
    assert answer.status == 200
    assert [r.body for r in origin.requests] == [b"hi"]
    assert MARK.encode() not in origin.received


def test_pipelined_requests_are_each_judged(there):
    """a25: the second of two requests in one segment has its own guards."""
    origin, wire, _, _ = there
    send(
        there,
        "GET {p}/1 HTTP/1.1\nHost: {h}\n\nGET {p}/2 HTTP/1.1\nHost: {m}.test\n\n",
    )
    assert wire.response().status == 200
    assert wire.response().status == 421
    assert [r.target for r in origin.requests] == ["/1"]


def test_after_a_refusal_the_next_request_begins_where_the_body_ends(there):
    """What a refused body holds is no request, whatever it looks like."""
    origin, wire, _, _ = there
    send(
        there,
        "POST {p}/1 HTTP/1.1\nHost: {h}\nX-Original-URL: /\nContent-Length: {n}\n\n"
        "{inner}GET {p}/2 HTTP/1.1\nHost: {h}\n\n",
        inner="GET / HTTP/1.1\nHost: x\n\n",
        n=str(len("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
    )
    assert wire.response().status == 400
    assert wire.response().status == 200
    assert [r.target for r in origin.requests] == ["/2"]


def test_an_empty_line_before_a_request_is_ignored(there):
    assert send(there, "\n\nGET {p}/ HTTP/1.1\nHost: {h}\n\n").response().status == 200


def test_a_request_byte_by_byte(there):
    origin, wire, prefix, host = there
    raw = f"GET {prefix}/bytewise HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for n in range(len(raw)):
        wire.send(raw[n : n + 1])
    assert wire.response().status == 200
    assert [r.target for r in origin.requests] == ["/bytewise"]


def test_headers_have_a_limit(there):
    origin, wire, prefix, host = there
    head = f"GET {prefix}/ HTTP/1.1\r\nHost: {host}\r\n"
    wire.send((head + f"X: {'x' * 60_000}\r\n\r\n").encode())
    assert wire.response().status == 200
    wire.send((head + f"X: {'x' * 66_000}\r\n\r\n").encode())
    assert wire.response().status == 431
    assert len(origin.requests) == 1


def test_headers_without_end_are_cut(there):
    """e6: a head that never ends is not collected."""
    origin, wire, prefix, host = there
    wire.send(f"GET {prefix}/ HTTP/1.1\r\nHost: {host}\r\n".encode())
    with pytest.raises((Closed, OSError)):
        for _ in range(200):
            wire.send(b"X: " + b"x" * 8000 + b"\r\n")
        wire.response()
        while True:
            wire.receive()
    assert origin.empty


def test_many_headers_are_refused(there):
    _, wire, prefix, host = there
    fields = "".join(f"X-{n}: y\r\n" for n in range(201))
    wire.send(f"GET {prefix}/ HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode())
    assert wire.response().status == 431


def test_a_body_on_any_method_leaves_with_it_and_is_framed(there):
    origin = there[0]
    answer = send(
        there, "GET {p}/ HTTP/1.1\nHost: {h}\nContent-Length: 4\n\nbody"
    ).response()
    assert answer.status == 200
    assert origin.requests[0].body == b"body"


def test_switching_protocols_unasked_ends_the_connection(there):
    """a6: after a 101 that nobody asked for, no byte of the client reaches the origin."""
    from tests.harness.origin import with_raw

    origin, wire, prefix, host = there
    origin.handlers["/switch"] = with_raw(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"
    )
    wire.send(f"GET {prefix}/switch HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    try:
        wire.receive()
        wire.send(MARK.encode())
        wire.rest()
    except (Closed, OSError):
        pass
    assert MARK.encode() not in origin.received


def test_alternative_services_are_not_told(there):
    """a16: nothing leads the client to QUIC."""
    answer = send(there, "GET {p}/alt-svc HTTP/1.1\nHost: {h}\n\n").response()
    assert answer.status == 200
    assert answer.header("alt-svc") is None


def test_a_redirect_is_passed_on_and_not_followed(there, origins):
    """a15: where it leads is a request of its own."""
    from tests.harness.origin import Reply

    origin, elsewhere = there[0], origins.start()
    origin.handlers["/away"] = lambda _: Reply(
        302, (("location", elsewhere.url("/" + MARK)), ("content-length", "0")), ()
    )
    assert send(there, "GET {p}/away HTTP/1.1\nHost: {h}\n\n").response().status == 302
    assert elsewhere.connections == []


def test_keep_alive_uses_one_upstream_connection(there):
    """a13: vetting addresses does not cost the reuse of connections."""
    origin = there[0]
    for n in range(20):
        answer = send(there, "GET {p}/{n} HTTP/1.1\nHost: {h}\n\n", n=str(n))
        assert answer.response().status == 200
    assert len(origin.connections) == 1
    assert len(origin.requests) == 20


def test_http10_is_answered_and_closed(there):
    _origin, wire, _, _ = there
    assert send(there, "GET {p}/ HTTP/1.0\nHost: {h}\n\n").response().status == 200
    assert wire.is_closed()


def test_trace_of_the_proxy_itself_is_nowhere(there):
    """No mitmproxy page, no version, no Via."""
    for text in (
        "GET {p}/ HTTP/1.1\nHost: {h}\n\n",
        "BAD {p}/ HTTP/1.1\nHost: {h}\n\n",
    ):
        answer = send(there, text).response()
        assert b"mitmproxy" not in answer.body.lower()
        assert "mitmproxy" not in str(answer.headers).lower()
