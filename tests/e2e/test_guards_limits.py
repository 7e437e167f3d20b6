"""Threats e6-e8: what never ends, comes too slowly, or comes too often, is cut."""

import contextlib
import select
import socket
import ssl
import time

import pytest
from wsproto.frame_protocol import Opcode

from tests.harness.proxy import POLICY
from tests.harness.wire import Wire, frame

MARK = b"m4rker-that-must-stay-here"
HANDSHAKE_S, HEAD_S, BODY_S = 1, 2, 3
IMPATIENT = f"""\
{POLICY}
deadlines: {{handshake: {HANDSHAKE_S}, connect: 2, head: {HEAD_S}, body: {BODY_S}}}
inspection: {{buffer: 64KiB, stream: 64MiB}}
"""
WAIT_S = 60
POST = "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: 99\r\n\r\nhalf"


@pytest.fixture(scope="module")
def impatient(start_proxy):
    return start_proxy(IMPATIENT)


def closed_after(wires: dict[str, Wire], opened: dict[str, float]) -> dict[str, float]:
    """How many seconds after it was opened the proxy closed each connection."""
    began, closed = time.monotonic(), {}
    for wire in wires.values():
        wire.sock.setblocking(False)
    while len(closed) < len(wires) and time.monotonic() - began < WAIT_S:
        for name, wire in wires.items():
            if name in closed:
                continue
            try:
                data = wire.sock.recv(1 << 16)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except OSError:
                data = b""
            if not data:
                closed[name] = time.monotonic() - opened[name]
        time.sleep(0.05)
    return closed


def test_what_does_not_go_on_is_closed(impatient, plain, secure):
    """e7: half-open connections do not stay. All of them are waited for at once."""
    host, tls = f"a.test:{plain.port}", f"a.test:{secure.port}"

    def wire() -> Wire:
        return Wire.to(impatient)

    def encrypted() -> Wire:
        return wire().connect_tunnel(tls).start_tls(impatient, "a.test")

    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01"
    post = POST.format(f"http://{host}/slow", host).encode()
    ways = {
        "tunnel, silent": (HANDSHAKE_S, lambda: wire().connect_tunnel(tls)),
        "tunnel, one byte": (
            HANDSHAKE_S,
            lambda: wire().connect_tunnel(tls).send(b"\x16"),
        ),
        "tunnel, half a hello": (
            HANDSHAKE_S,
            lambda: wire().connect_tunnel(tls).send(hello),
        ),
        "silent": (HEAD_S, wire),
        "half a line": (HEAD_S, lambda: wire().send(b"GET http://a.te")),
        "half a head": (
            HEAD_S,
            lambda: wire().send(b"GET http://a.test/ HTTP/1.1\r\nHost: a"),
        ),
        "half a head in a tunnel": (
            HEAD_S,
            lambda: wire().connect_tunnel(host).send(b"GET / HTTP/1.1\r\nX"),
        ),
        "half a head in TLS": (
            HEAD_S,
            lambda: encrypted().send(b"GET / HTTP/1.1\r\nX"),
        ),
        "half a body": (BODY_S, lambda: wire().send(post)),
        "half a body in TLS": (
            BODY_S,
            lambda: encrypted().send(POST.format("/slow", tls).encode()),
        ),
    }
    stays = Wire.to(impatient)
    request = f"http://{host}/"
    assert stays.request(request, headers=[("Host", host)]).status == 200
    opened, wires = {}, {}
    for name, (_, opening) in ways.items():
        opened[name] = time.monotonic()
        wires[name] = opening()
    closed = closed_after(wires, opened)
    early = {n: closed[n] for n, (after, _) in ways.items() if closed[n] < after - 0.2}
    assert not early
    assert "/slow" not in [r.target for r in (*plain.requests, *secure.requests)]
    assert stays.request(request, headers=[("Host", host)]).status == 200, (
        "an idle connection between requests is nothing to close"
    )
    for held in (*wires.values(), stays):
        held.sock.close()


def test_an_origin_that_never_finishes_its_handshake_is_given_up(impatient, origins):
    sink = origins.start("tcp")
    with Wire.to(impatient).connect_tunnel(f"a.test:{sink.port}") as wire:
        wire.sock.settimeout(WAIT_S)
        wire.start_tls(impatient, "a.test")
        answer = wire.request("/", headers=[("Host", f"a.test:{sink.port}")])
        assert answer.status == 502


