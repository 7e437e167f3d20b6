"""Every row of the table: a hook that raises refuses what it was called for."""

import inspect
from errno import ENOSPC

import pytest
import structlog
from mitmproxy import http
from mitmproxy.addons.tlsconfig import TlsConfig
from mitmproxy.hooks import all_hooks
from mitmproxy.options import Options
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import tflow

from addons.closed import REFUSALS, Aborted, fail_closed
from dlp.errors import StateError


class Boom(Exception):
    pass


def raising(data):
    raise Boom("payload in the text")


async def raising_later(data):
    raise Boom("payload in the text")


@pytest.fixture(params=[raising, raising_later], ids=["at once", "awaited"])
def call(request):
    async def run(name: str, data):
        pending = fail_closed(name, request.param, lambda why: None)(data)
        if pending is not None:
            await pending
        return data

    return run


def context() -> Context:
    return Context(tflow.tclient_conn(), Options())


@pytest.mark.parametrize("name", ["http_connect", "requestheaders", "request"])
async def test_a_request_is_answered_with_503(call, name):
    flow = await call(name, tflow.tflow())
    assert flow.response.status_code == 503
    assert b"urn:agent-dlp:unavailable" in flow.response.content


@pytest.mark.parametrize("name", ["responseheaders", "response"])
async def test_a_response_is_cut(call, name):
    flow = await call(name, tflow.tflow(resp=True))
    assert flow.error.msg == flow.error.KILLED_MESSAGE


async def test_a_websocket_message_is_dropped(call):
    flow = await call("websocket_message", tflow.twebsocketflow())
    assert flow.websocket.messages[-1].dropped


async def test_a_websocket_that_cannot_start_is_marked(call):
    flow = await call("websocket_start", tflow.twebsocketflow())
    assert flow.error is not None


async def test_connections_are_refused(call):
    client = await call("client_connected", tflow.tclient_conn())
    assert client.error
    both = ServerConnectionHookData(tflow.tserver_conn(), tflow.tclient_conn())
    assert (await call("server_connect", both)).server.error


@pytest.mark.parametrize(
    "name", ["tls_clienthello", "tls_start_client", "tls_start_server", "next_layer"]
)
async def test_a_connection_that_cannot_be_read_is_aborted(call, name):
    with pytest.raises(Aborted):
        await call(name, object())


def test_a_hook_without_a_refusal_cannot_be_used():
    with pytest.raises(StateError):
        fail_closed("tcp_message", raising, print)


def test_the_text_of_an_exception_is_not_logged():
    with structlog.testing.capture_logs() as logged:
        fail_closed("request", raising, lambda why: None)(tflow.tflow())
    (line,) = logged
    assert (line["hook"], line["exception"]) == ("request", "Boom")
    assert line["where"].startswith("raising:")
    assert "payload" not in str(line)
    assert line["system"] is None


def test_what_the_system_said_is_logged():
    """That the disk is full: without it every request is refused, and nobody knows why."""

    def full(_data):
        try:
            raise OSError(ENOSPC, "No space left on device", "/secret/path")
        except OSError as error:
            raise StateError("cannot be written") from error

    with structlog.testing.capture_logs() as logged:
        fail_closed("request", full, lambda why: None)(tflow.tflow())
    (line,) = logged
    assert line["system"] == "No space left on device"
    assert "/secret/path" not in str(line)


@pytest.mark.parametrize(
    ("error", "why"), [(Boom(), "internal"), (StateError("no room"), "unavailable")]
)
def test_a_failure_is_counted_by_whose_it_is(error, why):
    def fail(_data):
        raise error

    counted = []
    fail_closed("request", fail, counted.append)(tflow.tflow())
    assert counted == [why]


def test_what_does_not_fail_is_left_alone():
    flow = tflow.tflow()

    def answer(flow):
        flow.response = http.Response.make(418)

    fail_closed("request", answer, print)(flow)
    assert flow.response.status_code == 418


def test_every_row_is_a_hook_of_mitmproxy():
    assert set(REFUSALS) <= set(all_hooks)
    for name in REFUSALS:
        assert issubclass(all_hooks[name], StartHook)


def test_every_hook_of_the_addon_we_inherit_from_has_a_row():
    names = {name for name, _ in inspect.getmembers(TlsConfig, callable)}
    hooks = {n for n, kind in all_hooks.items() if issubclass(kind, StartHook)}
    assert names & hooks <= set(REFUSALS)
