"""
`dlp up` after its flags were checked: starts the workers and keeps them running.

Why not in `worker`: this process imports no mitmproxy, so that it is small, starts at
once and cannot be brought down by traffic.

Strategy: each worker is a process of its own with the same port (SO_REUSEPORT). It
says `ready` on a socket pair; that the other end closes tells it that we are gone. The
first one alone loads the rules from nothing; the others find them compiled. A worker
that dies is started again: its connections are lost, none is passed on.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dlp.errors import DLPError
from dlp.model import Settings

if TYPE_CHECKING:
    from dlp.alerts.herald import Herald

PAUSES_S = (0.1, 0.5, 2.0, 5.0)
"""Before a worker that died young is started again; the last one repeats."""
YOUNG_S = 10.0
PATIENCE_S = 3.0
"""A start that takes longer is explained."""


class Worker:
    """One worker process and what is known of it."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._process: asyncio.subprocess.Process | None = None
        self._early_deaths = 0
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()

    async def keep_running(self) -> int:
        """Start it again until told to stop; a first start that fails is final."""
        while True:
            started = time.monotonic()
            code = await self._run_once()
            if self.stopping.is_set() or not self.ready.is_set():
                return code
            from dlp import logs

            logs.get().error("a worker died; starting another", code=code)
            young = time.monotonic() - started < YOUNG_S
            self._early_deaths = self._early_deaths + 1 if young else 0
            pause = PAUSES_S[min(self._early_deaths, len(PAUSES_S) - 1)]
            await asyncio.sleep(pause)
            if self.stopping.is_set():
                return code

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003  # its only parameter
        with ours, theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "addons.serve"),
                *(dump(self._settings), str(theirs.fileno()), self._name),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
            theirs.close()
            if self.stopping.is_set():
                self.signal(signal.SIGTERM)
            if await asyncio.get_running_loop().sock_recv(ours, 64):
                self.ready.set()
            return await self._process.wait()

    def stop(self) -> None:
        """Let it drain and end."""
        self.stopping.set()
        self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Pass a signal on, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)


async def supervise(settings: Settings) -> int:
    """
    Run `settings.workers` workers until SIGTERM; the exit code of `dlp up`.

    Raises:
        StateError: the metrics address cannot be listened on.
    """
    workers = [Worker(settings, f"w{n}") for n in range(settings.workers)]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, workers)
    loop.add_signal_handler(signal.SIGHUP, _reload, workers)
    running: list[asyncio.Future[int]] = []
    first = asyncio.ensure_future(_start(workers[:1], running))
    # While it starts, which takes longer: what this process needs itself.
    await asyncio.sleep(0)
    from dlp import logs, metrics
    from dlp.alerts.herald import Herald

    logs.configure()
    waiting = loop.call_later(
        PATIENCE_S,
        logs.get().info,
        "still starting; rules are compiled at the first start, which takes a while",
    )
    herald = Herald(settings)
    # The metrics of an earlier run end here; they are told once the rules are good.
    metrics.forget(Path(settings.state), settings.metrics)
    started = await first
    waiting.cancel()
    if started and await _start(workers[1:], running):
        endpoint = metrics.serve(
            Path(settings.state), settings.metrics, settings.workers
        )
        loop.add_signal_handler(signal.SIGHUP, _reload, workers, herald)
        herald.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _tell_systemd()
        await asyncio.gather(*running)
        await asyncio.to_thread(herald.close)
        endpoint.close()
        return 0
    stopped = workers[0].stopping.is_set()
    _stop(workers)
    codes = await asyncio.gather(*running)
    return 0 if stopped else max(codes) or 1


def _tell_systemd() -> None:
    """`READY=1`, where a unit of Type=notify waits for it: sd_notify(3)."""
    name = os.environ.get("NOTIFY_SOCKET", "")
    if name[:1] not in {"/", "@"}:
        return
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel,
    ):
        channel.connect(name.replace("@", "\0", 1) if name[0] == "@" else name)
        channel.send(b"READY=1")


def _stop(workers: list[Worker]) -> None:
    for worker in workers:
        worker.stop()


def _reload(workers: list[Worker], herald: Herald | None = None) -> None:
    for worker in workers:
        worker.signal(signal.SIGHUP)
    if herald is not None:
        herald.reload()


async def _start(workers: list[Worker], running: list[asyncio.Future[int]]) -> bool:
    """Whether all became ready; False when one ended before."""
    running += [asyncio.ensure_future(worker.keep_running()) for worker in workers]
    ready = asyncio.ensure_future(_all_ready(workers))
    waiting: list[asyncio.Future[Any]] = [ready, *running]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    return ready in done


async def _all_ready(workers: list[Worker]) -> None:
    for worker in workers:
        await worker.ready.wait()


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


def leave_out_addons() -> None:
    """
    Make `mitmproxy.addons` a package without its `__init__`, before anybody imports it.

    That one imports every addon there is, and with them Flask, ldap3 and a web
    application: a second and 50 MB for nothing.
    """
    found = importlib.util.find_spec("mitmproxy")
    assert found is not None
    assert found.submodule_search_locations is not None
    package = ModuleType("mitmproxy.addons")
    package.__path__ = [f"{where}/addons" for where in found.submodule_search_locations]
    sys.modules[package.__name__] = package


def main(arguments: list[str]) -> int:
    """`SETTINGS` supervises; `SETTINGS CONTROL_FD NAME` is a worker."""
    settings = load(arguments[0])
    try:
        if len(arguments) == 1:
            return asyncio.run(supervise(settings))
        gc.disable()  # while what stays is loaded; the worker turns it on
        leave_out_addons()
        from addons import network, worker
        from dlp import logs

        logs.configure()

        asyncio.run(
            worker.run(settings, int(arguments[1]), arguments[2]),
            loop_factory=network.GuardedLoop,
        )
    except DLPError as error:
        sys.stderr.write(f"dlp: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
