"""HTTP through the proxy: what an origin received, what the client saw, and when."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from tests.harness.wire import Wire


def client(proxy, **options) -> httpx.Client:
    return httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=10, **options
    )


@pytest.mark.parametrize("origin_name", ["plain", "secure"])
def test_twenty_requests_use_one_upstream_connection(proxy, request, origin_name):
    origin = request.getfixturevalue(origin_name)
    with client(proxy) as http:
        for number in range(20):
            answer = http.post(origin.url("/echo", "a.test"), content=b"%d" % number)
            assert (answer.status_code, answer.content) == (200, b"%d" % number)
    assert len(origin.requests) == 20
    assert len(origin.connections) == 1


@pytest.mark.parametrize("origin_name", ["plain", "secure"])
def test_events_arrive_one_by_one(proxy, request, origin_name):
    origin = request.getfixturevalue(origin_name)
    delays = []
    with (
        client(proxy) as http,
        http.stream("GET", origin.url("/sse", "a.test")) as answer,
    ):
        for line in answer.iter_lines():
            if line.startswith("data:"):
                delays.append(time.time() - float(line.split()[2]))
    assert len(delays) == 20
    assert sorted(delays)[10] < 0.04


def test_an_expected_continue_is_given_when_nothing_is_refused(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(
            f"POST http://a.test:{plain.port}/echo HTTP/1.1\r\n"
            f"Host: a.test:{plain.port}\r\nContent-Length: 4\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        wire.send(b"body")
        assert wire.response().body == b"body"
    assert plain.requests[0].body == b"body"


def test_a_client_that_asked_for_an_end_gets_it(proxy, plain):
    with Wire.to(proxy) as wire:
        wire.send(
            f"GET http://a.test:{plain.port}/chunked HTTP/1.1\r\n"
            f"Host: a.test:{plain.port}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = wire.response()
        assert (answer.header("connection"), answer.body) == ("close", b"onetwothree")
        assert wire.is_closed()
    assert plain.requests[0].header("connection") is None


async def test_streams_of_one_connection_do_not_wait_for_each_other(proxy, secure):
    """Eight event streams and a request beside them, all on one HTTP/2 connection."""
    async with httpx.AsyncClient(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, http2=True, timeout=10
    ) as http:

        async def events() -> tuple[int, float]:
            async with http.stream("GET", secure.url("/sse", "a.test")) as answer:
                lines = [time.time() async for _ in answer.aiter_lines()]
            return answer.http_version, lines[-1] - lines[0]

        await http.get(secure.url("/", "a.test"))
        began = time.monotonic()
        streams = [asyncio.create_task(events()) for _ in range(8)]
        await asyncio.sleep(0.3)
        beside = await http.get(secure.url("/", "a.test"))
        assert time.monotonic() - began < 0.9
        done = await asyncio.gather(*streams)
    assert beside.status_code == 200
    assert {version for version, _ in done} == {"HTTP/2"}
    assert time.monotonic() - began < 3
    assert len(secure.connections) == 1


async def test_streams_to_an_origin_without_http2_share_nothing(proxy, secure1):
    """The origin's ALPN is offered to the client, so nothing queues behind a stream."""
    async with httpx.AsyncClient(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, http2=True, timeout=10
    ) as http:
        began = time.monotonic()
        answers = await asyncio.gather(
            *(http.get(secure1.url("/sse", "a.test")) for _ in range(8))
        )
    assert {a.http_version for a in answers} == {"HTTP/1.1"}
    assert time.monotonic() - began < 3


def test_a_download_streams(proxy, secure):
    with (
        client(proxy) as http,
        http.stream("GET", secure.url("/large/64", "a.test")) as answer,
    ):
        size = sum(len(piece) for piece in answer.iter_bytes())
    assert size == 64 << 20
    assert proxy_memory(proxy) < 400 << 20


def proxy_memory(proxy) -> int:
    pages = [Path(f"/proc/{p}/statm").read_text().split()[1] for p in proxy.workers()]
    return max(map(int, pages)) * 4096


def test_alt_svc_is_not_passed_on(proxy, secure):
    with client(proxy) as http:
        assert "alt-svc" not in http.get(secure.url("/alt-svc", "a.test")).headers


@pytest.mark.parametrize("target", ["http", "https"])
def test_an_unreachable_origin_is_a_502_without_details(proxy, target):
    with client(proxy) as http:
        answer = http.get(f"{target}://a.test:9/")
    assert answer.status_code == 502
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Bad Gateway"
    assert "a.test" not in answer.text
