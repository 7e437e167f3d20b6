"""
Small requests beside one client whose bodies take long to read:
`python -m tests.bench.beside [--seconds S] [--workers N]`, in a network namespace.

Design section 6: a body of some KB can cost seconds, and honest work must not notice.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import subprocess
import sys
import tempfile
from base64 import b85encode
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from tests.bench import contender, load
from tests.bench.__main__ import chat, settle
from tests.harness.ca import Authority

SMALL_CONNECTIONS = 4


def in_itself(encode: Callable[[bytes], bytes], size: int) -> bytes:
    """Random letters, encoded again and again until there are `size` bytes of it."""
    text = random.Random(size).randbytes(96)
    while len(text) < size:
        text = encode(text)
    return text[:size]


HEAVY = {
    "nothing": b"",
    "4 KB of base85 in base85": in_itself(b85encode, 4 << 10),
    "32 KB of hex in hex": in_itself(lambda text: text.hex().encode(), 32 << 10),
}


async def post_on(target: load.Target, body: bytes, posted: list[int]) -> None:
    """Post a body, never the same one twice, until told to stop."""
    for number in itertools.count():
        stream = reader, writer = await load.connect(target)
        text = b"%d:" % number + body
        writer.write(load.request(target, "POST", "/v1/files", text))
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            posted.append(number)
        stream[1].close()


async def beside(
    target: load.Target, body: bytes, seconds: float
) -> tuple[load.Sample, int]:
    """What small requests see, and how many of the others were answered."""
    message = load.request(target, "POST", "/v1/messages", chat(2048))
    posted: list[int] = []
    other = asyncio.create_task(post_on(target, body, posted)) if body else None
    sample = await load.run(target, message, SMALL_CONNECTIONS, seconds)
    if other:
        other.cancel()
    return sample, len(posted)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.beside")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        authority = Authority(Path(temporary))
        command = [sys.executable, "-m", "tests.bench.origin"]
        origin = stack.enter_context(
            subprocess.Popen(
                [*command, authority.issue("localhost")],
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(origin.terminate)
        assert origin.stdout
        plain = int(origin.stdout.readline().split()[0])
        proxy = contender.ours(Path(temporary), authority.pem, arguments.workers)
        stack.callback(proxy.stop)
        target = load.Target(("127.0.0.1", proxy.port), "localhost", plain)
        settle(proxy)
        print(
            f"{'beside':28}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'longest':>9}{'heavy':>7}"
        )
        for name, body in HEAVY.items():
            sample, posted = asyncio.run(beside(target, body, arguments.seconds))
            times = [1e3 * sample.percentile(share) for share in (0.5, 0.99, 1)]
            print(
                f"{name:28}{sample.rate:8.0f}"
                + "".join(f"{t:9.1f}" for t in times)
                + f"{posted:7}",
                flush=True,
            )


if __name__ == "__main__":
    main()
