"""WebSocket: control frames carry nothing, liveness stays, memory stays flat."""

import base64
import contextlib
import json
import random
import string
import time

import pytest
import websockets.sync.client
from wsproto.frame_protocol import Opcode

from tests.harness.wire import Wire, frame, read_frame, read_message

MARK = b"not-for-the-origin"


@pytest.fixture
def plain(origins):
    """A fresh origin for each test: closing takes a moment longer than a test."""
    return origins.start("http")


def handshake(host: str) -> list[tuple[str, str]]:
    return [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]


@pytest.fixture
def client(proxy, plain):
    """A WebSocket through the proxy over plain HTTP, spoken in raw frames."""
    port = plain.port
    with Wire.to(proxy).connect_tunnel(f"a.test:{port}") as wire:
        answer = wire.request("/ws", headers=handshake(f"a.test:{port}"))
        assert answer.status == 101
        yield wire


def test_messages_pass_both_ways(client, plain):
    client.send(frame(Opcode.TEXT, b"hello"))
    assert read_frame(client) == (Opcode.TEXT, b"hello")
    client.send(frame(Opcode.BINARY, bytes(range(256)) * 300))
    assert read_message(client) == bytes(range(256)) * 300


def test_a_ping_leaves_empty_and_is_answered_with_its_own_payload(client, plain):
    client.send(frame(Opcode.PING, MARK))
    assert read_frame(client) == (Opcode.PONG, MARK)
    assert plain.messages == [("ping", b"")]


def test_an_unasked_pong_goes_nowhere(client, plain):
    client.send(frame(Opcode.PONG, MARK) + frame(Opcode.TEXT, b"x"))
    assert read_frame(client) == (Opcode.TEXT, b"x")
    assert plain.messages == [("text", b"x")]


def test_a_close_keeps_its_code_and_loses_its_reason(client, plain):
    client.send(frame(Opcode.CLOSE, (4000).to_bytes(2, "big") + MARK))
    plain.wait(lambda o: o.messages)
    assert plain.messages == [("close", b"")]
    assert client.is_closed()
    assert MARK not in plain.received


def test_an_unfinished_message_is_held(client, plain):
    client.send(frame(Opcode.TEXT, MARK, final=False))
    time.sleep(0.3)
    assert plain.messages == []
    client.send(frame(Opcode.CONTINUATION, b"!"))
    assert read_frame(client)[1] == MARK
    plain.wait(lambda o: len(o.messages) == 2)
    assert b"".join(data for _, data in plain.messages) == MARK + b"!"


def as_event(text):
    return json.dumps({"type": "input", "data": text}).encode()


@pytest.mark.parametrize(
    ("size", "write"),
    [
        (1, str.encode),
        (1, as_event),
        (5, lambda text: as_event(base64.b64encode(text.encode()).decode())),
    ],
    ids=["letters", "letters in JSON", "base64 of each five"],
)
def test_a_key_in_pieces_does_not_arrive_whole(client, plain, size, write):
    token = "gh" + "p_" + "".join(random.Random(2).choices(string.ascii_letters, k=36))
    pieces = [token[at : at + size] for at in range(0, len(token), size)]
    for piece in pieces[:-1]:
        client.send(frame(Opcode.TEXT, write(piece)))
        assert read_frame(client)[0] == Opcode.TEXT
    client.send(frame(Opcode.TEXT, write(pieces[-1])))
    assert read_frame(client)[0] == Opcode.CLOSE
    said = [data for kind, data in plain.messages if kind == "text"]
    assert said == list(map(write, pieces[:-1]))


def test_unfinished_messages_have_a_limit(client, plain):
    """32 MiB of fragments that never end: the connection is closed with 1009."""
    chunk = b"x" * (1 << 24)
    with pytest.raises((ConnectionError, OSError)):
        client.send(frame(Opcode.BINARY, chunk, final=False))
        for _ in range(4):
            client.send(frame(Opcode.CONTINUATION, chunk, final=False))
            time.sleep(0.2)
        while True:
            time.sleep(0.05)
            client.send(b"x")
    plain.wait(lambda o: o.messages)
    assert plain.messages == [("close", b"")]


def test_empty_fragments_have_a_limit(client, plain):
    """Each takes memory, none takes room in the message."""
    empty = frame(Opcode.CONTINUATION, b"", final=False)
    client.send(frame(Opcode.TEXT, b"", final=False) + empty * 10_000)
    client.send(frame(Opcode.PING, b"still here"))
    assert read_frame(client) == (Opcode.PONG, b"still here")
    with contextlib.suppress(OSError):
        client.send(empty * 10_000)
    assert read_frame(client) == (Opcode.CLOSE, (1009).to_bytes(2, "big"))


def test_a_message_that_comes_before_the_101_is_judged_and_passes(proxy, plain):
    host = f"a.test:{plain.port}"
    with Wire.to(proxy).connect_tunnel(host) as wire:
        head = "".join(f"{name}: {value}\r\n" for name, value in handshake(host))
        early = frame(Opcode.TEXT, b"early")
        wire.send(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode() + early)
        assert wire.response().status == 101
        assert read_frame(wire) == (Opcode.TEXT, b"early")
    assert plain.messages[0] == ("text", b"early")


def test_after_a_refused_handshake_frames_are_a_bad_request(proxy, plain):
    """What looks like frames without a WebSocket is no relay."""
    with Wire.to(proxy).connect_tunnel("denied.test.example:80") as wire:
        fields = handshake("denied.test.example")
        assert wire.request("/ws", headers=fields).status == 403
        wire.send(frame(Opcode.TEXT, MARK) + b"\r\n\r\n")
        assert wire.response().status == 400
    assert plain.empty


def test_an_unmasked_frame_ends_the_connection(client, plain):
    client.send(bytes([0x80 | Opcode.TEXT, len(MARK)]) + MARK)
    assert client.is_closed()
    assert MARK not in plain.received


@pytest.mark.parametrize(
    ("opcode", "reserved"), [(3, 0), (Opcode.TEXT, 4)], ids=["opcode 3", "RSV1"]
)
def test_frames_of_no_known_kind_end_the_connection(client, plain, opcode, reserved):
    client.send(frame(opcode, MARK, reserved=reserved))
    assert client.is_closed()
    assert MARK not in plain.received


def test_invalid_utf8_ends_the_connection(client, plain):
    client.send(frame(Opcode.TEXT, b"\xff" + MARK))
    assert client.is_closed()
    plain.wait(lambda o: o.messages)
    assert [kind for kind, _ in plain.messages] == ["close"]
    assert MARK not in plain.received


def test_a_real_client_with_compression_and_keepalive(proxy, secure1):
    with websockets.sync.client.connect(
        secure1.url("/ws", "a.test").replace("https", "wss"),
        proxy=proxy.url,
        ssl=proxy.trust(),
        ping_interval=0.1,
        ping_timeout=1,
        subprotocols=["chat"],
    ) as client:
        assert client.subprotocol == "chat"
        for n in range(5):
            client.send(f"message {n} " * 100)
            assert client.recv() == f"message {n} " * 100
            time.sleep(0.12)
    assert {data for kind, data in secure1.messages if kind == "ping"} == {b""}
