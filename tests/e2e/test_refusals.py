"""Refusals: when the answer comes, what the client can read, what an origin never saw."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import time

import httpx
import pytest
from wsproto.frame_protocol import Opcode

from tests.harness.proxy import DLP
from tests.harness.wire import Wire, frame, read_frame, read_message

POLICY = """\
version: 1
statements:
  - id: some
    effect: allow
    hosts: [a.test]
    ports: ["*"]
inspection: {buffer: 256KiB, stream: 0B}
"""
BUFFER = 256 << 10
BUDGET = 8 * BUFFER


@pytest.fixture(scope="module")
def proxy(start_proxy):
    return start_proxy(POLICY)


def client(proxy, **options) -> httpx.Client:
    return httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=10, **options
    )


def head(origin, host: str, *fields: str, method: str = "POST") -> bytes:
    where = f"{host}:{origin.port}"
    lines = [f"{method} http://{where}/ HTTP/1.1", f"Host: {where}", *fields, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("origin_name", ["plain", "secure"])
def test_a_denied_destination_is_answered_and_nobody_is_dialled(
    proxy, request, origin_name, http2
):
    origin = request.getfixturevalue(origin_name)
    with client(proxy, http2=http2) as http:
        answer = http.post(origin.url("/", "b.test"), content=b"x" * 1000)
        again = http.post(origin.url("/", "b.test"), content=b"x" * 1000)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:agent-dlp:destination"
    assert again.json()["reference"] != answer.json()["reference"]
    assert origin.connections == []


def test_the_answer_comes_before_the_body(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "b.test", "Content-Length: 1000"))
        assert wire.response().type == "destination"
        wire.send(b"x" * 1000)
        wire.send(head(plain, "a.test", "Content-Length: 0"))
        assert wire.response().status == 200
    assert [r.header("host") for r in plain.requests] == [f"a.test:{plain.port}"]


def test_a_refused_expectation_gets_no_continue_and_a_clean_end(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "b.test", "Content-Length: 1000", "Expect: 100-continue"))
        everything = wire.rest()
    assert everything.startswith(b"HTTP/1.1 403 ")
    assert everything.lower().count(b"connection: close") == 1
    assert everything.endswith(b"}")


def test_a_long_refused_upload_can_read_its_answer(proxy, plain):
    """Closing with unread data would reset the connection and take the answer along."""
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "b.test", f"Content-Length: {8 << 20}"))
        for _ in range(128):
            wire.send(b"x" * (1 << 16))
        answer = wire.response()
    assert answer.type == "destination"
    assert answer.header("connection") == "close"


def test_a_refused_client_that_falls_silent_is_disconnected(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "b.test", "Content-Length: 1000"))
        assert wire.response().status == 403
        assert wire.is_closed()


def test_a_declared_size_over_the_buffer_is_413_at_once(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "a.test", f"Content-Length: {BUFFER + 1}"))
        answer = wire.response()
    assert (answer.status, answer.type) == (413, "limit")
    assert plain.connections == []


def test_a_chunked_body_over_the_buffer_is_413(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(head(plain, "a.test", "Transfer-Encoding: chunked"))
        for _ in range(5):
            wire.send(b"10000\r\n" + b"x" * (1 << 16) + b"\r\n")
        answer = wire.response()
    assert (answer.status, answer.type) == (413, "limit")
    assert plain.connections == []


def test_a_body_of_exactly_the_buffer_passes(proxy, plain):
    with client(proxy) as http:
        answer = http.post(plain.url("/", "a.test"), content=b"word " * (BUFFER // 5))
    assert answer.status_code == 200


def test_beyond_the_budget_of_bytes_in_flight_it_is_503(proxy, plain):
    part = BUFFER - 1
    held = []
    try:
        for _ in range(BUDGET // part):
            wire = Wire.to(proxy)
            held.append(wire)
            wire.send(head(plain, "a.test", f"Content-Length: {BUFFER}"))
            wire.send(b"x" * part)
        time.sleep(1)
        with Wire.to(proxy) as late:
            late.send(head(plain, "a.test", "Content-Length: 1000"))
            late.send(b"x" * 1000)
            answer = late.response()
    finally:
        for wire in held:
            wire.sock.close()
    assert (answer.status, answer.type) == (503, "unavailable")
    assert answer.header("retry-after")
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with client(proxy) as http:
            again = http.post(plain.url("/", "a.test"), content=b"x" * 1000)
        if again.status_code == 200:
            break
    assert again.status_code == 200


def test_the_budget_is_that_of_websocket_messages_too(proxy, plain):
    """Unfinished messages are held like bodies; a connection too many is told 1013."""
    host = f"a.test:{plain.port}"
    handshake = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    part = frame(Opcode.BINARY, b"x" * (BUFFER - 1), final=False)
    with contextlib.ExitStack() as held:
        for _ in range(BUDGET // (BUFFER - 1)):
            wire = held.enter_context(Wire.to(proxy).connect_tunnel(host))
            wire.send(f"GET /ws HTTP/1.1\r\nHost: {host}\r\n{handshake}".encode())
            assert wire.response().status == 101
            wire.send(part + frame(Opcode.PING, b"read"))
            assert read_frame(wire) == (Opcode.PONG, b"read")
        late = held.enter_context(Wire.to(proxy).connect_tunnel(host))
        late.send(f"GET /ws HTTP/1.1\r\nHost: {host}\r\n{handshake}".encode())
        assert late.response().status == 101
        late.send(frame(Opcode.BINARY, b"x" * 1000))
        assert read_frame(late) == (Opcode.CLOSE, (1013).to_bytes(2, "big"))
        wire.send(frame(Opcode.CONTINUATION, b"x"))
        assert len(read_message(wire)) == BUFFER
        wire.send(frame(Opcode.BINARY, b"x" * 1000))
        assert read_message(wire) == b"x" * 1000
    assert ("binary", b"x" * 1000) in plain.messages


def test_a_known_secret_meant_for_a_denied_host_is_on_record(start_proxy, plain):
    proxy = start_proxy(POLICY)
    secret = "w7Fq" + "9KzR2mXv" * 4
    command = [str(DLP), "secrets", "add", "prod-db", "--state", str(proxy.state)]
    subprocess.run([*command, "--stdin"], input=secret, text=True, check=True)
    time.sleep(2)
    with client(proxy) as http:
        answer = http.post(plain.url("/", "b.test"), json={"note": secret})
    assert answer.status_code == 403
    assert plain.connections == []
    deadline = time.monotonic() + 5
    while "prod-db" not in (lines := audited(proxy)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "prod-db" in lines
    assert secret not in lines


def audited(proxy) -> str:
    files = sorted((proxy.state / "audit").rglob("*"))
    return "".join(f.read_text(errors="replace") for f in files if f.is_file())


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello\r\n\r\n"],
)
def test_what_is_not_http_gets_a_plain_400(proxy, request_bytes):
    with Wire.to(proxy) as wire:
        wire.send(request_bytes)
        answer = wire.response()
        assert answer.status == 400
        assert answer.type == "protocol"
        assert b"mitmproxy" not in answer.body
        assert wire.is_closed()


@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_a_client_that_is_gone_is_not_spoken_for(start_proxy, plain, size):
    """What was inspected for a client that has left meanwhile is not forwarded."""
    proxy = start_proxy(POLICY.replace("256KiB", "8MiB"))
    body = json.dumps({"t": "some words and more " * (size // 20)}).encode()
    wire = Wire.to(proxy)
    wire.send(head(plain, "a.test", f"Content-Length: {len(body)}") + body[:-1])
    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    time.sleep(0.3)
    wire.sock.send(body[-1:])
    if size > 1000:
        wire.sock.close()
        time.sleep(6)
        assert plain.requests == []
    else:
        plain.wait(lambda origin: origin.requests)
        wire.sock.close()
