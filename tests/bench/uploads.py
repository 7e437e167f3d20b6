"""
One large upload through the proxy, and what it costs: `python -m tests.bench.uploads`.

Memory is that of all processes of the proxy, at its highest while the body flows,
beyond what they have after a body over the buffer has passed: rules and the process
that inspects are there then.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import socket
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import contender
from tests.harness.ca import Authority

BLOCK_BYTES = 1 << 20
WARM_MEBIBYTES = 40
PATIENCE_S = 1800
LOOKS_S = 0.05
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
WORDS = "the agent reads a file and then writes the next step of its plan".split()


def words() -> Iterator[bytes]:
    """Prose that never comes again."""
    chance = random.Random(1)
    for line in itertools.count():
        text = " ".join(chance.choices(WORDS, k=BLOCK_BYTES // 5))
        yield f"{line} {text}\n".encode().ljust(BLOCK_BYTES)[:BLOCK_BYTES]


def archive() -> Iterator[bytes]:
    """A gzip file of what does not shrink."""
    chance = random.Random(2)
    packer = zlib.compressobj(0, wbits=31)
    while True:
        yield packer.compress(chance.randbytes(BLOCK_BYTES))


def picture() -> Iterator[bytes]:
    """A known format that nothing is decoded of."""
    chance = random.Random(3)
    yield b"\x89PNG\r\n\x1a\n"
    while True:
        yield chance.randbytes(BLOCK_BYTES)


BODIES: dict[str, Callable[[], Iterator[bytes]]] = {
    "prose": words,
    "archive": archive,
    "picture": picture,
}


class Sink(threading.Thread):
    """An origin that takes bodies of known sizes, one each connection."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self) -> None:
        while True:
            peer, _ = self.socket.accept()
            with peer:
                head, _, body = _until(peer, b"\r\n\r\n").partition(b"\r\n\r\n")
                mark = head.lower().find(b"content-length:")
                left = int(head[mark + 15 :].split(b"\r\n", 1)[0]) - len(body)
                while left and (data := peer.recv(min(left, BLOCK_BYTES))):
                    left -= len(data)
                peer.sendall(ANSWER)


def _until(peer: socket.socket, end: bytes) -> bytes:
    got = b""
    while end not in got and (data := peer.recv(1 << 16)):
        got += data
    return got


class Highest(threading.Thread):
    """Watches how much memory a proxy has."""

    def __init__(self, proxy: contender.Contender) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self._proxy = proxy
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(LOOKS_S):
            self.bytes = max(self.bytes, self._proxy.rss_bytes())

    def stop(self) -> int:
        self._over.set()
        self.join()
        return self.bytes


def upload(port: int, to: int, mebibytes: int, blocks: Iterator[bytes]) -> float:
    """Seconds until the answer."""
    size = mebibytes << 20
    where = f"localhost:{to}"
    head = (
        f"PUT http://{where}/up HTTP/1.1\r\nHost: {where}\r\n"
        f"Content-Length: {size}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as peer:
        began = time.perf_counter()
        peer.sendall(head.encode())
        left = size
        for block in blocks:
            peer.sendall(block[:left])
            left -= len(block[:left])
            if not left:
                break
        answer = _until(peer, b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode(errors="replace"))
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mebibytes", type=int, default=64)
    parser.add_argument("--only", nargs="+", choices=BODIES, default=[*BODIES])
    arguments = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sink = Sink()
        sink.start()
        proxy = contender.ours(folder, Authority(folder).pem)
        try:
            upload(proxy.port, sink.port, WARM_MEBIBYTES, picture())
            for name in arguments.only:
                before, spent = proxy.rss_bytes(), proxy.cpu_s()
                highest = Highest(proxy)
                highest.start()
                mebibytes = arguments.mebibytes
                took = upload(proxy.port, sink.port, mebibytes, BODIES[name]())
                extra = (highest.stop() - before) / (1 << 20)
                spent = proxy.cpu_s() - spent
                size = (mebibytes << 20) / 1e6
                print(
                    f"upload of {mebibytes} MiB, {name:8} {size / took:6.1f} MB/s"
                    f" {size / spent:6.1f} MB per CPU second {extra:6.0f} MiB extra",
                    flush=True,
                )
        finally:
            proxy.stop()


if __name__ == "__main__":
    main()
