"""
Runs a command in the best cage that this machine offers.

Why not in `bubblewrap`: that only knows how to build one cage; this gathers what is to
be hidden, keeps the way out open, and falls back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from dlp.cage import bubblewrap
from dlp.cage.environment import Trust, variables, write_trust
from dlp.cage.inside import PORT
from dlp.cage.plan import Plan, listening_sockets, passed_on, secret_paths, to_hide
from dlp.cage.relay import dial_tcp, serve_unix
from dlp.errors import CageError

SOCKET = "proxy.sock"
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    command: tuple[str, ...]
    proxy: str
    """URL of the proxy as it is reached from here, credentials included."""
    state: Path
    rules: Path | None
    hide: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    """Names of further variables that go in."""
    require_cage: bool = False
    probe: bool = True


def run(wish: Wish) -> int:
    """
    Run the command; its exit code.

    Raises:
        CageError: no cage is to be had and one is required, or the proxy is not there.
    """
    at = urlsplit(wish.proxy)
    address = (at.hostname or "127.0.0.1", at.port or 80)
    _reachable(address)
    bwrap = bubblewrap.available()
    if not bwrap:
        return _uncaged(wish)
    with tempfile.TemporaryDirectory(prefix="dlp-run-") as name:
        exchange = Path(name)
        trust = write_trust(wish.state, exchange)
        plan = _plan(wish, exchange, trust)
        inner = [
            sys.executable, "-I", "-m", "dlp.cage.inside",
            f"{bubblewrap.INSIDE}/{SOCKET}", "probe" if wish.probe else "trust",
            *wish.command,
        ]  # fmt: skip
        words = bubblewrap.command(bwrap, plan, inner)
        return asyncio.run(_beside_relay(exchange / SOCKET, address, words))


async def _beside_relay(path: Path, proxy: tuple[str, int], words: list[str]) -> int:
    """The cage as a child, the way out served for as long as it lives."""
    server = await serve_unix(path, dial_tcp(*proxy))
    async with server:
        child = await asyncio.create_subprocess_exec(*words)
        loop = asyncio.get_running_loop()
        for number in _FORWARDED:
            loop.add_signal_handler(number, child.send_signal, number)
        code = await child.wait()
    return code if code >= 0 else 128 - code


def _plan(wish: Wish, exchange: Path, trust: Trust) -> Plan:
    at = urlsplit(wish.proxy)
    userinfo = f"{at.netloc.rpartition('@')[0]}@" if "@" in at.netloc else ""
    inside = urlunsplit(("http", f"{userinfo}127.0.0.1:{PORT}", "", "", ""))
    there = Path(bubblewrap.INSIDE)
    seen = Trust(
        *(there / path.name for path in (trust.ca, trust.bundle, trust.truststore))
    )
    sockets = listening_sockets(Path("/proc/net/unix").read_text(encoding="utf-8"))
    work = Path.cwd().resolve()
    secret = secret_paths(Path.home(), wish.state, wish.hide)
    hidden, masked = to_hide(work, secret, sockets)
    return Plan(
        folder=work,
        exchange=exchange,
        hidden_folders=hidden,
        hidden_files=masked,
        read_only=_read_only(wish.rules),
        environment=passed_on(os.environ, wish.variables) | variables(inside, seen),
        interactive=sys.stdin.isatty(),
    )


def _read_only(rules: Path | None) -> tuple[Path, ...]:
    """Our own code, wherever it stands, and the rules that the agent must not tune."""
    here = Path(__file__).resolve().parent.parent
    found: Iterable[Path | None] = (
        Path(sys.prefix), Path(sys.base_prefix), here, here.parent / "addons", rules
    )  # fmt: skip
    return tuple(path.resolve() for path in found if path is not None and path.exists())


def _reachable(address: tuple[str, int]) -> None:
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError as error:
        raise CageError(
            f"no proxy answers at {address[0]}:{address[1]} ({error}): start it with "
            "`dlp up`, or name another with --proxy"
        ) from error


def _uncaged(wish: Wish) -> int:
    """Environment only: honest programs use the proxy, others need not."""
    if wish.require_cage:
        raise CageError(
            "no cage can be built here: install bubblewrap and allow unprivileged user "
            "namespaces (sysctl kernel.unprivileged_userns_clone=1), or run as root"
        )
    print(  # noqa: T201
        "dlp: WARNING: no bubblewrap works here. The command is NOT contained: it uses "
        "the proxy only if it wants to. --require-cage refuses to run it so.",
        file=sys.stderr,
    )
    environment = passed_on(os.environ, wish.variables)
    environment |= variables(wish.proxy, write_trust(wish.state))
    return subprocess.run(wish.command, env=environment, check=False).returncode  # noqa: S603
