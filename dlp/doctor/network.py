"""Who listens on what TCP port, from `/proc/net/tcp` and `tcp6` (proc_net_tcp(5))."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening socket."""

    address: IPv4Address | IPv6Address
    port: int
    uid: int

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        mapped = getattr(self.address, "ipv4_mapped", None)
        return (mapped or self.address).is_loopback

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"


def listeners(*tables: str) -> tuple[Listener, ...]:
    """The listening sockets of the tables, each once."""
    found = {one for table in tables for one in _read(table)}
    return tuple(sorted(found, key=lambda one: (one.port, str(one.address))))


def _read(table: str) -> Iterator[Listener]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[3] == _LISTEN:
            host, _, port = fields[1].partition(":")
            yield Listener(_address(host), int(port, 16), int(fields[7]))


def _address(text: str) -> IPv4Address | IPv6Address:
    """Words of 32 bits in the order of this machine."""
    raw = bytes.fromhex(text)
    if sys.byteorder == "little":
        words = (raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
        raw = b"".join(words)
    return IPv4Address(raw) if len(raw) == 4 else IPv6Address(raw)
