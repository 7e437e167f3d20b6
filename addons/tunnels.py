"""
CONNECT, and what the first bytes inside decide.

Why not in `egress`: a tunnel is no message; it is opened before anybody knows one.

Rule 1: a denied HTTPS destination is refused inside TLS, where the agent can read why,
and nobody is dialled for it. At CONNECT only a malformed or telling name, a private
address or a port that nobody may use is refused.
Rule 2: TLS stays closed only where the policy says so by name, and only as long as it
says so and the agent is accepted.
"""

from __future__ import annotations

from ipaddress import ip_address

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.context import Context
from mitmproxy.tls import ClientHelloData

from addons.answers import refused
from addons.guards import (
    PORTS,
    Breach,
    check_connect,
    connect_destination,
    sni_fits,
    tunnel_destination,
)
from addons.http_server import CLOSED_ADDRESS
from addons.reception import NOWHERE, Reception
from addons.transport import has_ech
from dlp.model import Agent, Destination, Reason

CLOSED_PORT = Breach("port", 403, "no statement uses the port", Reason.DESTINATION)

_REACHABLE = frozenset({"allow", "approve"})
"""Effects under which some request could go on."""


class Tunnels:
    """The hooks of a tunnel."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._gate = reception.gate

    def http_connect(self, flow: HTTPFlow) -> None:
        """Open a tunnel, dial nobody."""
        breach = check_connect(flow.request)
        to = NOWHERE if breach else connect_destination(flow.request)
        asked = self._reception.admit(flow, to)
        if asked is None:
            return
        breach = breach or self._closed(asked.agent, to)
        if breach is not None:
            self._reception.refuse(flow, breach)
            return
        judgement = self._gate.judge_name(asked.agent, to)
        if judgement is not None:
            flow.response = refused(judgement)
            return
        # Every name that mitmproxy derives from here on is the one that was judged.
        flow.request.data.host, flow.request.data.port = to.host, to.port
        self._reception.open_tunnel(flow.client_conn, asked.credentials)

    def client_disconnected(self, client: Client) -> None:
        """A tunnel ends with its connection."""
        self._reception.close_tunnel(client)

    def tls_clienthello(self, data: ClientHelloData) -> None:
        """Leave TLS closed where the policy says so, unless the names disagree."""
        unread = self._left_closed(data.context)
        if unread is None or has_ech(data):
            return
        agent, to = unread
        if sni_fits(data.client_hello.sni, to.host):
            self._gate.let_pass(agent, to)
            data.ignore_connection = True

    def unread(self, context: Context, size: int) -> bool:
        """Count what goes on unread; False when it may no longer."""
        if self._left_closed(context) is None:
            return False
        self._gate.unread(size)
        return True

    def may_dial(self, client: Client, host: str, port: int) -> bool:
        """Whether some request in this client's tunnel could be allowed."""
        agent = self._reception.tunnel_agent(client)
        if agent is None:
            return False
        reach = self._gate.reach(agent, tunnel_destination(host, port))
        return reach.effect in _REACHABLE

    def _left_closed(self, context: Context) -> tuple[Agent, Destination] | None:
        """Whose tunnel it is and where it goes, if policy leaves its TLS closed now."""
        address = context.server.address
        agent = self._reception.tunnel_agent(context.client)
        if address is None or agent is None:
            return None
        to = tunnel_destination(*address[:2])
        reach = self._gate.reach(agent, to)
        unread = reach.effect == "allow" and not reach.inspect
        return (agent, to) if unread else None

    def _closed(self, agent: Agent, to: Destination) -> Breach | None:
        """What is refused at CONNECT already."""
        if _is_literal(to.host) and not self._gate.address_allowed(to.host):
            return CLOSED_ADDRESS
        if to.port in PORTS.values() or self._gate.reach(agent, to).effect != "none":
            return None
        statements = self._gate.inspector.policy.statements
        used = any(s.effect != "deny" and s.has_port(to.port) for s in statements)
        return None if used else CLOSED_PORT


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
