import pytest
from mitmproxy import http
from mitmproxy.net.http.http1 import read_request_head
from mitmproxy.test import tflow

from addons.guards import (
    HEAD_BYTES,
    check_complete,
    check_connect,
    check_head,
    check_request,
    connect_destination,
    destination_of,
    tunnel_of,
)
from dlp.model import Channel

HEADS = {
    "absolute target": (b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", False),
    "CONNECT": (b"CONNECT a.test:443 HTTP/1.1\r\n\r\n", False),
    "path in a tunnel": (b"GET /x?y HTTP/1.1\r\nHost: a.test\r\n\r\n", True),
    "asterisk in a tunnel": (b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n", True),
    "empty and UTF-8 values": (
        b"GET / HTTP/1.1\r\nA:\r\nB: caf\xc3\xa9\t\r\n\r\n",
        True,
    ),
}

BAD_HEADS = {
    "lone LF at the end": (b"GET / HTTP/1.1\r\nA: b\n\n", True, "line-ending"),
    "lone LF in a line": (b"GET / HTTP/1.1\nA: b\r\n\r\n", True, "request-line"),
    "LF smuggles a header": (b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n", True, "header-syntax"),
    "bare CR": (b"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n", True, "header-syntax"),
    "NUL": (b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", True, "header-syntax"),
    "escape": (b"GET / HTTP/1.1\r\nA: b\x1b[2J\r\n\r\n", True, "header-syntax"),
    "folded": (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", True, "header-syntax"),
    "blank before colon": (b"GET / HTTP/1.1\r\nA : b\r\n\r\n", True, "header-syntax"),
    "no name": (b"GET / HTTP/1.1\r\n: b\r\n\r\n", True, "header-syntax"),
    "no colon": (b"GET / HTTP/1.1\r\nab\r\n\r\n", True, "header-syntax"),
    "two blanks": (b"GET  / HTTP/1.1\r\n\r\n", True, "request-line"),
    "tab": (b"GET\t/ HTTP/1.1\r\n\r\n", True, "request-line"),
    "blank at the end": (b"GET / HTTP/1.1 \r\n\r\n", True, "request-line"),
    "blank in the target": (b"GET /a b HTTP/1.1\r\n\r\n", True, "request-line"),
    "no version": (b"GET /\r\n\r\n", True, "request-line"),
    "path to the proxy": (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False, "request-line"),
    "absolute in a tunnel": (b"GET http://a/ HTTP/1.1\r\n\r\n", True, "request-line"),
    "CONNECT in a tunnel": (b"CONNECT a:1 HTTP/1.1\r\n\r\n", True, "request-line"),
    "other scheme": (b"GET ftp://a/ HTTP/1.1\r\n\r\n", False, "request-line"),
    "backslashes": (b"GET http:\\\\a/ HTTP/1.1\r\n\r\n", False, "request-line"),
    "method of 33": (b"A" * 33 + b" / HTTP/1.1\r\n\r\n", True, "request-line"),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 201 + b"\r\n", True, "head-size"),
    "too long": (b"GET / HTTP/1.1\r\nA: " + b"b" * HEAD_BYTES + b"\r\n\r\n", True, "head-size"),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADS)
def test_head_passes(case):
    head, tunnelled = HEADS[case]
    assert check_head(head, tunnelled=tunnelled) is None


@pytest.mark.parametrize("case", BAD_HEADS)
def test_head_is_refused(case):
    head, tunnelled, guard = BAD_HEADS[case]
    breach = check_head(head, tunnelled=tunnelled)
    assert breach is not None
    assert breach.guard == guard
    assert breach.status == (431 if guard == "head-size" else 400)


def request(head: str):
    return read_request_head([line.encode() for line in head.split("\n")])


def flow(head: str, tunnel=None, sni=None):
    """A flow as the hook sees it: inside a tunnel the destination is that of CONNECT."""
    made = tflow.tflow(req=request(head))
    made.server_conn.address = tunnel
    made.client_conn.tls = sni is not None
    made.client_conn.sni = sni or None
    if tunnel:
        made.request.data.host, made.request.data.port = tunnel
        made.request.scheme = "http" if sni is None else "https"
    else:
        made.request.authority = ""
    return made


A = ("a.test", 443)
PASSES = {
    "plain": flow("GET http://a.test/x HTTP/1.1\nHost: a.test"),
    "plain with port": flow("GET http://a.test:8080/ HTTP/1.1\nHost: a.test:8080"),
    "TLS": flow("GET / HTTP/1.1\nHost: a.test", A, "a.test"),
    "TLS without SNI": flow("GET / HTTP/1.1\nHost: a.test", A, ""),
    "port in Host": flow("GET / HTTP/1.1\nHost: a.test:443", A, "a.test"),
    "case and dot": flow("GET / HTTP/1.1\nHost: A.Test.", A, "a.TEST"),
    "address": flow("GET / HTTP/1.1\nHost: 127.0.0.1", ("127.0.0.1", 443), ""),
    "A-label, which mitmproxy decodes": flow(
        "GET / HTTP/1.1\nHost: xn--80a.test", ("\u0430.test", 443), "xn--80a.test"
    ),
    "HTTP/1.0": flow("GET / HTTP/1.0\nHost: a.test", A, "a.test"),
    "OPTIONS *": flow("OPTIONS * HTTP/1.1\nHost: a.test", A, "a.test"),
    "chunked": flow("POST / HTTP/1.1\nHost: a.test\nTransfer-Encoding: chunked", A, ""),
    "h2c offer": flow(
        "GET / HTTP/1.1\nHost: a.test\nUpgrade: h2c\nHTTP2-Settings: AAMAAABk", A
    ),
    "WebSocket": flow(
        "GET / HTTP/1.1\nHost: a.test\nUpgrade: websocket\nConnection: Upgrade\n"
        "Sec-WebSocket-Key: x\nSec-WebSocket-Version: 13",
        A,
    ),
}

WS = "Host: a.test\nUpgrade: websocket\nSec-WebSocket-Key: x\nSec-WebSocket-Version: "
BREACHES = {
    "version": (flow("GET / HTTP/9.9\nHost: a.test", A), "version", 400),
    "TRACE": (flow("TRACE / HTTP/1.1\nHost: a.test", A), "method", 400),
    "unknown method": (flow("BREW / HTTP/1.1\nHost: a.test", A), "method", 400),
    "lower case": (flow("get / HTTP/1.1\nHost: a.test", A), "method", 400),
    "fragment": (flow("GET /#a HTTP/1.1\nHost: a.test", A), "target", 400),
    "GET *": (flow("GET * HTTP/1.1\nHost: a.test", A), "target", 400),
    "no Host": (flow("GET / HTTP/1.1\nA: b", A), "host-header", 400),
    "two Hosts": (flow("GET / HTTP/1.1\nHost: a.test\nHost: a.test", A), "host-header", 400),
    "other Host": (flow("GET / HTTP/1.1\nHost: b.test", A), "name-mismatch", 421),
    "Host list": (flow("GET / HTTP/1.1\nHost: a.test, b.test", A), "name-mismatch", 421),
    "other port": (flow("GET / HTTP/1.1\nHost: a.test:80", A), "name-mismatch", 421),
    "other SNI": (flow("GET / HTTP/1.1\nHost: a.test", A, "b.test"), "name-mismatch", 421),
    "SNI below": (flow("GET / HTTP/1.1\nHost: a.test", A, "x.a.test"), "name-mismatch", 421),
    "Host in UTF-8": (
        flow("GET / HTTP/1.1\nHost: \u0430.test", ("xn--80a.test", 443)), "name-mismatch", 421,
    ),
    "plain, other Host": (
        flow("GET http://a.test/ HTTP/1.1\nHost: b.test"), "name-mismatch", 421,
    ),
    "method override": (
        flow("GET / HTTP/1.1\nHost: a.test\nX-HTTP-Method-Override: PUT", A), "rewrite-header", 400,
    ),
    "override with underscores": (
        flow("GET / HTTP/1.1\nHost: a.test\nX_Http_Method_Override: PUT", A), "rewrite-header", 400,
    ),
    "framing with underscores": (
        flow("POST / HTTP/1.1\nHost: a.test\nContent_Length: 5", A), "rewrite-header", 400,
    ),
    "path override": (
        flow("GET / HTTP/1.1\nHost: a.test\nX-Original-URL: /b", A), "rewrite-header", 400,
    ),
    "transfer coding": (
        flow("POST / HTTP/1.1\nHost: a.test\nTransfer-Encoding: gzip, chunked", A), "transfer-encoding", 400,
    ),
    "control character": (
        flow("GET / HTTP/1.1\nHost: a.test\nA: b\x01c", A), "header-syntax", 400,
    ),
    "upgrade": (flow("GET / HTTP/1.1\nHost: a.test\nUpgrade: foo", A), "upgrade", 400),
    "other A-label": (
        flow("GET / HTTP/1.1\nHost: xn--80a.test", ("\u0431.test", 443)), "name-mismatch", 421,
    ),
    "two upgrades": (
        flow("GET / HTTP/1.1\nUpgrade: foo\n" + WS + "13", A), "upgrade", 400,
    ),
    "old WebSocket": (flow("GET / HTTP/1.1\n" + WS + "8", A), "upgrade", 400),
    "WebSocket by POST": (flow("POST / HTTP/1.1\n" + WS + "13", A), "upgrade", 400),
    "WebSocket by HTTP/1.0": (flow("GET / HTTP/1.0\n" + WS + "13", A), "upgrade", 400),
}  # fmt: skip


@pytest.mark.parametrize("case", PASSES)
def test_request_passes(case):
    assert check_request(PASSES[case]) is None


@pytest.mark.parametrize("case", BREACHES)
def test_request_is_refused(case):
    made, guard, status = BREACHES[case]
    breach = check_request(made)
    assert breach is not None
    assert (breach.guard, breach.status) == (guard, status)


def test_a_statement_can_add_a_method_but_not_a_tunnel():
    find = flow("PROPFIND / HTTP/1.1\nHost: a.test", A)
    assert check_request(find, frozenset({"PROPFIND"})) is None
    trace = flow("TRACE / HTTP/1.1\nHost: a.test", A)
    assert check_request(trace, frozenset({"TRACE"})) is not None


def test_header_limit_holds_for_http2_which_has_no_head():
    made = flow("GET / HTTP/1.1\nHost: a.test", A)
    made.request.headers["x"] = "a" * HEAD_BYTES
    assert check_request(made).status == 431
    made.request.headers = type(made.request.headers)([(b"a", b"b")] * 201)
    assert check_request(made).status == 431


def test_http2_authority_and_host_are_both_checked():
    made = flow("GET / HTTP/1.1\nHost: b.test", A, "a.test")
    made.request.http_version = "HTTP/2.0"
    made.request.data.authority = b"a.test"
    assert check_request(made).guard == "name-mismatch"
    made.request.headers.pop("host")
    made.request.data.authority = b"xn--80a.test"
    made.server_conn.address = ("\u0430.test", 443)
    made.client_conn.sni = "xn--80a.test"
    assert check_request(made) is None
    made.server_conn.address, made.client_conn.sni = A, "a.test"
    made.request.data.authority = b"a.test"
    assert check_request(made) is None
    made.request.data.authority = b""
    assert check_request(made).guard == "host-header"


CONNECTS = {
    "name": ("a.test:443", ("a.test", 443)),
    "case, dot": ("A.test.:443", ("a.test", 443)),
    "IPv6": ("[::1]:443", ("::1", 443)),
    "number": ("2130706433:443", ("127.0.0.1", 443)),
}


@pytest.mark.parametrize("case", CONNECTS)
def test_connect_has_one_destination(case):
    target, (host, port) = CONNECTS[case]
    made = request(f"CONNECT a.test:1 HTTP/1.1\nHost: {target}")
    made.data.authority = target.encode()
    assert check_connect(made) is None
    there = connect_destination(made)
    assert (there.host, there.port, there.channel) == (host, port, Channel.CONNECT)


@pytest.mark.parametrize(
    ("target", "status"),
    {
        "a.test": 400,
        "a.test:": 400,
        "a.test:0443": 400,
        "u@a.test:443": 400,
        "a.test\\b:443": 400,
        "a.test:443/": 400,
        "[fe80::1%25lo]:443": 400,
        "\u0430.test:443": 400,
    }.items(),
)
def test_connect_target_must_be_host_and_port(target, status):
    made = request("CONNECT a.test:1 HTTP/1.1\nA: b")
    made.data.authority = target.encode()
    breach = check_connect(made)
    assert breach is not None
    assert breach.status == status


def test_connect_with_another_host_header():
    made = request("CONNECT a.test:443 HTTP/1.1\nHost: b.test:443")
    assert check_connect(made).status == 421
    made = request("CONNECT a.test:443 HTTP/1.1\nHost: a.test:444")
    assert check_connect(made).status == 421
    made = request("CONNECT a.test:443 HTTP/1.1\nHost: a.test")
    assert check_connect(made) is None


def test_destination():
    made = flow("GET /a%2f..%2fb?q=/../ HTTP/1.1\nHost: A.TEST", ("A.test.", 8443), "")
    there = destination_of(made)
    assert there.scheme == "https"
    assert (there.host, there.port, there.path) == ("a.test", 8443, "/b")
    assert there.ambiguous
    assert tunnel_of(made) == ("A.test.", 8443)
    websocket = destination_of(PASSES["WebSocket"])
    assert (websocket.scheme, websocket.channel) == ("ws", Channel.WEBSOCKET)


def complete(body: bytes, length: str | None = None, *trailers: tuple[bytes, bytes]):
    made = flow("POST / HTTP/1.1\nHost: a.test", A).request
    made.data.content = body
    if length is not None:
        made.headers["content-length"] = length
    made.trailers = http.Headers(trailers) if trailers else None
    return check_complete(made)


def test_what_only_the_end_can_tell():
    assert complete(b"body", "4") is None
    assert complete(b"body") is None
    assert complete(b"", "0") is None
    assert complete(b"body", None, (b"x-checksum", b"1")) is None
    assert complete(b"body", "5").guard == "content-length"
    assert complete(b"", "5").guard == "content-length"


@pytest.mark.parametrize(
    ("name", "value", "guard"),
    [
        (b"Host", b"b.test", "trailers"),
        (b"content-length", b"1", "trailers"),
        (b"Authorization", b"x", "trailers"),
        (b":path", b"/", "trailers"),
        (b"x-original-url", b"/", "rewrite-header"),
        (b"x", b"a\x1bb", "header-syntax"),
        (b"x", b"a" * HEAD_BYTES, "head-size"),
    ],
)
def test_trailers_have_the_guards_of_headers(name, value, guard):
    assert complete(b"body", None, (name, value)).guard == guard
