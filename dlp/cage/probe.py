"""
Tries, from where it runs, to get out without the proxy.

Strategy: `CHECKS` is the table: a name and a try that says what got out, or "". Nothing
of worth is sent, nothing outside is changed, and no try waits longer than a few
seconds. The tries that fork come first, while this process has one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from dlp.cage import probe_machine as machine
from dlp.cage import probe_network as network
from dlp.cage import probe_sockets as sockets
from dlp.cage.probe_network import Place

V4, V6 = "1.1.1.1", "2606:4700:4700::1111"
type Try = Callable[[Place], str]


@dataclass(frozen=True, slots=True)
class Check:
    """One way out, tried."""

    name: str
    escaped: bool
    seen: str


def run_probe(own_port: int = 0, hidden: tuple[str, ...] = ()) -> list[Check]:
    """
    Try every way.

    `own_port` is the loopback port that leads to the proxy; `hidden` are folders in
    which nothing may be seen, besides the usual ones.
    """
    place = Place(own_port, hidden)
    seen = {name: _tried(attempt, place) for name, attempt in ON_THE_MACHINE}
    with ThreadPoolExecutor(len(TO_THE_NETWORK)) as pool:
        waiting = {
            n: pool.submit(_tried, attempt, place) for n, attempt in TO_THE_NETWORK
        }
        seen |= {name: future.result() for name, future in waiting.items()}
    return [Check(name, bool(seen[name]), seen[name] or "closed") for name, _ in CHECKS]


def _tried(attempt: Try, place: Place) -> str:
    """What it found; a try that cannot be made shows nothing, so it counts as a way."""
    try:
        return attempt(place)
    except OSError as error:
        return f"could not be tried: {error}"


TO_THE_NETWORK: tuple[tuple[str, Try], ...] = (
    ("direct TCP", network.tcp(V4, 443)),
    ("direct TCP over IPv6", network.tcp(V6, 443)),
    ("direct HTTP, as with --noproxy", network.tcp(V4, 80)),
    ("UDP", network.route(V4, 9)),
    ("UDP over IPv6", network.route(V6, 9)),
    ("QUIC", network.route(V4, 443)),
    ("QUIC over IPv6", network.route(V6, 443)),
    ("DNS to a public resolver", network.route("8.8.8.8", 53)),
    ("DNS over TCP", network.tcp("8.8.8.8", 53)),
    ("DNS over TLS", network.tcp(V4, 853)),
    ("DNS over HTTPS", network.tcp("8.8.8.8", 443)),
    ("DNS to the configured resolver", network.resolver),
    ("multicast DNS and neighbours", network.neighbours),
    ("ICMP", network.icmp),
    ("SSH", network.tcp(V4, 22)),
    ("mail", network.tcp(V4, 25)),
    ("NTP", network.route("162.159.200.1", 123)),
    ("SCTP, UDP-Lite, DCCP, MPTCP", network.other_transports),
    ("cloud metadata", network.metadata),
    ("private networks", network.private_networks),
    ("the proxy's own ports", network.proxy_ports),
    ("services on loopback", network.loopback),
)
ON_THE_MACHINE: tuple[tuple[str, Try], ...] = (
    ("raw sockets", network.raw),
    ("packet sockets", network.packet),
    ("vsock and other socket families", network.families),
    ("abstract Unix sockets", sockets.abstract),
    ("container engines", sockets.engines),
    ("D-Bus and systemd, as systemd-run --user", sockets.buses),
    ("SSH and GPG agents", sockets.agents),
    ("display and sound servers", sockets.displays),
    ("other sockets in the file system", sockets.others),
    ("processes outside: ptrace, /proc/*/root, nsenter", machine.processes),
    ("the proxy's state, ~/.ssh and other keys", machine.hidden_files),
    ("network file systems", machine.remote_files),
    ("unmounting, in a nested user namespace", machine.unmounted),
    ("capabilities", machine.capabilities),
    ("setuid programs", machine.setuid),
    ("other terminals, typing into this one", machine.terminals),
    ("the kernel's key rings", machine.key_rings),
    ("disks and input devices", machine.devices),
    ("cron and what the kernel runs", machine.run_by_others),
)
CHECKS = (*TO_THE_NETWORK, *ON_THE_MACHINE)
