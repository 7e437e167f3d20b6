"""A client that keeps connections busy through a proxy and times every request."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from dataclasses import dataclass, field

TURN = b"00000000"
"""What a body may say that differs from message to message."""
_NUMBERS = itertools.count()
"""Go on from run to run: what was sent before costs less."""


@dataclass(frozen=True)
class Target:
    """Through which proxy to which origin."""

    proxy: tuple[str, int]
    host: str
    port: int
    trust: str = ""
    """CA file of the proxy; not empty means TLS in a CONNECT tunnel."""


@dataclass
class Sample:
    """What one run gave."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


type Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(target: Target) -> Stream:
    """A connection on which requests for the origin can be sent."""
    reader, writer = await asyncio.open_connection(*target.proxy)
    if not target.trust:
        return reader, writer
    writer.write(
        f"CONNECT {target.host}:{target.port} HTTP/1.1\r\n"
        f"Host: {target.host}:{target.port}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(head.decode())
    context = ssl.create_default_context(cafile=target.trust)
    context.set_alpn_protocols(["http/1.1"])
    await writer.start_tls(context, server_hostname=target.host)
    return reader, writer


def request(target: Target, method: str, path: str, body: bytes) -> bytes:
    """The bytes of one request, with the headers an SDK sends."""
    origin = f"{target.host}:{target.port}"
    line = path if target.trust else f"http://{origin}{path}"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return (
        f"{method} {line} HTTP/1.1\r\nHost: {origin}\r\n"
        "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\n"
        "User-Agent: bench/1.0 Python/3.13\r\nContent-Type: application/json\r\n"
        "X-Request-Retry: 0\r\nX-Runtime: CPython\r\nX-Runtime-Version: 3.13\r\n"
        f"X-Arch: x64\r\nX-Os: Linux\r\nConnection: keep-alive\r\n{length}\r\n"
    ).encode() + body


async def exchange(stream: Stream, message: bytes) -> None:
    """Send one request, read its answer to the end."""
    reader, writer = stream
    writer.write(message)
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
    mark = head.lower().find(b"content-length:")
    await reader.readexactly(int(head[mark + 15 :].split(b"\r\n", 1)[0]))


async def run(
    target: Target, message: bytes, connections: int, seconds: float
) -> Sample:
    """Keep `connections` connections busy for `seconds`; no message comes twice."""
    streams = [await connect(target) for _ in range(connections)]
    for stream in streams:
        await exchange(stream, message)
    sample = Sample()
    start = time.perf_counter()
    stop = start + seconds

    async def worker(stream: Stream) -> None:
        while (began := time.perf_counter()) < stop:
            turn = b"%08d" % next(_NUMBERS)
            await exchange(stream, message.replace(TURN, turn, 1))
            sample.latencies.append(time.perf_counter() - began)

    await asyncio.gather(*map(worker, streams))
    sample.seconds = time.perf_counter() - start
    for _, writer in streams:
        writer.close()
    return sample


async def events(target: Target) -> Sample:
    """Delay of each server-sent event, from origin to client."""
    reader, writer = await connect(target)
    writer.write(request(target, "GET", "/sse", b""))
    sample = Sample()
    while b"0\r\n" != (line := await reader.readline()):
        if line.startswith(b"data: "):
            sample.latencies.append(time.time() - float(line[6:]))
    writer.close()
    return sample


async def first_byte(target: Target, mebibytes: int) -> tuple[float, float]:
    """Delay of the first byte of a download, and the whole of it in seconds."""
    reader, writer = await connect(target)
    began = time.perf_counter()
    writer.write(request(target, "GET", f"/large/{mebibytes}", b""))
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(1)
    delay = time.time() - float(head.lower().split(b"x-sent: ")[1].split(b"\r\n")[0])
    left = (mebibytes << 20) - 1
    while left:
        left -= len(await reader.read(1 << 20))
    writer.close()
    return delay, time.perf_counter() - began
