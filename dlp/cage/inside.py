"""
The first process in a cage: opens the way to the proxy, then runs the command.

It keeps the relay in a process of its own, so that the command's exit code, signals
and terminal are what they would be without us.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from dlp.cage.probe import run_probe
from dlp.cage.relay import dial_unix, serve_tcp

PORT = 3128
"""Where the proxy seems to be, in the cage."""
ESCAPED = 70
"""Exit code: the probe found a way round the proxy, the command was not run."""


def main(arguments: list[str]) -> int:
    """`SOCKET probe|trust COMMAND...`: relay to SOCKET, probe, run; the exit code."""
    way_out, mode, *command = arguments
    relay = os.fork()
    if relay == 0:
        asyncio.run(_relay(Path(way_out)))
    _wait_for_relay()
    if mode == "probe":
        escapes = [check for check in run_probe(PORT) if check.escaped]
        for check in escapes:
            print(f"dlp: {check.name} gets out: {check.seen}", file=sys.stderr)  # noqa: T201
        if escapes:
            os.kill(relay, signal.SIGKILL)
            return ESCAPED
    return _run(command)


async def _relay(way_out: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = await serve_tcp(PORT, dial_unix(way_out))
    await server.serve_forever()


def _wait_for_relay() -> None:
    for _ in range(200):
        with socket.socket() as trial:
            trial.settimeout(0.05)
            if trial.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        signal.sigtimedwait((), 0.02)
    sys.exit("dlp: the relay in the cage did not start")


def _run(command: list[str]) -> int:
    try:
        child = subprocess.Popen(command)  # noqa: S603
    except OSError as error:
        print(f"dlp: {command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 127 if isinstance(error, FileNotFoundError) else 126
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: child.send_signal(got))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child itself
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