@pytest.mark.parametrize(("accepts", "status"), [(True, 408), (False, 502)])
def test_an_origin_that_takes_nothing_ends_an_upload(impatient, accepts, status):
    """
    Nor is more read of the client meanwhile than sockets and windows hold, also while
    the origin is dialled: one connection waits, and a further one is not answered.
    """
    size = 48 << 20
    with contextlib.ExitStack() as held:
        origin = held.enter_context(socket.socket())
        origin.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        origin.bind(("127.0.0.1", 0))
        origin.listen(0)
        if not accepts:
            held.enter_context(socket.create_connection(origin.getsockname()))
        where = f"a.test:{origin.getsockname()[1]}"
        wire = held.enter_context(Wire.to(impatient))
        head = f"POST http://{where}/up HTTP/1.1\r\nHost: {where}\r\n"
        wire.send(f"{head}Content-Length: {size}\r\n\r\n".encode())
        sent, answer = 0, b""
        while sent < size and not answer:
            ready, writable, _ = select.select([wire.sock], [wire.sock], [], WAIT_S)
            assert ready or writable
            if ready:
                answer = wire.sock.recv(1 << 16)
            else:
                sent += wire.sock.send(bytes(1 << 16))
        assert answer.startswith(b"HTTP/1.1 %d " % status)
        assert sent < size // 2


def test_pipelining_without_end_is_cut(proxy, plain):
    """What arrives while an answer is awaited is bounded."""
    host = f"a.test:{plain.port}"
    with Wire.to(proxy) as wire:
        wire.send(f"GET http://{host}/never HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        with contextlib.suppress(OSError):
            for _ in range(64):
                wire.send(b"GET / HTTP/1.1\r\n" * 4096)
        assert wire.is_closed()


def test_one_address_has_a_bounded_number_of_connections(start_proxy):
    """e7: 512 connections of one address; the rest is turned away at once."""
    proxy = start_proxy()
    held = [socket.create_connection(proxy.listen) for _ in range(512)]
    time.sleep(0.5)
    with Wire(socket.create_connection(proxy.listen)) as one_too_many:
        assert one_too_many.is_closed()
    for sock in held[:2]:
        sock.close()
    time.sleep(0.3)
    with Wire.to(proxy) as wire:
        assert wire.try_tunnel("denied.example:443").status == 200
    for sock in held:
        sock.close()


def test_one_agent_has_a_bounded_number_of_connections(start_proxy, plain):
    """Of 256 connections on which an agent asked, and of no other agent's."""
    proxy = start_proxy()
    with contextlib.ExitStack() as held:

        def ask():
            wire = held.enter_context(Wire.to(proxy))
            host = f"a.test:{plain.port}"
            wire.send(f"GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return wire, wire.response().status

        wires, statuses = zip(*(ask() for _ in range(256)), strict=True)
        assert set(statuses) == {200}
        arrived = len(plain.requests)
        assert ask()[1] == 429
        assert len(plain.requests) == arrived
        wires[0].sock.close()
        deadline = time.monotonic() + 20
        while (status := ask()[1]) != 200:
            assert (status, time.monotonic() < deadline) == (429, True)
            time.sleep(0.2)


def test_a_flood_on_a_websocket_is_slowed_down_and_arrives(proxy, origins):
    """Messages faster than their inspection do not pile up; none is lost."""
    origin = origins.start()
    host = f"a.test:{origin.port}"
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    with Wire.to(proxy).connect_tunnel(host) as wire:
        assert wire.request("/ws", headers=fields).status == 101
        message = frame(Opcode.TEXT, b"plain words, nothing else. " * 5000)
        for _ in range(20):
            wire.send(message)
        wire.send(frame(Opcode.TEXT, b"last"))
        origin.wait(lambda o: o.messages and o.messages[-1][1] == b"last", 30)


def test_the_client_going_away_stops_a_request(proxy, plain):
    """Headers declared more than came: nothing is forwarded."""
    host = f"a.test:{plain.port}"
    with Wire.to(proxy) as wire:
        wire.send(
            f"POST http://{host}/ HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\n".encode()
            + MARK
        )
    time.sleep(0.3)
    assert plain.empty


def test_a_slow_answer_is_waited_for(proxy, plain):
    host = f"a.test:{plain.port}"
    with Wire.to(proxy) as wire:
        answer = wire.request(f"http://{host}/slow", headers=[("Host", host)])
        assert answer.body == b"late"


def test_half_closed_clients_are_let_go(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.is_closed()
    with Wire.to(proxy).connect_tunnel(f"a.test:{plain.port}") as wire:
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.is_closed()


def test_a_reset_in_the_middle_harms_nobody_else(proxy, plain):
    host = f"a.test:{plain.port}"
    for _ in range(20):
        wire = Wire.to(proxy)
        wire.send(f"GET http://{host}/never HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wire.sock.close()
    with Wire.to(proxy) as wire:
        answer = wire.request(f"http://{host}/", headers=[("Host", host)])
        assert answer.status == 200
