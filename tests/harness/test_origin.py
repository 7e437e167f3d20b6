"""The harness is believed by every other test, so it is tested itself."""

import ssl

import httpx
import pytest
import websockets.sync.client

from tests.harness.ca import Authority
from tests.harness.leaks import leaks
from tests.harness.origin import Origins, Reply


@pytest.fixture(scope="module")
def origins(tmp_path_factory):
    with Origins(Authority(tmp_path_factory.mktemp("ca")), ["a.test"]) as running:
        yield running


def context(origins, alpn=("http/1.1",)) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(origins.authority.pem))
    made.set_alpn_protocols(list(alpn))
    return made


def test_an_origin_keeps_the_exact_bytes(origins):
    origin = origins.start()
    answer = httpx.post(origin.url("/x"), content=b"body", headers={"X-Odd": "1"})
    assert answer.text == "ok\n"
    assert origin.received.startswith(b"POST /x HTTP/1.1\r\n")
    assert b"X-Odd: 1\r\n" in origin.received
    assert origin.received.endswith(b"\r\n\r\nbody")
    assert [r.body for r in origin.requests] == [b"body"]


def test_keep_alive_is_one_connection(origins):
    origin = origins.start()
    with httpx.Client() as client:
        for _ in range(3):
            client.get(origin.url())
    assert len(origin.connections) == 1
    assert len(origin.requests) == 3


def test_chunked_bodies_both_ways(origins):
    origin = origins.start()
    answer = httpx.post(origin.url("/echo"), content=iter([b"a", b"b"]))
    assert answer.content == b"ab"
    assert httpx.get(origin.url("/chunked")).text == "onetwothree"


def test_tls_with_name_and_protocol(origins):
    origin = origins.start("https")
    httpx.get(origin.url(name="localhost"), verify=context(origins))
    assert origin.connections[0].sni == "localhost"
    assert origin.connections[0].alpn == "http/1.1"


def test_http2(origins):
    origin = origins.start("https")
    with httpx.Client(http2=True, verify=context(origins, ["h2"])) as client:
        assert origin.empty
        answers = [client.post(origin.url("/echo"), content=b"x" * n) for n in (0, 9)]
    assert [a.http_version for a in answers] == ["HTTP/2", "HTTP/2"]
    assert [r.body for r in origin.requests] == [b"", b"x" * 9]
    assert not origin.empty
    assert len(origin.connections) == 1


def test_an_http2_connection_without_request_counts_as_empty(origins):
    origin = origins.start("https")
    with httpx.Client(http2=True, verify=context(origins, ["h2"])) as client:
        client.get(origin.url("/"))
    raw = origin.received
    origin.clear()
    assert origin.empty
    assert raw.startswith(b"PRI * HTTP/2.0")


def test_events_arrive_one_by_one(origins):
    origin = origins.start()
    origin.handlers["/two"] = lambda _: Reply(chunks=(b"data: 1\n\n", 0.2, b"data: 2"))
    with httpx.stream("GET", origin.url("/two")) as answer:
        first = next(answer.iter_raw())
    assert first == b"data: 1\n\n"


def test_websocket(origins):
    origin = origins.start()
    with websockets.sync.client.connect(
        origin.url("/ws").replace("http", "ws", 1), subprotocols=["chat"]
    ) as client:
        assert client.subprotocol == "chat"
        client.send("hello")
        assert client.recv() == "hello"
        client.send(b"\0\1")
        assert client.recv() == b"\0\1"
        client.ping(b"beat").wait(2)
        client.close(reason="done")
    origin.wait(lambda o: len(o.messages) >= 4)
    assert origin.messages == [
        ("text", b"hello"),
        ("binary", b"\0\1"),
        ("ping", b"beat"),
        ("close", b"done"),
    ]


def test_leaks_finds_every_spelling(tmp_path):
    secret = "Zq8-vT3+x/Lw" + "91mKd0RbYcE"
    (tmp_path / "log").write_text(f"...{secret[::-1]}...")
    assert leaks(secret, tmp_path) == [f"{tmp_path / 'log'}: reversed"]
    assert leaks(secret, b"nothing here") == []
    assert leaks(secret, ", ".join(map(str, secret.encode()))) == ["text: integers"]
