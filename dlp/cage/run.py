"""
Runs a command in the best cage that this machine offers.

Why not in a cage's own module: those know how to build one cage; this gathers what is
to be hidden, keeps the way out open, and falls back: bubblewrap, else namespaces of our
own, else no cage at all, loudly.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from dlp.cage import bubblewrap, unshare
from dlp.cage.agents import keep
from dlp.cage.environment import Trust, cache_variables, variables, write_trust
from dlp.cage.inside import TYPED
from dlp.cage.mounts import remote_mounts
from dlp.cage.plan import (
    EMPTIED,
    INSIDE,
    KERNELS,
    WAY_OUT,
    Plan,
    bound_sockets,
    check_folder,
    passed_on,
    secret_paths,
    to_hide,
)
from dlp.cage.redirect import PORT
from dlp.cage.relay import dial_tcp, serve_unix
from dlp.cage.sockets import sockets_below
from dlp.errors import CageError

_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
type Build = Callable[[Plan, list[str]], list[str]]


class Cage(StrEnum):
    """What holds the command."""

    AUTO = "auto"
    """The first of the next two that works here, else the last."""
    BUBBLEWRAP = "bubblewrap"
    UNSHARE = "unshare"
    NONE = "none"
    """Nothing: variables alone, which a program may ignore."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    command: tuple[str, ...]
    proxy: str
    """URL of the proxy as it is reached from here, credentials included."""
    state: Path
    rules: Path | None
    hide: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    """Names of further variables that go in."""
    require_cage: bool = False
    probe: bool = True
    cage: Cage = Cage.AUTO


def run(wish: Wish) -> int:
    """
    Run the command; its exit code.

    Raises:
        CageError: no cage is to be had and one is required, the working folder cannot
            be written safely, or the proxy is not there.
    """
    at = urlsplit(wish.proxy)
    address = (at.hostname or "127.0.0.1", at.port or 80)
    _reachable(address)
    build, why = _choose(wish.cage)
    if build is None:
        return _uncaged(wish, why)
    with tempfile.TemporaryDirectory(prefix="dlp-run-") as name:
        exchange = Path(name).resolve()
        trust = write_trust(wish.state, exchange)
        plan = _plan(wish, exchange, trust)
        settings = {
            "socket": f"{INSIDE}/{WAY_OUT}",
            "probe": wish.probe,
            "hidden": [str(path) for path in plan.hidden_folders],
        }
        text = json.dumps(settings)
        inner = [sys.executable, "-I", "-m", "dlp.cage.inside", text, *wish.command]
        words = build(plan, inner)
        served = _beside_relay(exchange / WAY_OUT, address, words, plan.environment)
        return asyncio.run(served)


def _choose(cage: Cage) -> tuple[Build | None, str]:
    """How to build the cage, or nothing and why."""
    why = []
    if cage in {Cage.AUTO, Cage.BUBBLEWRAP}:
        if bwrap := bubblewrap.available():
            return lambda plan, inner: bubblewrap.command(bwrap, plan, inner), ""
        why.append("bubblewrap is not installed or not allowed to work")
    if cage in {Cage.AUTO, Cage.UNSHARE}:
        problem = unshare.available()
        if not problem:
            return unshare.planned, ""
        why.append(problem.removeprefix("dlp: "))
    if why and cage is not Cage.AUTO:
        raise CageError(f"the cage {cage} cannot be built here: {'; '.join(why)}")
    return None, "; ".join(why) or "--cage none"


async def _beside_relay(
    path: Path, proxy: tuple[str, int], words: list[str], environment: dict[str, str]
) -> int:
    """The cage as a child, the way out served for as long as it lives."""
    server = await serve_unix(path, dial_tcp(*proxy))
    for number in TYPED:  # the terminal tells the command itself
        signal.signal(number, signal.SIG_IGN)
    child = await asyncio.create_subprocess_exec(*words, env=environment)
    loop = asyncio.get_running_loop()
    for number in _FORWARDED:
        loop.add_signal_handler(number, _signal_inside, child.pid, number)
    code = await child.wait()
    server.close()  # what is still open ends with the loop
    return code if code >= 0 else 128 - code


def _signal_inside(cage: int, number: int) -> None:
    """To process 1 of the cage, which hands it to the command."""
    with suppress(OSError):
        text = Path(f"/proc/{cage}/task/{cage}/children").read_text(encoding="ascii")
        for process in text.split() or [str(cage)]:
            os.kill(int(process), number)


