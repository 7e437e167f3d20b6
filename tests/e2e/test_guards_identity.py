"""Threat e16: who asks is asked for on every message, and never the word of a header."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import time

import pytest
from wsproto.frame_protocol import Opcode

from tests.harness.proxy import DLP
from tests.harness.wire import Wire, frame, read_frame

POLICY = """\
version: 1
statements:
  - {id: both, effect: allow, hosts: [a.test], ports: ["*"], agents: [one, two]}
  - {id: unread, effect: allow, hosts: [c.test], ports: ["*"], inspect: none}
  - {id: first, effect: allow, hosts: [b.test], ports: ["*"], agents: [one]}
"""
WEBSOCKET = [
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]


def dlp(proxy, *arguments: str) -> str:
    command = [str(DLP), *arguments, "--state", str(proxy.state)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


class Agents:
    """A proxy with agents, and what each of them sends."""

    def __init__(self, proxy, *names: str) -> None:
        self.proxy = proxy
        self.tokens = {name: self.add(name) for name in names}
        self.wait_known(names)

    def add(self, name: str) -> str:
        return json.loads(dlp(self.proxy, "agents", "add", name, "--json"))["token"]

    def credentials(self, name: str) -> tuple[str, str]:
        pair = base64.b64encode(f"{name}:{self.tokens[name]}".encode()).decode()
        return "Proxy-Authorization", f"Basic {pair}"

    def line(self, name: str) -> str:
        return "{}: {}\r\n".format(*self.credentials(name))

    def wait_known(self, names: tuple[str, ...]) -> None:
        """Until the running proxy tells of all; to try them would count as guessing."""
        end = time.monotonic() + 30
        while not all(f'agent="{name}"' in self.proxy.scrape()[1] for name in names):
            assert time.monotonic() < end
            time.sleep(0.1)

    def wait(self, status: int, name: str = "") -> None:
        """Until the running proxy knows."""
        line = self.line(name) if name else ""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with Wire.to(self.proxy) as wire:
                if wire.try_tunnel("a.test:443", line).status == status:
                    return
            time.sleep(0.02)
        pytest.fail(f"no {status} in 30 s")


@pytest.fixture(scope="module")
def agents(start_proxy) -> Agents:
    return Agents(start_proxy(POLICY), "one", "two")


def test_a_challenge_is_answered_on_the_same_connection(agents, secure):
    """RFC 9110, 11.7.1: clients that wait for the 407 go on where they are."""
    host = f"a.test:{secure.port}"
    with Wire.to(agents.proxy) as wire:
        assert wire.try_tunnel(host).status == 407
        assert (
            wire.try_tunnel(host, "Proxy-Authorization: Basic eDp5\r\n").status == 407
        )
        wire.connect_tunnel(host, agents.line("two")).start_tls(agents.proxy, "a.test")
        for _ in range(2):
            answer = wire.request("/", headers=[("Host", host)])
            assert (answer.status, answer.body) == (200, b"ok\n")


@pytest.mark.parametrize("closed", ["10.0.0.1:443", "[::ffff:10.0.0.1]:80"])
def test_a_refused_tunnel_is_nowhere_when_the_next_one_opens(agents, secure, closed):
    host = f"a.test:{secure.port}"
    with Wire.to(agents.proxy) as wire:
        assert wire.try_tunnel(closed, agents.line("one")).status == 403
        wire.connect_tunnel(host, agents.line("one")).start_tls(agents.proxy, "a.test")
        assert wire.request("/", headers=[("Host", host)]).status == 200


def test_two_agents_on_one_connection_are_two_agents(agents, plain):
    """What one of them may do, the other may not, whoever came first."""
    host = f"b.test:{plain.port}"
    with Wire.to(agents.proxy) as wire:
        for name, status in [("one", 200), ("two", 403), ("one", 200), ("", 407)]:
            sent = [agents.credentials(name)] if name else []
            answer = wire.request(f"http://{host}/", headers=[("Host", host), *sent])
            assert answer.status == status
    assert len(plain.requests) == 2
    assert b"roxy-" not in plain.received


@pytest.mark.parametrize(
    "name", ["X-Agent", "X-Forwarded-User", "Agent", "Authorization", "From"]
)
def test_no_other_header_is_an_identity(agents, plain, name):
    host = f"b.test:{plain.port}"
    fields = [("Host", host), (name, agents.credentials("one")[1])]
    with Wire.to(agents.proxy) as wire:
        answer = wire.request(f"http://{host}/", headers=fields)
        assert answer.status == 407
        fields.append(agents.credentials("two"))
        assert wire.request(f"http://{host}/", headers=fields).status == 403
    assert plain.empty


def test_credentials_inside_a_tunnel_change_nobody_and_do_not_leave(agents, plain):
    host = f"b.test:{plain.port}"
    with Wire.to(agents.proxy).connect_tunnel(host, agents.line("two")) as wire:
        fields = [("Host", host), agents.credentials("one")]
        assert wire.request("/", headers=fields).status == 403
    with Wire.to(agents.proxy).connect_tunnel(host, agents.line("one")) as wire:
        fields = [("Host", host), agents.credentials("two")]
        assert wire.request("/", headers=fields).status == 200
    assert [request.header("proxy-authorization") for request in plain.requests] == [
        None
    ]


def test_a_revoked_agent_is_out_in_the_middle_of_everything(
    start_proxy, authority, plain, secure
):
    """A tunnel that is read, one that is not, half a body, a WebSocket."""
    agents = Agents(start_proxy(POLICY), "one")
    proxy, line = agents.proxy, agents.line("one")
    name, unread = f"a.test:{plain.port}", f"c.test:{secure.port}"
    origin = ssl.create_default_context(cafile=str(authority.pem))
    with (
        Wire.to(proxy).connect_tunnel(name, line) as read,
        Wire.to(proxy).connect_tunnel(unread, line) as closed,
        Wire.to(proxy) as body,
        Wire.to(proxy).connect_tunnel(name, line) as websocket,
    ):
        assert read.request("/", headers=[("Host", name)]).status == 200
        closed.start_tls(origin, "c.test")
        assert closed.request("/", headers=[("Host", unread)]).status == 200
        body.send(
            f"POST http://{name}/late HTTP/1.1\r\nHost: {name}\r\n{line}"
            "Content-Length: 4\r\n\r\nla".encode()
        )
        opened = websocket.request("/ws", headers=[("Host", name), *WEBSOCKET])
        assert opened.status == 101

        dlp(proxy, "agents", "revoke", "one")
        agents.wait(407, "one")

        assert read.request("/late", headers=[("Host", name)]).status == 407
        closed.send(f"GET /late HTTP/1.1\r\nHost: {unread}\r\n\r\n".encode())
        assert closed.is_closed()
        assert body.send(b"te").response().status == 407
        websocket.send(frame(Opcode.TEXT, b"late"))
        assert read_frame(websocket) == (Opcode.CLOSE, (1008).to_bytes(2, "big"))
    assert b"late" not in plain.received + secure.received
    assert all(kind == "close" for kind, _ in plain.messages)
