"""
Where this process may connect to: every address is vetted where sockets are opened.

Why not in `transport`: a hook sees the name that was asked for; only the event loop
sees each address that is dialled, also the second one of a name.

Strategy: a subclass of asyncio's loop. `getaddrinfo` drops addresses that are closed,
so that a name with an open and a closed one reaches the open one; `sock_connect`
refuses the rest before a packet is sent, address literals included, which asyncio
never resolves. mitmproxy keeps the name as the address of a connection, so that
connections are found again and reused.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from dlp.model import Deadlines

PRIVATE = "agent-dlp: the address is not public"
"""Text of the error that `sock_connect` and `getaddrinfo` raise."""

type Permit = Callable[[str, int], bool]
"""(address, port) -> whether a connection may go there."""


def _nowhere(_address: str, _port: int) -> bool:
    return False


class GuardedLoop(asyncio.SelectorEventLoop):
    """Connects only where `permits` says; nowhere until it is set."""

    permits: Permit = staticmethod(_nowhere)
    deadlines: Callable[[], Deadlines] = Deadlines

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """
        The addresses of a name that are open.

        Raises:
            OSError: none is, or the name does not resolve.
        """
        found = await asyncio.wait_for(
            super().getaddrinfo(host, port, **options), self.deadlines().connect
        )
        kept = [info for info in found if self.permits(*info[4][:2])]
        if not kept:
            raise OSError(PRIVATE)
        return kept

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """
        Connect, if the address is open.

        Raises:
            OSError: it is not, it refuses, or it does not answer in time.
        """
        if not self.permits(*address[:2]):
            raise OSError(PRIVATE)
        attempt = super().sock_connect(sock, address)
        await asyncio.wait_for(attempt, self.deadlines().connect)


def permit(
    allowed: Callable[[str], bool], closed: frozenset[tuple[str, int]]
) -> Permit:
    """
    Open: what `allowed` says, without the ports of our own that an agent must not
    reach (`closed`: the addresses we listen on), under any local address.
    """
    ports = {port for _, port in closed}

    def permits(address: str, port: int) -> bool:
        if port in ports and is_local(address):
            return False
        return allowed(address)

    return permits


def is_local(address: str) -> bool:
    """Whether the address is one of this machine: then it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
