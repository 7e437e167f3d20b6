"""
Ways out that are a socket call away.

Strategy: every maker here gives a try `(Place) -> what got out, or ""`. A connected UDP
socket tells whether a route exists without sending a byte.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from dlp.cage import kernel
from dlp.cage.redirect import NAMES

PATIENCE_S = 1.5
PROXY_PORTS = (8080, 8081, 9464)
COMMON_PORTS = (22, 53, 80, 443, 2375, 3000, 5000, 5432, 6379, 8000, 8888, 9222, 11434)
METADATA = (
    "169.254.169.254",  # AWS, Google, Azure, OpenStack, DigitalOcean
    "fd00:ec2::254",  # AWS over IPv6
    "169.254.170.2",  # AWS containers
    "168.63.129.16",  # Azure's host
    "100.100.100.200",  # Alibaba
)
PRIVATE = ("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.168.1.1", "100.64.0.1")
NEIGHBOURS = (("224.0.0.251", 5353), ("239.255.255.250", 1900), ("ff02::fb%lo", 5353))
TRANSPORTS = {
    "SCTP": (socket.SOCK_STREAM, 132),
    "UDP-Lite": (socket.SOCK_DGRAM, 136),
    "DCCP": (6, 33),
    "MPTCP": (socket.SOCK_STREAM, 262),
}
FAMILIES = {"vsock": (40, 1), "Bluetooth": (31, 3), "QRTR": (42, 2), "RDS": (21, 5)}
_INITIAL = "pid:[4026531836]"
"""The first process namespace (Linux, include/linux/proc_ns.h)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the probe runs."""

    own_port: int
    """Loopback port that leads to the proxy; 0 for none."""
    hidden: tuple[str, ...] = ()


def has_own_processes() -> bool:
    """Whether all processes that can be seen are of a namespace of our own."""
    with suppress(OSError):
        return Path("/proc/self/ns/pid").readlink() != Path(_INITIAL)
    return False


def tcp(host: str, port: int) -> Callable[[Place], str]:
    """A connection."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def attempt(_place: Place) -> str:
        with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.settimeout(PATIENCE_S)
            trial.connect((host, port))
            return f"connected to {host} port {port}"
        return ""

    return attempt


def route(host: str, port: int) -> Callable[[Place], str]:
    """A route, found without sending."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET

    def attempt(_place: Place) -> str:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.connect((host, port))
            return f"a route to {host} port {port}/udp from {trial.getsockname()[0]}"
        return ""

    return attempt


def _first(attempts: list[Callable[[Place], str]], place: Place) -> str:
    return next((found for each in attempts if (found := each(place))), "")


def icmp(_place: Place) -> str:
    """Both kinds of socket that send an echo request, over both protocols."""
    for family, host, protocol in (
        (socket.AF_INET, "1.1.1.1", socket.IPPROTO_ICMP),
        (socket.AF_INET6, "2606:4700:4700::1111", socket.IPPROTO_ICMPV6),
    ):
        for kind, name in ((socket.SOCK_RAW, "raw"), (socket.SOCK_DGRAM, "datagram")):
            with suppress(OSError), socket.socket(family, kind, protocol) as trial:
                trial.connect((host, 0))
                return f"a route for ICMP to {host} ({name} socket)"
    return ""


def other_transports(_place: Place) -> str:
    """Transports that a filter of TCP and UDP forgets."""
    for name, (kind, protocol) in TRANSPORTS.items():
        with (
            suppress(OSError),
            socket.socket(socket.AF_INET, kind, protocol) as trial,
        ):
            trial.settimeout(0)
            code = trial.connect_ex(("1.1.1.1", 443))
            if code in {0, errno.EINPROGRESS, errno.EAGAIN}:
                return f"a route for {name}"
    return ""


def neighbours(place: Place) -> str:
    """Who stands on the same wire; a message to all of them."""
    found = _first([route(host, port) for host, port in NEIGHBOURS[:2]], place)
    if found:
        return found
    with (
        suppress(OSError),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial,
    ):
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        trial.connect(("255.255.255.255", 9))
        return "a route to 255.255.255.255"
    return ""


def metadata(place: Place) -> str:
    """Where a cloud hands out its credentials."""
    return _first([tcp(host, 80) for host in METADATA], place)


def private_networks(place: Place) -> str:
    """Routes into the ranges of RFC 1918 and RFC 6598."""
    return _first([route(host, 9) for host in PRIVATE], place)


def raw(_place: Place) -> str:
    """Packets of our own making (man 7 raw)."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with (
            suppress(OSError),
            socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW),
        ):
            return "a raw socket can be made"
    return ""


def packet(_place: Place) -> str:
    """Frames of our own making (man 7 packet)."""
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        with suppress(OSError), socket.socket(socket.AF_PACKET, kind):
            return "a packet socket can be made"
    return ""


def families(_place: Place) -> str:
    """Families that no network namespace holds, and the calls that no filter sees."""
    for name, (family, kind) in FAMILIES.items():
        with suppress(OSError), socket.socket(family, kind):
            return f"a {name} socket can be made: it leads to the host"
    try:
        kernel.syscall(425, 1, None)  # io_uring_setup(2)
    except OSError as error:
        if error.errno == errno.EFAULT:
            return "io_uring makes sockets that no filter sees"
    return ""


_QUERY = (
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    b"\x07example\x07invalid\x00\x00\x01\x00\x01"
)
"""A question for `example.invalid`, a name that no one can own (RFC 2606)."""


def resolver(_place: Place) -> str:
    """The resolvers of resolv.conf, where a name itself carries data out."""
    text = ""
    with suppress(OSError):
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    rows = (line.split() for line in text.splitlines())
    hosts = [row[1].partition("%")[0] for row in rows if row[:1] == ["nameserver"]]
    for host in (*hosts, "127.0.0.53", "127.0.0.1"):
        if _answers_dns(host):
            return f"the resolver {host} answers"
    return ""


def _answers_dns(host: str) -> bool:
    """An address of the cage's own range shows that the cage itself answers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.settimeout(PATIENCE_S)
        trial.connect((host, 53))
        trial.send(_QUERY)
        reply = trial.recv(512)
        own = len(reply) == len(_QUERY) + 16 and IPv4Address(reply[-4:]) in NAMES
        return not own
    return False


def proxy_ports(place: Place) -> str:
    """Metrics and console: what an agent must not read or decide."""
    ports = [port for port in PROXY_PORTS if port != place.own_port]
    return _first([tcp(host, port) for port in ports for host in _LOOPBACK], place)


_LOOPBACK = ("127.0.0.1", "::1")


def loopback(place: Place) -> str:
    """Whoever listens here, but for what was started in this cage."""
    listening = _listeners()
    ours = _own_sockets() if has_own_processes() else frozenset[str]()
    for port in sorted({*COMMON_PORTS, *listening} - {place.own_port, *PROXY_PORTS}):
        if listening.get(port) in ours:
            continue
        found = _first([tcp(host, port) for host in _LOOPBACK], place)
        if found:
            return found
    return ""


def _listeners() -> dict[int, str]:
    """Port to inode of the TCP sockets that listen in this namespace: proc(5)."""
    found = {}
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            text = Path(f"/proc/net/{name}").read_text(encoding="ascii")
            for line in text.splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A":
                    found[int(fields[1].rpartition(":")[2], 16)] = fields[9]
    return found


def _own_sockets() -> frozenset[str]:
    """Inodes of the sockets of every process that can be seen."""
    found = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return frozenset(found)
