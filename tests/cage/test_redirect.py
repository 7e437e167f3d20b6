import socket
import struct
from ipaddress import IPv4Address

import pytest

from dlp.cage.redirect import NAMES, Names, answer, through


def question(name, kind=1, count=1):
    labels = b"".join(bytes([len(p)]) + p for p in name.encode().split(b".") if p)
    head = struct.pack(">6H", 0x1234, 0x0100, count, 0, 0, 0)
    return head + labels + b"\0" + struct.pack(">HH", kind, 1)


def test_a_name_gets_an_address_of_the_range_and_keeps_it():
    names = Names()
    reply = answer(question("api.example.com"), names)
    address = socket.inet_ntoa(reply[-4:])
    assert IPv4Address(address) in NAMES
    assert names.name(address) == "api.example.com"
    assert answer(question("API.example.com"), names)[-4:] == reply[-4:]
    assert answer(question("other.example.com"), names)[-4:] != reply[-4:]


@pytest.mark.parametrize("name", ["localhost", "app.localhost"])
def test_localhost_is_this_machine(name):
    assert answer(question(name), Names())[-4:] == b"\x7f\0\0\1"


@pytest.mark.parametrize("kind", [28, 65, 16, 15, 255])
def test_a_question_of_another_type_has_an_empty_answer(kind):
    reply = answer(question("api.example.com", kind), Names())
    assert reply[3] & 0x0F == 0
    assert struct.unpack(">H", reply[6:8]) == (0,)


@pytest.mark.parametrize("name", ["a b.com", "a\u00e9.com", "a/b.com", "a\r\n.com"])
def test_what_is_no_host_name_has_no_address(name):
    """It would stand in a CONNECT line."""
    reply = answer(question(name), Names())
    assert reply[3] & 0x0F == 3


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 12,
        question("a.com")[:-3],
        question("a.com", count=2),
        b"\x12\x34\x81\x80" + question("a.com")[4:],
        question("a.com")[:12] + b"\xc0\x0c\0\1\0\1",
    ],
)
def test_what_is_no_question_has_no_answer(data):
    assert answer(data, Names()) == b""


def test_no_prefix_of_a_question_raises():
    whole = question("api.example.com")
    for end in range(len(whole)):
        assert answer(whole[:end], Names()) == b""


def test_the_oldest_names_give_way():
    names = Names(capacity=2)
    first = names.address("a")
    names.address("b")
    names.address("a")
    names.address("c")
    assert names.name(str(first)) == "a"
    assert list(names.known) == ["a", "c"]
    assert sorted(names.named.values()) == ["a", "c"]


class Wire:
    """The proxy's side of a connection, scripted."""

    def __init__(self, head):
        self.head, self.sent, self.closed = head, b"", False

    def write(self, data):
        self.sent += data

    def close(self):
        self.closed = True

    async def readuntil(self, _end):
        return self.head


async def test_a_redirected_connection_asks_the_proxy_with_the_agents_credentials():
    wire = Wire(b"HTTP/1.1 200 Connection established\r\n\r\n")

    async def dial():
        return wire, wire

    target = ("api.example.com", 443)
    await through(dial, target, "http://id%40:to%3Aken@127.0.0.1:1")()
    lines = wire.sent.split(b"\r\n")
    assert lines[0] == b"CONNECT api.example.com:443 HTTP/1.1"
    assert lines[2] == b"Proxy-Authorization: Basic aWRAOnRvOmtlbg=="
    assert not wire.closed


@pytest.mark.parametrize("head", [b"HTTP/1.1 403 No\r\n\r\n", b"nonsense\r\n\r\n"])
async def test_a_refused_connection_is_closed(head):
    wire = Wire(head)

    async def dial():
        return wire, wire

    with pytest.raises(ConnectionRefusedError):
        await through(dial, ("a.test", 1), "http://127.0.0.1:1")()
    assert wire.closed
