"""HTTP through the proxy: what an origin received, what the client saw, and when."""

from __future__ import annotations

import time

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
