"""
Tries, from where it runs, to get out without the proxy.

Strategy: `CHECKS` is the table: a name and a try that says what got out, or "". Nothing
of worth is sent, and no try waits longer than `PATIENCE_S`. A connected UDP socket
tells whether a route exists without sending a byte.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dlp.cage.plan import listening_sockets

PATIENCE_S = 1.5
V4, V6 = "1.1.1.1", "2606:4700:4700::1111"
METADATA = "169.254.169.254"
PROXY_PORTS = (8080, 8081, 9464)
COMMON_PORTS = (22, 53, 80, 443, 2375, 3000, 5000, 5432, 6379, 8000, 8888, 9222, 11434)


@dataclass(frozen=True, slots=True)
class Check:
    """One way out, tried."""

    name: str
    escaped: bool
    seen: str


def run_probe(own_port: int = 0) -> list[Check]:
    """Try every way; `own_port` is the loopback port that leads to the proxy."""
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        seen = list(pool.map(lambda check: check[1](own_port), CHECKS))
    return [
        Check(name, bool(what), what or "closed")
        for (name, _), what in zip(CHECKS, seen, strict=True)
    ]


def _tcp(host: str, port: int) -> Callable[[int], str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def check(_own: int) -> str:
        with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.settimeout(PATIENCE_S)
            trial.connect((host, port))
            return f"connected to {host} port {port}"
        return ""

    return check


def _route(host: str, port: int) -> Callable[[int], str]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def check(_own: int) -> str:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect((host, port))
            return f"a route to {host} port {port}/udp from {trial.getsockname()[0]}"
        return ""

    return check


def _icmp(_own: int) -> str:
    kinds = ((socket.SOCK_RAW, "raw"), (socket.SOCK_DGRAM, "datagram"))
    for kind, name in kinds:
        with (
            suppress(OSError),
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP) as trial,
        ):
            trial.connect((V4, 0))
            return f"a route for ICMP ({name} socket)"
    return ""


def _resolver(_own: int) -> str:
    """The resolvers of resolv.conf, where a name itself carries data out."""
    text = ""
    with suppress(OSError):
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            host = words[1].partition("%")[0]
            found = _answers_dns(host)
            if found:
                return found
    return ""


_QUERY = (
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    b"\x07example\x07invalid\x00\x00\x01\x00\x01"
)
"""A question for `example.invalid`, a name that no one can own (RFC 2606)."""


def _answers_dns(host: str) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.settimeout(PATIENCE_S)
        trial.connect((host, 53))
        trial.send(_QUERY)
        trial.recv(512)
        return f"the resolver {host} answers"
    return ""


def _loopback(own: int) -> str:
    for port in {*PROXY_PORTS, *COMMON_PORTS} - {own}:
        for host in ("127.0.0.1", "::1"):
            found = _tcp(host, port)(own)
            if found:
                return found
    return ""


def _abstract(_own: int) -> str:
    """Listening sockets without a file (unix(7)); the network namespace holds them."""
    with suppress(OSError):
        table = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
        for line in table.splitlines()[1:]:
            fields = line.split(maxsplit=7)
            if len(fields) == 8 and fields[3] == "00010000" and fields[7][0] == "@":
                return f"abstract socket {fields[7][:60]}"
    return ""


_KNOWN_SOCKETS = (
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/dbus/system_bus_socket",
    "/tmp/.X11-unix/X0",  # noqa: S108
    "/run/systemd/private",
)


def _file_sockets(_own: int) -> str:
    paths = [Path(name) for name in _KNOWN_SOCKETS]
    agent = os.environ.get("SSH_AUTH_SOCK")
    if agent:
        paths.append(Path(agent))
    with suppress(OSError):
        text = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace")
        paths += listening_sockets(text)
    for path in paths:
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial,
        ):
            trial.settimeout(PATIENCE_S)
            trial.connect(str(path))
            return f"socket {path}"
    return ""


CHECKS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("direct TCP", _tcp(V4, 443)),
    ("direct TCP over IPv6", _tcp(V6, 443)),
    ("direct HTTP, as with --noproxy", _tcp(V4, 80)),
    ("UDP", _route(V4, 9)),
    ("UDP over IPv6", _route(V6, 9)),
    ("QUIC", _route(V4, 443)),
    ("DNS to a public resolver", _route("8.8.8.8", 53)),
    ("DNS over TCP", _tcp("8.8.8.8", 53)),
    ("DNS over TLS", _tcp(V4, 853)),
    ("DNS over HTTPS", _tcp("8.8.8.8", 443)),
    ("DNS to the configured resolver", _resolver),
    ("ICMP", _icmp),
    ("SSH", _tcp(V4, 22)),
    ("NTP", _route("162.159.200.1", 123)),
    ("cloud metadata", _tcp(METADATA, 80)),
    ("services on loopback", _loopback),
    ("abstract sockets", _abstract),
    ("sockets in the file system", _file_sockets),
)
