"""
The first process in a cage: opens the way to the proxy, then runs the command.

It is process 1: there is none that is less confined and could be traced. It keeps the
relay in a process of its own, so that the command's exit code, signals and terminal are
what they would be without us. The command can trace neither (`PR_SET_DUMPABLE`).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from dlp.cage import kernel, redirect
from dlp.cage.confine import confine
from dlp.cage.probe import run_probe
from dlp.cage.redirect import PORT, Names
from dlp.cage.relay import dial_unix, serve_tcp
from dlp.errors import CageError

TYPED = (signal.SIGINT, signal.SIGQUIT)
"""Signals of the terminal's keys: only the command hears them, the cage stays."""
ESCAPED = 70
"""Exit code: the probe found a way round the proxy, the command was not run."""


def main(arguments: list[str]) -> int:
    """`SETTINGS COMMAND...`: relay, probe, run; the exit code."""
    text, *command = arguments
    settings = json.loads(text)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    confine()
    for number in TYPED:
        signal.signal(number, signal.SIG_IGN)
    relay = os.fork()
    if relay == 0:
        asyncio.run(_relay(Path(settings["socket"])))
    _wait_for_relay()
    if settings["probe"] and not _contained(tuple(settings["hidden"])):
        os.kill(relay, signal.SIGKILL)
        return ESCAPED
    return _run(command)


async def _relay(way_out: Path) -> None:
    names, dial = Names(), dial_unix(way_out)
    proxy = os.environ.get("HTTPS_PROXY", "")
    await redirect.serve_names(names)
    server = await serve_tcp(PORT, redirect.chooser(dial, names, proxy))
    await server.serve_forever()


def _wait_for_relay() -> None:
    for _ in range(500):
        with socket.socket() as trial:
            trial.settimeout(0.05)
            if trial.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        signal.sigtimedwait((), 0.02)
    sys.exit("dlp: the relay in the cage did not start")


def _contained(hidden: tuple[str, ...]) -> bool:
    """Whether nothing gets out of here, tried by a process like the command's."""
    child = os.fork()
    if child == 0:
        escapes = [check for check in run_probe(PORT, hidden) if check.escaped]
        for check in escapes:
            print(f"dlp: {check.name} gets out: {check.seen}", file=sys.stderr)  # noqa: T201
        sys.stderr.flush()
        os._exit(1 if escapes else 0)
    return os.waitpid(child, 0)[1] == 0


def _run(command: list[str]) -> int:
    try:
        child = subprocess.Popen(command, preexec_fn=_hear_terminal)  # noqa: S603, PLW1509  # one thread
    except OSError as error:
        print(f"dlp: {command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 127 if isinstance(error, FileNotFoundError) else 126
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: os.kill(child.pid, got))
    while True:
        ended, status = os.wait()  # as process 1 we inherit every orphan
        if ended == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _hear_terminal() -> None:
    for number in TYPED:
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CageError as wrong:
        sys.exit(f"dlp: {wrong}")
