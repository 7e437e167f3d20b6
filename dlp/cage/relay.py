"""
A relay between two stream sockets: the only way out of a cage.

Why not in `inside`: the same few lines serve both ends, in and out of the cage.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

CHUNK_BYTES = 64 << 10

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
type Dial = Callable[[], Awaitable[Streams]]
type Choose = Callable[[Streams], Dial]
"""Which way a connection that has come in goes on."""


def dial_tcp(host: str, port: int) -> Dial:
    """Connects to the proxy."""
    return lambda: asyncio.open_connection(host, port)


def dial_unix(path: Path) -> Dial:
    """Connects to the socket that leads out of the cage."""
    return lambda: asyncio.open_unix_connection(str(path))


async def serve_unix(path: Path, dial: Dial) -> asyncio.Server:
    """Relay every connection to a socket made at `path`, in a private folder."""
    return await asyncio.start_unix_server(_relay(lambda _: dial), str(path))


async def serve_tcp(port: int, choose: Choose) -> asyncio.Server:
    """Relay every connection to a port of this namespace's loopback."""
    return await asyncio.start_server(_relay(choose), "127.0.0.1", port)


def _relay(
    choose: Choose,
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    running: set[asyncio.Task[None] | None] = set()
    """A loop holds its tasks weakly: one whose transport has closed would vanish."""

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        running.add(task)
        try:
            await _both_ways((reader, writer), choose((reader, writer)))
        finally:
            running.discard(task)
            writer.close()

    return handle


async def _both_ways(near: Streams, dial: Dial) -> None:
    try:
        far = await dial()
    except OSError:
        return
    try:
        await asyncio.gather(_copy(near[0], far[1]), _copy(far[0], near[1]))
    finally:
        far[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of one direction, then say so to the other side."""
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:  # one side is gone: the other direction must end as well
        writer.close()
