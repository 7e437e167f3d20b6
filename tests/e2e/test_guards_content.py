"""
Threats a20-a31 and the guards of content: what a naive reader does not see, and a path
that is another one for the origin. Judged by what the origin got.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import string
import subprocess
import sys
import time
import zlib

import brotli
import pytest
from wsproto.frame_protocol import Opcode

from tests.harness.leaks import leaks
from tests.harness.proxy import DLP
from tests.harness.wire import Closed, Wire, frame
from tests.harness.wire2 import Http2, request_headers

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

POLICY = """\
version: 1
statements:
  - {id: any, effect: allow, hosts: [a.test], ports: ["*"]}
  - {id: api, effect: allow, hosts: [b.test], ports: ["*"], methods: [GET], paths: ["/v1/**"]}
  - {id: rest, effect: allow, hosts: [c.test], ports: ["*"]}
  - {id: admin, effect: deny, hosts: [c.test], ports: ["*"], paths: ["/admin/**"]}
"""


@pytest.fixture(scope="module")
def proxy(start_proxy):
    return start_proxy(POLICY)


@pytest.fixture(scope="module")
def secret(proxy) -> str:
    value = "".join(random.choices(string.ascii_letters + string.digits, k=48))
    command = [DLP, "secrets", "add", "planted", "--stdin", "--state", proxy.state]
    subprocess.run(command, input=value, text=True, check=True, capture_output=True)
    end = time.monotonic() + 30
    while "dlp_secrets_loaded 1.0" not in proxy.scrape()[1]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


def named(data: bytes, flags: int, field: bytes) -> bytes:
    """A gzip member of `data` with a header field (RFC 1952, 2.3.1)."""
    plain = gzip.compress(data, mtime=0)
    return plain[:3] + bytes([flags]) + plain[4:10] + field + plain[10:]


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


HARMLESS = b"nothing to see here"
CODINGS = {
    "second member": ("gzip", lambda s: gzip.compress(HARMLESS) + gzip.compress(s)),
    "after the end": ("gzip", lambda s: gzip.compress(HARMLESS) + s),
    "FNAME": ("gzip", lambda s: named(HARMLESS, 8, s + b"\0")),
    "FCOMMENT": ("gzip", lambda s: named(HARMLESS, 16, s + b"\0")),
    "FEXTRA": ("gzip", lambda s: named(HARMLESS, 4, bytes([len(s), 0]) + s)),
    "twice": ("gzip, gzip", lambda s: gzip.compress(gzip.compress(s))),
    "two codings": ("br, gzip", lambda s: gzip.compress(brotli.compress(s))),
    "old name": ("x-gzip", gzip.compress),
    "in capitals": ("GZip", gzip.compress),
    "not declared": (None, gzip.compress),
    "declared, plain": ("gzip", lambda s: s),
    "unknown": ("rot13", lambda s: s),
    "unknown and packed": ("x-mine", gzip.compress),
    "declared as another": ("br", gzip.compress),
    "cut short": ("gzip", lambda s: gzip.compress(s * 50)[:-12]),
    "wrong check sum": ("gzip", lambda s: gzip.compress(s)[:-8] + bytes(8)),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", deflate),
    "raw deflate, not declared": (None, deflate),
    "brotli": ("br", brotli.compress),
    "second zstd frame": ("zstd", lambda s: zstd.compress(HARMLESS) + zstd.compress(s)),
    "skipped zstd frame": (
        "zstd",
        lambda s: zstd.compress(HARMLESS)
        + b"\x50\x2a\x4d\x18" + len(s).to_bytes(4, "little") + s,
    ),
    "xz": (None, lzma.compress),
    "lzma alone": (None, lambda s: lzma.compress(s, lzma.FORMAT_ALONE)),
    "bzip2": (None, bz2.compress),
    "PNG by its magic": (None, lambda s: b"\x89PNG\r\n\x1a\n" + s),
    "two gzips in one body": (
        None, lambda s: gzip.compress(s[:24]) + b"--" + gzip.compress(s[24:])
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CODINGS)
def test_no_coding_hides_a_body(proxy, plain, secret, case):
    coding, pack = CODINGS[case]
    host = f"a.test:{plain.port}"
    fields = [("Host", host), ("Content-Type", "image/png")]
    if coding:
        fields.append(("Content-Encoding", coding))
    body = pack(secret.encode())
    with Wire.to(proxy) as wire:
        answer = wire.request(
            f"http://{host}/", method="POST", headers=fields, body=body
        )
    assert answer.status == 403
    assert plain.empty


def chunked(data: bytes, size: int) -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


SHAPES = {
    "chunk by chunk": (
        "POST {p}/ HTTP/1.1\r\nHost: {h}\r\nTransfer-Encoding: chunked\r\n\r\n",
        lambda s: chunked(s, 1),
    ),
    "GET with a body": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nContent-Length: 48\r\n\r\n", lambda s: s,
    ),
    "DELETE with a body": (
        "DELETE {p}/ HTTP/1.1\r\nHost: {h}\r\nContent-Length: 48\r\n\r\n", lambda s: s,
    ),
    "HTTP/1.0": (
        "POST {p}/ HTTP/1.0\r\nHost: {h}\r\nContent-Length: 48\r\n\r\n", lambda s: s,
    ),
    "two headers": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nX-A: {a}\r\nX-B: {b}\r\n\r\n", lambda _: b"",
    ),
    "one header twice": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nX-A: {a}\r\nX-A: {b}\r\n\r\n", lambda _: b"",
    ),
    "two cookies": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nCookie: a={a}; b={b}\r\n\r\n", lambda _: b"",
    ),
    "two parameters": (
        "GET {p}/?a={a}&b={b} HTTP/1.1\r\nHost: {h}\r\n\r\n", lambda _: b"",
    ),
    "a range": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nRange: {a}{b}=0-\r\n\r\n", lambda _: b"",
    ),
    "a condition": (
        'GET {p}/ HTTP/1.1\r\nHost: {h}\r\nIf-None-Match: "{a}{b}"\r\n\r\n', lambda _: b"",
    ),
    "an expectation": (
        "GET {p}/ HTTP/1.1\r\nHost: {h}\r\nExpect: {a}{b}\r\n\r\n", lambda _: b"",
    ),
    "a WebSocket key": (
        "GET {p}/ws HTTP/1.1\r\nHost: {h}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {a}{b}\r\n\r\n", lambda _: b"",
    ),
    "a WebSocket extension": (
        "GET {p}/ws HTTP/1.1\r\nHost: {h}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate; {a}{b}\r\n\r\n", lambda _: b"",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHAPES)
def test_no_shape_of_a_request_hides_what_is_in_it(proxy, plain, secret, case):
    head, body = SHAPES[case]
    host = f"a.test:{plain.port}"
    text = head.format(p=f"http://{host}", h=host, a=secret[:24], b=secret[24:])
    with Wire.to(proxy) as wire:
        answer = wire.send(text.encode() + body(secret.encode())).response()
    assert answer.status == 403
    assert plain.empty


def test_the_second_of_two_bodies_in_one_segment_is_read(proxy, plain, secret):
    host = f"a.test:{plain.port}"
    head = f"POST http://{host}/{{}} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 48\r\n\r\n"
    with Wire.to(proxy) as wire:
        wire.send((head.format(1) + "." * 48 + head.format(2) + secret).encode())
        assert [wire.response().status for _ in range(2)] == [200, 403]
    assert [request.target for request in plain.requests] == ["/1"]


@pytest.mark.parametrize(
    "where", ["data frames", "crumbs", "trailers", "trailer names"]
)
def test_http2_has_no_other_way(proxy, secure, secret, where):
    host, half = f"a.test:{secure.port}", secret.lower()[:24]
    with Wire.to(proxy).connect_tunnel(host) as wire:
        wire.start_tls(proxy, "a.test", alpn=["h2"])
        client = Http2(wire)
        fields = request_headers(host, "/", "POST")
        match where:
            case "data frames":
                stream = client.connection.get_next_available_stream_id()
                client.connection.send_headers(stream, fields)
                for letter in secret:
                    client.connection.send_data(stream, letter.encode())
                client.connection.end_stream(stream)
                client.flush()
            case "crumbs":
                pair = [("cookie", f"a={secret[:24]}"), ("cookie", f"b={secret[24:]}")]
                stream = client.open([*fields, *pair])
            case "trailers":
                ends = [("x-a", secret[:24]), ("x-b", secret[24:])]
                stream = client.open(fields, b"x", ends)
            case _:
                ends = [(f"x-{half}", "1"), (f"x-{secret.lower()[24:]}", "1")]
                stream = client.open(fields, b"x", ends)
        assert client.answer(stream)[0] == 403
    assert secure.empty


@pytest.mark.parametrize("way", ["fragments", "deflated fragments", "messages"])
def test_no_cut_of_a_websocket_message_hides_it(proxy, origins, secret, way):
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
    data, reserved = secret.encode(), 0
    if way == "deflated fragments":
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
        data, reserved = packed[:-4], 4
    with Wire.to(proxy).connect_tunnel(host) as wire:
        assert wire.request("/ws", headers=fields).status == 101
        try:
            for at in range(0, len(data), 12):
                first, last = at == 0, at + 12 >= len(data)
                whole = way == "messages"
                opcode = Opcode.TEXT if first or whole else Opcode.CONTINUATION
                wire.send(
                    frame(
                        opcode,
                        data[at : at + 12],
                        final=last or whole,
                        reserved=reserved if first else 0,
                    )
                )
            assert wire.is_closed()
        except (Closed, OSError):
            pass
    assert leaks(secret, b"".join(said for _, said in plain.messages)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/",
        "/%61dmin",
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/x/..%2fadmin",
        "/./admin",
        "//admin",
        "/x//../admin",
        "/..;/admin",
        "/admin;x=1",
        "/admin/.",
        "/admin%00",
        "/admin%2f",
        "/%2561dmin",
        "/x\\..\\admin",
        "/x%5c..%5cadmin",
        "/admin?x",
        "/admin/users/%2e%2e/",
    ],
)
def test_no_spelling_of_a_path_gets_past_a_rule(proxy, plain, path):
    """An explicit deny wins however the path is written."""
    host = f"c.test:{plain.port}"
    with Wire.to(proxy) as wire:
        wire.send(f"GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert wire.response().status == 403
    assert plain.empty


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /v1/../v2",
        "GET /v1/%2e%2e/v2",
        "GET /v1/..;/v2",
        "GET /v1/x/..%2f..%2fv2",
        "GET /v1%2fx",
        "GET /v1//x",
        "GET /V1/x",
        "GET /v1;x/y",
        "GET /v2?/v1/x",
        "POST /v1/x",
        "HEAD /v1/x",
        "OPTIONS *",
    ],
)
def test_no_request_gets_out_of_what_a_rule_allows(proxy, plain, request_line):
    host = f"b.test:{plain.port}"
    with Wire.to(proxy).connect_tunnel(host) as wire:
        wire.send(f"{request_line} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert wire.response(request_line.split()[0]).status == 403
    assert plain.empty


def test_what_the_rule_allows_passes(proxy, plain):
    host = f"b.test:{plain.port}"
    with Wire.to(proxy).connect_tunnel(host) as wire:
        for path in ("/v1/x", "/v1/x/y?z=..%2f", "/v1/caf%C3%A9"):
            assert wire.request(path, headers=[("Host", host)]).status == 200
    assert len(plain.requests) == 3


def test_nothing_of_it_stands_in_the_log(proxy, secret):
    assert leaks(secret, proxy.log_file, proxy.state / "audit") == []
    assert json.loads(proxy.log.splitlines()[-1])
