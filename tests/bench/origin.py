"""
The origin of the benchmark, a process of its own: `python -m tests.bench.origin PEM`.

Prints its plain and its TLS port. `/sse` sends twenty events 20 ms apart, each with the
time it was sent; `/large/N` sends N MiB; anything else gets 64 bytes.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time

SMALL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 64\r\n\r\n" + (
    b"x" * 64
)
EVENTS, EVENT_GAP_S = 20, 0.02


class Server(asyncio.Protocol):
    def __init__(self) -> None:
        self.buffer = bytearray()
        self.transport: asyncio.Transport
        self.resume = asyncio.Event()
        self.resume.set()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def pause_writing(self) -> None:
        self.resume.clear()

    def resume_writing(self) -> None:
        self.resume.set()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self.buffer[:end]).lower()
            mark = head.find(b"content-length:")
            size = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            del self.buffer[: end + 4 + size]
            self.answer(head.split(b" ", 2)[1])

    def answer(self, target: bytes) -> None:
        if target.startswith(b"/sse"):
            self.task = asyncio.ensure_future(self.events())
        elif target.startswith(b"/large/"):
            self.task = asyncio.ensure_future(
                self.large(int(target.rsplit(b"/", 1)[1]))
            )
        else:
            self.transport.write(SMALL)

    async def events(self) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(EVENTS):
            line = b"data: %.6f\n\n" % time.time()
            self.transport.write(b"%x\r\n%s\r\n" % (len(line), line))
            await asyncio.sleep(EVENT_GAP_S)
        self.transport.write(b"0\r\n\r\n")

    async def large(self, mebibytes: int) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nX-Sent: %.6f\r\nContent-Length: %d\r\n\r\n"
            % (time.time(), mebibytes << 20)
        )
        block = b"x" * (1 << 16)
        for _ in range(mebibytes * 16):
            await self.resume.wait()
            self.transport.write(block)


async def main(pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["http/1.1"])
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Server, "127.0.0.1", 0)
    secure = await loop.create_server(Server, "127.0.0.1", 0, ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    print(*ports, flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
