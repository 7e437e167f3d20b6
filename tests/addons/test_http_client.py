"""What an origin gets over HTTP/1 of a request that came over HTTP/2."""

import pytest
from mitmproxy.connection import Client, ConnectionState, Server
from mitmproxy.http import Headers, Request
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import (
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
)

from addons.http_client import EgressClient1


def sent(*fields: tuple[bytes, bytes], body: bytes) -> bytes:
    """A POST of `body` in one piece, as it is written."""
    address = ("127.0.0.1", 1)
    client = Client(peername=address, sockname=address, timestamp_start=0)
    context = Context(client, Options())
    context.server = Server(address=address)
    context.server.state = ConnectionState.OPEN
    layer = EgressClient1(context)
    request = Request(
        "a.test", 80, b"POST", b"http", b"a.test", b"/", b"HTTP/2.0",
        Headers(fields), None, None, 0, 0,
    )  # fmt: skip
    told = [events.Start(), RequestHeaders(1, request, end_stream=not body)]
    if body:
        told.append(RequestData(1, body))
    told.append(RequestEndOfMessage(1))
    return b"".join(
        command.data
        for event in told
        for command in layer.handle_event(event)
        if isinstance(command, commands.SendData)
    )


SMUGGLED = b"GET /other HTTP/1.1\r\nHost: a.test\r\n\r\n"


def test_a_body_without_a_length_is_no_second_request():
    head, _, body = sent(body=SMUGGLED).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)


def test_a_body_with_its_length_goes_on_as_it_is():
    raw = sent((b"content-length", b"%d" % len(SMUGGLED)), body=SMUGGLED)
    assert raw.endswith(b"\r\n\r\n" + SMUGGLED)
    assert b"chunked" not in raw


@pytest.mark.parametrize("name", [b"Content-Length", b"content-length"])
def test_no_body_is_no_chunk(name):
    assert b"chunked" not in sent((name, b"0"), body=b"")
