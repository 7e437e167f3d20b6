"""Whether what an agent runs can get out, or get up, without the proxy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from dlp.cage import bubblewrap, unshare
from dlp.cage.inside import ESCAPED
from dlp.doctor.access import WRITE, may
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import CannotTellError, Picture

PATIENCE_S = 60
_NAMESPACES = ("net", "mnt", "pid", "user", "ipc", "uts")
_SWITCHES = (
    ("proc/sys/user/max_user_namespaces", "0"),
    ("proc/sys/kernel/unprivileged_userns_clone", "0"),
    ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
)
"""Files and the value with which unprivileged user namespaces are off."""
_ENGINES = (
    "run/docker.sock",
    "run/podman/podman.sock",
    "run/containerd/containerd.sock",
    "run/crio/crio.sock",
    "var/lib/incus/unix.socket",
    "var/lib/lxd/unix.socket",
    "var/snap/lxd/common/lxd/unix.socket",
    "run/libvirt/libvirt-sock",
)
_ENGINES_OF_USER = ("docker.sock", "podman/podman.sock")
_ROOT_GROUPS = frozenset(
    ["docker", "podman", "lxd", "incus-admin", "libvirt", "disk", "shadow", "kmem"]
)
"""Groups whose members become root without a password."""


def _root(picture: Picture) -> Iterator[str]:
    if picture.agent.uid == 0 and not picture.caged:
        yield f"agents run as {picture.agent.name}"


def _same_user(picture: Picture) -> Iterator[str]:
    if not picture.caged and picture.agent.uid == picture.owner:
        yield f"agents and proxy both run as {picture.agent.name}"


def _no_cage(_: Picture) -> Iterator[str]:
    if bubblewrap.available():
        return
    if why := unshare.available():
        there = shutil.which("bwrap")
        yield f"{there} cannot build a cage" if there else "bubblewrap is not installed"
        yield why


def _kernel(picture: Picture) -> Iterator[str]:
    namespaces = picture.root / "proc/self/ns"
    if not namespaces.is_dir():
        raise CannotTellError("/proc/self/ns is not there")
    for name in _NAMESPACES:
        # `lexists`: the links lead nowhere that has a path.
        if not (namespaces / name).is_symlink() and not (namespaces / name).exists():
            yield f"the kernel has no {name} namespaces"
    for name, off in _SWITCHES:
        path = picture.root / name
        if path.exists() and path.read_text().strip() == off:
            yield f"/{name} is {off}"


def _route(picture: Picture) -> Iterator[str]:
    if picture.caged:
        raise CannotTellError("`dlp run` leaves no route; cage-holds tries it")
    found = [*_default_v4(picture), *_default_v6(picture)]
    # A firewall by user cannot let the proxy out and not an agent of the same user.
    apart = not (picture.state.is_dir() and picture.shared)
    if found and apart and _confined(picture):
        who = picture.agent.name
        raise CannotTellError(f"nftables names {who}: --probe tells whether it holds")
    yield from (f"a default route by {device}" for device in found)


def _default_v4(picture: Picture) -> Iterator[str]:
    for line in picture.text("proc/net/route").splitlines()[1:]:
        words = line.split()
        if len(words) > 7 and words[1] == words[7] == "00000000":
            yield words[0]


def _default_v6(picture: Picture) -> Iterator[str]:
    path = picture.root / "proc/net/ipv6_route"
    for line in path.read_text().splitlines() if path.exists() else ():
        words = line.split()
        unusable = int(words[8], 16) & 0x200  # RTF_REJECT (linux/ipv6_route.h)
        if set(words[0]) == {"0"} and words[1] == "00" and not unusable:
            yield f"{words[9]} (IPv6)"


def _confined(picture: Picture) -> bool:
    """Whether the firewall has a rule for the agent's user."""
    nft = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/usr/local/sbin")
    if nft is None or picture.root != Path("/"):
        return False
    done = subprocess.run(  # noqa: S603
        [nft, "list", "ruleset"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotTellError("the firewall cannot be read: be root, or use --probe")
    words = done.stdout.split()
    names = {str(picture.agent.uid), f'"{picture.agent.name}"'}
    return any(
        word == "skuid" and names & set(words[at + 1 : at + 3])
        for at, word in enumerate(words)
    )


def _escapes(picture: Picture) -> Iterator[str]:
    if not picture.probing:
        raise CannotTellError("it connects to public addresses: --probe tries it")
    if picture.caged:
        raise CannotTellError("agents are started with `dlp run`: see cage-holds")
    host, port = picture.listen
    done = _as_agent(
        picture,
        [sys.executable, "-I", "-m", "dlp", "probe", "--json"],
        {"HTTPS_PROXY": f"http://{host}:{port}"},
    )
    try:
        tries = orjson.loads(done.stdout)
    except ValueError:
        raise CannotTellError(f"dlp probe ended with {done.returncode}") from None
    yield from (f"{one['name']}: {one['seen']}" for one in tries if one["escaped"])


def _as_agent(
    picture: Picture, words: list[str], environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    agent = picture.agent
    ours = Path("/proc/self").stat().st_uid == agent.uid
    group = min(agent.groups, default=agent.uid)
    who: dict[str, Any] = {"user": agent.uid, "group": group, "extra_groups": []}
    try:
        return subprocess.run(  # noqa: S603
            words, env=environment, cwd="/", capture_output=True, text=True,
            timeout=PATIENCE_S, check=False, **({} if ours else who),
        )  # fmt: skip
    except PermissionError:
        raise CannotTellError(f"only root can try it as {agent.name}") from None


def _cage_leaks(picture: Picture) -> Iterator[str]:
    if not picture.probing:
        raise CannotTellError("--probe tries it")
    host, port = picture.listen
    words = [
        sys.executable, "-I", "-m", "dlp", "run", "--require-cage",
        "--proxy", f"{host}:{port}", "--state", str(picture.kept()), "--", "true",
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603
        words, cwd=picture.work, capture_output=True, text=True,
        timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    said = [line.removeprefix("dlp: ") for line in done.stderr.splitlines()]
    if done.returncode == ESCAPED:
        yield from said
    elif done.returncode:
        raise CannotTellError(said[-1] if said else f"exit code {done.returncode}")


def _engine(picture: Picture) -> Iterator[str]:
    if picture.caged:
        return  # the plan of a cage hides every socket that somebody listens on
    user = f"run/user/{picture.agent.uid}"
    names = (*_ENGINES, *(f"{user}/{name}" for name in _ENGINES_OF_USER))
    for name in names:
        path = picture.root / name
        if path.is_socket() and may(picture.agent, path, WRITE):
            yield f"{picture.agent.name} can use /{name}"
    if picture.environment.get("DOCKER_HOST", "").startswith("tcp://"):
        yield "DOCKER_HOST names a Docker engine on the network"


def _groups(picture: Picture) -> Iterator[str]:
    if picture.caged:
        return  # bubblewrap leaves no group but the user's own
    for name in _group_names(picture) & _ROOT_GROUPS:
        yield f"{picture.agent.name} is in the group {name}"


def _group_names(picture: Picture) -> set[str]:
    rows = [line.split(":") for line in picture.text("etc/group").splitlines()]
    return {
        row[0]
        for row in rows
        if len(row) > 3
        and (
            (row[2].isdecimal() and int(row[2]) in picture.agent.groups)
            or picture.agent.name in row[3].split(",")
        )
    }


def _sudo(picture: Picture) -> Iterator[str]:
    if picture.caged:
        return  # no new privileges in a cage
    folder = picture.root / "etc/sudoers.d"
    paths = [picture.root / "etc/sudoers"]
    paths += sorted(folder.iterdir()) if folder.is_dir() else []
    if not paths[0].exists():
        return
    meant = {"ALL", picture.agent.name, f"#{picture.agent.uid}"}
    meant |= {f"%{name}" for name in _group_names(picture)}
    for path in paths:
        for number, line in enumerate(_lines(path), start=1):
            words = line.split()
            if "NOPASSWD:" in line and words[0] in meant:
                yield f"{path}:{number} lets {words[0]} become root without a password"


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8", "replace").splitlines()


def _ssh_agent(picture: Picture) -> Iterator[str]:
    name = picture.environment.get("SSH_AUTH_SOCK", "")
    if name and not picture.caged and Path(name).is_socket():
        yield f"SSH_AUTH_SOCK leads to {name}"


def _trace(picture: Picture) -> Iterator[str]:
    if not picture.shared:
        return
    path = picture.root / "proc/sys/kernel/yama/ptrace_scope"
    scope = path.read_text().strip() if path.exists() else "0"
    if scope == "0" or picture.agent.uid == 0:
        yield f"{picture.agent.name} can attach to the proxy (ptrace_scope {scope})"


CHECKS = (
    Check(
        "agent-root", Severity.CRITICAL,
        "Agents do not run as root",
        "Root reads every key, changes every rule and ends the proxy.",
        "Give agents a user of their own (--agent-user), or start them with `dlp run` "
        "and say --caged",
        ("ASI05", "ASI03", "T3", "T11"), _root,
    ),
    Check(
        "agent-user", Severity.HIGH,
        "Agents run as another user than the proxy",
        "The same user reads the CA key, changes the rules and stops the proxy.",
        "Give agents a user of their own (--agent-user), or start them with `dlp run` "
        "and say --caged",
        ("ASI03", "T3"), _same_user,
    ),
    Check(
        "cage-works", Severity.HIGH,
        "A cage can be built here",
        "Without one `dlp run` only sets variables, which a program may ignore.",
        "Install bubblewrap and allow unprivileged user namespaces",
        ("ASI02", "ASI05", "T11"), _no_cage,
    ),
    Check(
        "cage-kernel", Severity.MEDIUM,
        "The kernel has what a cage is built of",
        "Without namespaces for everybody only root can build one.",
        "Set the switch that is named the other way, in /etc/sysctl.d",
        ("ASI05", "T11"), _kernel,
    ),
    Check(
        "cage-holds", Severity.CRITICAL,
        "Nothing gets out of a cage but through the proxy",
        "A cage that leaks is worse than none, for it is relied upon.",
        "Close what is named; until then refuse to run agents here",
        ("ASI02", "ASI10", "T13"), _cage_leaks,
    ),
    Check(
        "way-out", Severity.HIGH,
        "Agents have no route of their own to the internet",
        "A program that ignores the proxy variables is not stopped by them.",
        "Start agents with `dlp run` and say --caged, or drop what their user sends "
        "anywhere but to the proxy (nftables, `meta skuid`)",
        ("ASI02", "ASI10", "T2", "T13"), _route,
    ),
    Check(
        "way-out-tried", Severity.CRITICAL,
        "The agent's user tried to get out and could not",
        "What gets out here passes no rule, no detector and no record.",
        "Start agents with `dlp run`, or confine their user; then try again",
        ("ASI02", "ASI10", "T2", "T13"), _escapes,
    ),
    Check(
        "container-engine", Severity.CRITICAL,
        "Agents cannot reach a container engine",
        "It starts a container with the host's root and network: a way out and up.",
        "Take the socket or the group from the agent's user, or use `dlp run`, which "
        "hides it",
        ("ASI05", "ASI03", "T3", "T11"), _engine,
    ),
    Check(
        "agent-groups", Severity.HIGH,
        "Agents are in no group that amounts to root",
        "Members reach disks, machines or an engine that runs as root.",
        "gpasswd -d USER GROUP",
        ("ASI03", "T3"), _groups,
    ),
    Check(
        "agent-sudo", Severity.CRITICAL,
        "Agents cannot become root without a password",
        "What root can do the agent can.",
        "Remove the line",
        ("ASI03", "ASI05", "T3"), _sudo,
    ),
    Check(
        "ssh-agent", Severity.MEDIUM,
        "Agents reach no ssh-agent",
        "It signs in anywhere with keys that the agent cannot even read.",
        "Unset SSH_AUTH_SOCK for agents, or use `dlp run`",
        ("ASI03", "T3"), _ssh_agent,
    ),
    Check(
        "ptrace", Severity.MEDIUM,
        "Agents cannot look into the proxy's memory",
        "Bodies in flight, the CA key and the keys of the store are there.",
        "sysctl kernel.yama.ptrace_scope=1, or another user for agents",
        ("ASI03", "T3"), _trace,
    ),
)  # fmt: skip
