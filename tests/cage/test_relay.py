import asyncio
import gc

import pytest

from dlp.cage.relay import dial_tcp, dial_unix, serve_tcp, serve_unix


@pytest.fixture
async def chain(tmp_path):
    """Client, relay to a socket, relay to a port, server: as in and out of a cage."""
    served = []
    arrived = asyncio.Event()

    async def handle(reader, writer):
        served.append((reader, writer))
        arrived.set()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    outside = await serve_unix(tmp_path / "s", dial_tcp("127.0.0.1", port))
    inside = await serve_tcp(0, lambda _: dial_unix(tmp_path / "s"))
    near = inside.sockets[0].getsockname()[1]
    client = await asyncio.open_connection("127.0.0.1", near)
    await asyncio.wait_for(arrived.wait(), 30)
    yield client, served[0]
    for each in (server, outside, inside):
        each.close()


async def test_bytes_pass_both_ways(chain):
    (reader, writer), (far_reader, far_writer) = chain
    writer.write(b"x" * 300_000)
    assert await far_reader.readexactly(300_000) == b"x" * 300_000
    far_writer.write(b"answer")
    assert await reader.readexactly(6) == b"answer"


async def test_the_end_of_one_direction_leaves_the_other_open(chain):
    (reader, writer), (far_reader, far_writer) = chain
    writer.write(b"question")
    writer.write_eof()
    assert await far_reader.read() == b"question"
    gc.collect()
    far_writer.write(b"answer")
    far_writer.close()
    assert await reader.read() == b"answer"


async def test_a_client_that_is_gone_closes_the_way(chain):
    (_reader, writer), (far_reader, _far_writer) = chain
    writer.transport.abort()
    assert await asyncio.wait_for(far_reader.read(), 30) == b""


async def test_nobody_at_the_other_end_closes_the_connection(tmp_path):
    server = await serve_tcp(0, lambda _: dial_unix(tmp_path / "nowhere"))
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    server.close()
