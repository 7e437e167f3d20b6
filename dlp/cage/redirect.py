"""
The way to the proxy for programs that know of none: names and connections, redirected.

Strategy: inside a network namespace of our own, every name gets an address of
198.18.0.0/15 (RFC 2544: never routed); that range is local, and nftables sends each TCP
connection into it to the relay, which asks the proxy for `name:port` with CONNECT. No
question about a name leaves the namespace, and no other address has a route: a program
that dials a literal address reaches nothing. Without `ip` or `nft` the namespace stays
closed; only programs that use the proxy variables then get out.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dlp.cage import kernel
from dlp.cage.relay import Choose, Dial, Streams

PORT = 3128
"""Where the proxy seems to be, in the cage, and where the rest is sent."""
NAMES = IPv4Network("198.18.0.0/15")
RULES = f"""\
table ip dlp {{
  chain out {{
    type nat hook output priority -100;
    ip daddr {NAMES} meta l4proto tcp redirect to :{PORT}
  }}
}}
"""
_NAME = re.compile(rb"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_HEAD_BYTES = 16 << 10
_ORIGINAL = 80
"""SO_ORIGINAL_DST (linux/netfilter_ipv4.h)."""
_TTL_S = 1
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def open_loopback() -> None:
    """Bring this namespace's loopback up: netdevice(7), SIOCGIFFLAGS, SIOCSIFFLAGS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, 0x8913, request))[1]
        fcntl.ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))


def install() -> bool:
    """
    Send connections to `NAMES` to `PORT`; whether that could be done.

    Needs CAP_NET_ADMIN in this network namespace, and nothing outside it.
    """
    ip, nft = (shutil.which(name, path=_PATH) for name in ("ip", "nft"))
    if ip is None or nft is None:
        return False
    low = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    try:
        low.write_text("0", encoding="ascii")  # of this namespace: port 53 is ours
    except OSError:
        return False
    route = [ip, "route", "add", "local", str(NAMES), "dev", "lo"]
    return _runs([nft, "-f", "-"], RULES) and _runs(route)


def _runs(words: list[str], given: str = "") -> bool:
    done = subprocess.run(  # noqa: S603
        words,
        input=given.encode(),
        capture_output=True,
        check=False,
        preexec_fn=lambda: kernel.hand_on(kernel.CAP_NET_ADMIN),
    )
    return done.returncode == 0


@dataclass(slots=True)
class Names:
    """Which address stands for which name; the oldest give way."""

    known: OrderedDict[str, IPv4Address] = field(default_factory=OrderedDict)
    named: dict[IPv4Address, str] = field(default_factory=dict)
    capacity: int = 60_000
    _made: int = 0

    def address(self, name: str) -> IPv4Address:
        """The address of `name`, from now on; our own for localhost (RFC 6761)."""
        if name.rpartition(".")[2] == "localhost":
            return IPv4Address("127.0.0.1")
        if (found := self.known.get(name)) is not None:
            self.known.move_to_end(name)
            return found
        if len(self.known) >= self.capacity:
            _, old = self.known.popitem(last=False)
            del self.named[old]
        self._made = self._made % (NAMES.num_addresses - 2) + 1
        while (address := NAMES[self._made]) in self.named:
            self._made = self._made % (NAMES.num_addresses - 2) + 1
        self.known[name], self.named[address] = address, name
        return address

    def name(self, address: str) -> str | None:
        """The name that `address` stands for; None where none does."""
        return self.named.get(IPv4Address(address))


def answer(query: bytes, names: Names) -> bytes:
    """
    The answer to one question: an A record, or that there is none of another type.

    Empty for what is no question (RFC 1035 section 4.1).
    """
    if len(query) < 17 or query[2] & 0x80 or query[4:6] != b"\0\1":
        return b""
    labels, at = [], 12
    while at < len(query) and 0 < query[at] < 64:
        labels.append(query[at + 1 : at + 1 + query[at]])
        at += 1 + query[at]
    name = b".".join(labels)
    if query[at : at + 1] != b"\0" or len(query) < at + 5:
        return b""
    question, kind = query[12 : at + 5], query[at + 1 : at + 5]
    good = len(name) < 254 and _NAME.fullmatch(name) is not None
    records = b""
    if good and kind == b"\0\1\0\1":
        address = names.address(name.decode("ascii").lower())
        records = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", _TTL_S, 4) + address.packed
    counts = struct.pack(">4H", 1, bool(records), 0, 0)
    state = b"\x81\x80" if good else b"\x81\x83"  # no such name
    return query[:2] + state + counts + question + records


class Resolver(asyncio.DatagramProtocol):
    """Answers on a datagram socket."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = answer(data, self.names)
        if reply and self.transport is not None:
            self.transport.sendto(reply, addr)


async def serve_names(names: Names) -> None:
    """Answer on this namespace's 127.0.0.1, port 53, where that is allowed."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        where = ("127.0.0.1", 53)
        await loop.create_datagram_endpoint(lambda: Resolver(names), local_addr=where)


def redirected(streams: Streams, names: Names) -> tuple[str, int] | None:
    """Where this connection was meant to go; None when it was meant for the proxy."""
    connection = streams[1].get_extra_info("socket")
    try:
        raw = connection.getsockopt(socket.SOL_IP, _ORIGINAL, 16)
    except OSError:
        return None
    port, address = struct.unpack("!2xH4s8x", raw)
    if IPv4Address(address) not in NAMES:
        return None
    return names.name(socket.inet_ntoa(address)) or "", port


def through(dial: Dial, target: tuple[str, int], proxy: str) -> Dial:
    """
    Connects to `target` by asking the proxy (RFC 9110 section 9.3.6).

    `proxy` is its URL, of which only the credentials are used.
    """
    at = urlsplit(proxy)
    secret = ""
    if at.username is not None:
        pair = f"{unquote(at.username)}:{unquote(at.password or '')}"
        coded = base64.b64encode(pair.encode()).decode()
        secret = f"Proxy-Authorization: Basic {coded}\r\n"
    host = f"{target[0]}:{target[1]}"

    async def connect() -> Streams:
        reader, writer = await dial()
        writer.write(
            f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n{secret}\r\n".encode()
        )
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        except (EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            writer.close()
            raise ConnectionRefusedError(os.fspath(host)) from error
        if len(head) > _HEAD_BYTES or head.split(b" ", 2)[1:2] != [b"200"]:
            writer.close()
            raise ConnectionRefusedError(host)
        return reader, writer

    return connect


def chooser(dial: Dial, names: Names, proxy: str) -> Choose:
    """Straight to the proxy, or through it to where a connection was meant to go."""

    def choose(streams: Streams) -> Dial:
        target = redirected(streams, names)
        return dial if target is None else through(dial, target, proxy)

    return choose
