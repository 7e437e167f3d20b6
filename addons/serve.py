"""
`dlp up` after its flags were checked: starts the workers and keeps them running.

Why not in `worker`: this process imports no mitmproxy, so that it is small, starts at
once and cannot be brought down by traffic.

Strategy: each worker is a process of its own with the same port (SO_REUSEPORT). It
says `ready` on a socket pair; that the other end closes tells it that we are gone. A
worker that dies is started again: its connections are lost, none is passed on.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dlp import metrics
from dlp.errors import DLPError
from dlp.model import Settings

RESTART_S = 0.5
"""Pause before a worker that died young is started again."""
YOUNG_S = 5.0


class Worker:
    """One worker process and what is known of it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.settings = settings
        self.name = name
        self.ready = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None

    async def keep_running(self, stop: asyncio.Event) -> int:
        """Start it again until `stop`; a first start that fails ends with its code."""
        while True:
            started = time.monotonic()
            code = await self._run_once()
            if stop.is_set() or not self.ready.is_set():
                return code
            say(f"a worker ended with {code}; starting another")
            if time.monotonic() - started < YOUNG_S:
                await asyncio.sleep(RESTART_S)

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003  # its only parameter
        with ours, theirs:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "addons.serve"),
                *(dump(self.settings), str(theirs.fileno()), self.name),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
            theirs.close()
            if await asyncio.get_running_loop().sock_recv(ours, 64):
                self.ready.set()
            return await self.process.wait()

    def signal(self, number: int) -> None:
        """Pass a signal on, if it runs."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)


async def supervise(settings: Settings) -> int:
    """Run `settings.workers` workers until SIGTERM; the exit code of `dlp up`."""
    stop = asyncio.Event()
    workers = [Worker(settings, f"w{n}") for n in range(settings.workers)]

    def end() -> None:
        stop.set()
        for worker in workers:
            worker.signal(signal.SIGTERM)

    def reload() -> None:
        for worker in workers:
            worker.signal(signal.SIGHUP)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, end)
    loop.add_signal_handler(signal.SIGINT, end)
    loop.add_signal_handler(signal.SIGHUP, reload)
    endpoint = metrics.serve(Path(settings.state), settings.metrics, settings.workers)
    running = [asyncio.ensure_future(worker.keep_running(stop)) for worker in workers]
    ready = asyncio.ensure_future(_all_ready(workers))
    tasks: list[asyncio.Future[Any]] = [ready, *running]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    if ready in done:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        codes = await asyncio.gather(*running)
    else:
        ready.cancel()
        end()
        codes = await asyncio.gather(*running)
    endpoint.close()
    return 0 if stop.is_set() and ready in done else max(codes, default=1) or 1


async def _all_ready(workers: list[Worker]) -> None:
    for worker in workers:
        await worker.ready.wait()


def say(text: str) -> None:
    """One line for the operator."""
    sys.stderr.write(f"dlp: {text}\n")


def dump(settings: Settings) -> str:
    """Settings as one argument."""
    return json.dumps(asdict(settings))


def load(text: str) -> Settings:
    """The inverse of `dump`."""
    values: dict[str, Any] = json.loads(text)
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    return Settings(**values)


def main(arguments: list[str]) -> int:
    """`SETTINGS` supervises; `SETTINGS CONTROL_FD NAME` is a worker."""
    settings = load(arguments[0])
    try:
        if len(arguments) == 1:
            return asyncio.run(supervise(settings))
        from addons import worker

        asyncio.run(worker.run(settings, int(arguments[1]), arguments[2]))
    except DLPError as error:
        say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
