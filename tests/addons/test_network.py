"""Where sockets may go, asked of the loop that opens them."""

import asyncio
import socket

import pytest

from addons.network import PRIVATE, GuardedLoop, is_local, permit

OWN = ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"]
)
def test_our_own_ports_are_closed_under_every_local_address(address):
    permits = permit(lambda _: True, frozenset({OWN}))
    assert is_local(address)
    assert not permits(address, 8080)
    assert permits(address, 8081)


def test_elsewhere_the_same_port_is_open():
    permits = permit(lambda _: True, frozenset({OWN}))
    assert permits("192.0.2.1", 8080)
    assert not is_local("192.0.2.1")
    assert not permit(lambda _: False, frozenset())("192.0.2.1", 443)


def run(work):
    with asyncio.Runner(loop_factory=GuardedLoop) as runner:
        return runner.run(work(runner.get_loop()))


def test_a_loop_that_was_told_nothing_connects_nowhere():
    async def work(loop):
        with socket.create_server(("127.0.0.1", 0)) as server:
            with pytest.raises(OSError, match=PRIVATE):
                await asyncio.open_connection(*server.getsockname())
            with socket.socket() as sock, pytest.raises(OSError, match=PRIVATE):
                sock.setblocking(False)
                await loop.sock_connect(sock, server.getsockname())

    run(work)


def test_a_name_that_changes_between_lookups_is_vetted_at_each(monkeypatch):
    """DNS rebinding (a13): what a lookup gave before permits nothing now."""
    answers = iter(["192.0.2.1", "127.0.0.1"])

    def resolve(_host, port, *_arguments):
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (next(answers), port))]

    async def work(loop):
        loop.permits = lambda address, _port: address == "192.0.2.1"
        assert await loop.getaddrinfo("rebound.test", 80)
        with pytest.raises(OSError, match=PRIVATE):
            await loop.getaddrinfo("rebound.test", 80)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    run(work)


def test_of_several_addresses_the_open_ones_are_kept(monkeypatch):
    def resolve(_host, port, *_arguments):
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [
            (*kind, (a, port)) for a in ("10.0.0.1", "192.0.2.1", "169.254.169.254")
        ]

    async def work(loop):
        loop.permits = lambda address, _port: address == "192.0.2.1"
        found = await loop.getaddrinfo("mixed.test", 80)
        assert [info[4][0] for info in found] == ["192.0.2.1"]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    run(work)
