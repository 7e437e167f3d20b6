"""
Ways out that are a Unix socket: whoever answers there does what it is asked.

Why not in `probe_network`: these are found by path, and who is outside is told by the
process that the kernel says is at the other end (unix(7), SO_PEERCRED).
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from dlp.cage.plan import bound_sockets, reachable_sockets
from dlp.cage.probe_network import PATIENCE_S, Place, has_own_processes
from dlp.cage.sockets import sockets_below

ENGINES = (
    "/var/run/docker.sock", "/run/docker.sock", "~/.docker/run/docker.sock",
    "$XDG_RUNTIME_DIR/docker.sock", "/run/containerd/containerd.sock",
    "/run/podman/podman.sock", "$XDG_RUNTIME_DIR/podman/podman.sock",
    "/run/crio/crio.sock", "/run/k3s/containerd/containerd.sock",
    "/var/lib/incus/unix.socket", "/var/lib/lxd/unix.socket",
    "/var/snap/lxd/common/lxd/unix.socket", "/run/libvirt/libvirt-sock",
    "/run/snapd.socket", "$DOCKER_HOST", "$CONTAINER_HOST",
)  # fmt: skip
BUSES = (
    "$DBUS_SESSION_BUS_ADDRESS", "$XDG_RUNTIME_DIR/bus", "/run/user/{user}/bus",
    "$XDG_RUNTIME_DIR/systemd/private", "/run/user/{user}/systemd/private",
    "/run/dbus/system_bus_socket", "/run/systemd/private",
    "/run/systemd/journal/stdout", "/run/systemd/resolve/io.systemd.Resolve",
    "/run/nscd/socket", "/run/systemd/io.systemd.Credentials",
)  # fmt: skip
AGENTS = (
    "$SSH_AUTH_SOCK", "~/.gnupg/S.gpg-agent", "/run/user/{user}/gnupg/S.gpg-agent",
    "~/.1password/agent.sock", "/run/user/{user}/keyring/ssh",
    "/run/user/{user}/openssh_agent",
)  # fmt: skip
DISPLAYS = (
    "/tmp/.X11-unix/X0", "/tmp/.X11-unix/X1",  # noqa: S108
    "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY", "/run/user/{user}/wayland-0",
    "/run/user/{user}/pulse/native", "/run/user/{user}/pipewire-0",
)  # fmt: skip


def abstract(_place: Place) -> str:
    """Sockets without a file (unix(7)); the network namespace holds them."""
    for name in reachable_sockets(_table()):
        if name.startswith("@") and _answers("\0" + name[1:]):
            return f"abstract socket {name[:60]}"
    return ""


def engines(_place: Place) -> str:
    """Whoever runs containers for us runs them outside."""
    return _any_of(_named(ENGINES))


def buses(_place: Place) -> str:
    """Whoever starts units for us starts them outside."""
    return _any_of(_named(BUSES))


def agents(_place: Place) -> str:
    """Whoever signs for us needs no key of ours."""
    return _any_of(_named(AGENTS))


def displays(_place: Place) -> str:
    """A display server types into other windows."""
    return _any_of(_named(DISPLAYS))


def others(_place: Place) -> str:
    """All that are bound in this namespace, or stand in our folder or at home."""
    found = [*bound_sockets(_table()), *sockets_below(Path.cwd())]
    with suppress(RuntimeError):  # a user without a home
        found += sockets_below(Path.home())
    return _any_of(map(str, found))


def _table() -> str:
    with suppress(OSError):
        return Path("/proc/net/unix").read_text("utf-8", "surrogateescape")
    return ""


def _named(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        path = os.path.expandvars(name.replace("{user}", str(os.getuid())))
        if "$" in path:
            continue
        for prefix in ("unix:path=", "unix://"):
            path = path.removeprefix(prefix)
        path = path.partition(",")[0]
        yield "\0" + path[14:] if path.startswith("unix:abstract=") else path


def _any_of(paths: Iterable[str]) -> str:
    for path in paths:
        if _answers(os.path.expanduser(path)):  # noqa: PTH111  # may be abstract
            return f"socket {path}"
    return ""


def _answers(address: str) -> bool:
    """Whether somebody outside takes a connection or a message there."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        with (
            suppress(OSError, ValueError),
            socket.socket(socket.AF_UNIX, kind) as trial,
        ):
            trial.settimeout(PATIENCE_S)
            trial.connect(address)
            return _process(trial) == 0 or not has_own_processes()
    return False


def peer(path: str) -> int:
    """
    The process that listens at `path`; 0 when it is outside what we can see.

    Raises:
        OSError: nobody listens there.
    """
    with socket.socket(socket.AF_UNIX) as trial:
        trial.settimeout(PATIENCE_S)
        trial.connect(path)
        return _process(trial)


def _process(connected: socket.socket) -> int:
    told = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    process: int = struct.unpack("3i", told)[0]
    return process
