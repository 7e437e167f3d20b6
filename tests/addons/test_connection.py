"""A connection whose hooks are still running when the proxy stops."""

import asyncio
from types import SimpleNamespace

import pytest
from mitmproxy.options import Options
from mitmproxy.proxy.mode_specs import ProxyMode

from addons.connection import Connection


@pytest.fixture
async def waiting():
    """A connection that waits for a hook, what its loop complained of, and its task."""
    begun = asyncio.Event()

    async def never(_data):
        begun.set()
        await asyncio.Event().wait()

    complaints = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    opened = loop.create_future()
    server = await asyncio.start_server(
        lambda *streams: opened.set_result(streams), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    hooks = {"asked": ("data", (never,))}
    mode = ProxyMode.parse("regular")
    handler = Connection(hooks, SimpleNamespace(), *await opened, Options(), mode)
    went_on = []
    handler.layer = SimpleNamespace(handle_event=lambda e: went_on.append(e) or ())
    hook = SimpleNamespace(name="asked", blocking=True, data=None)
    handler._start_hook(hook)
    await begun.wait()
    (task,) = handler._tasks
    yield task, complaints, went_on
    writer.close()
    server.close()


async def test_a_hook_that_is_cancelled_is_no_error_and_passes_nothing_on(waiting):
    task, complaints, went_on = waiting
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert complaints == []
    assert went_on == []