def _plan(wish: Wish, exchange: Path, trust: Trust) -> Plan:
    at = urlsplit(wish.proxy)
    userinfo = f"{at.netloc.rpartition('@')[0]}@" if "@" in at.netloc else ""
    inside = urlunsplit(("http", f"{userinfo}127.0.0.1:{PORT}", "", "", ""))
    names = (trust.ca, trust.bundle, trust.truststore)
    seen = Trust(*(INSIDE / path.name for path in names))
    work, home = Path.cwd().resolve(), Path.home().resolve()
    table = Path("/proc/net/unix").read_text("utf-8", "surrogateescape")
    secret = secret_paths(home, wish.state, wish.hide)
    kept, said = keep(wish.command, home, os.environ)
    hidden = {path.resolve() for path in secret}
    own = [path for path in kept if hidden.isdisjoint((path, *path.parents))]
    shown = (work, *_existing(wish.writable), *own)
    standing = [path for tree in {home, *shown} for path in sockets_below(tree)]
    folders, files = to_hide(shown, [*secret, *bound_sockets(table), *standing])
    remote = remote_mounts(
        Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"),
        (*shown, home, *_needed(wish.rules)),
    )
    under = {Path(name) for name in (*EMPTIED, *KERNELS)} | set(folders)
    folders += tuple(path for path in remote if under.isdisjoint((path, *path.parents)))
    for advice in filter(None, (check_folder(tree, home, folders) for tree in shown)):
        if wish.require_cage:
            raise CageError(advice)
        print(f"dlp: WARNING: {advice}", file=sys.stderr)  # noqa: T201
    for name in wish.writable:
        if not Path(name).expanduser().exists():
            print(  # noqa: T201
                f"dlp: WARNING: {name}, which policy's `cage: writable` names, is not "
                "there and stays unwritable: make it first",
                file=sys.stderr,
            )
    given = passed_on(os.environ, wish.variables)
    return Plan(
        folder=work,
        exchange=exchange,
        hidden_folders=folders,
        hidden_files=files,
        read_only=_read_only(wish.rules, folders),
        environment=given | said | variables(inside, seen) | cache_variables(),
        interactive=sys.stdin.isatty(),
        writable=shown[1:],
    )


def _existing(names: tuple[str, ...]) -> list[Path]:
    paths = (Path(name).expanduser() for name in names)
    return [path.resolve() for path in paths if path.exists()]


def _read_only(rules: Path | None, hidden: tuple[Path, ...]) -> tuple[Path, ...]:
    real = _needed(rules)
    return tuple(p for p in real if not any(h in (p, *p.parents) for h in hidden))


def _needed(rules: Path | None) -> list[Path]:
    """Our own code, wherever it stands, and the rules that the agent must not tune."""
    here = Path(__file__).resolve().parent.parent
    paths = [Path(sys.prefix), Path(sys.base_prefix), here, here.parent / "addons"]
    paths += [] if rules is None else [rules]
    return [path.resolve() for path in paths if path.exists()]


def _reachable(address: tuple[str, int]) -> None:
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError as error:
        raise CageError(
            f"no proxy answers at {address[0]}:{address[1]} ({error}): start it with "
            "`dlp up`, or name another with --proxy"
        ) from error


_REMEDY = (
    "install bubblewrap, and allow unprivileged user namespaces (sysctl "
    "kernel.unprivileged_userns_clone=1, user.max_user_namespaces=10000, or "
    "kernel.apparmor_restrict_unprivileged_userns=0)"
)


def _uncaged(wish: Wish, why: str) -> int:
    """Environment only: honest programs use the proxy, others need not."""
    if wish.require_cage:
        raise CageError(f"no cage can be built here ({why}): {_REMEDY}")
    print(  # noqa: T201
        f"dlp: WARNING: there is no cage ({why}). The command is NOT contained: it "
        "uses the proxy only if it wants to, and sees your keys. --require-cage "
        f"refuses to run it so. To have a cage, {_REMEDY}.",
        file=sys.stderr,
    )
    environment = passed_on(os.environ, wish.variables)
    environment |= variables(wish.proxy, write_trust(wish.state))
    try:
        done = subprocess.run(wish.command, env=environment, check=False)  # noqa: S603
    except OSError as error:
        print(f"dlp: {wish.command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 127 if isinstance(error, FileNotFoundError) else 126
    return done.returncode if done.returncode >= 0 else 128 - done.returncode
