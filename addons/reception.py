"""
Who asks, and the answer to who may not: identity and refusals, for every hook alike.

Why not in `egress` or `tunnels`: both need it, and a tunnel is authenticated once for
all the requests in it.

Rule 1: identity is asked for again on every request of a tunnel, and when its body is
there, so that a revoked agent is out at once.
Rule 2: a refusal is recorded before its answer exists.
"""

from __future__ import annotations

from dataclasses import field

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response

from addons import answers
from addons.answers import refused
from addons.guards import Breach
from addons.http_server import CLOSED_ADDRESS, UPSTREAM
from dlp import logs
from dlp.gate import Gate
from dlp.model import Agent, Destination, Reason, noun
from dlp.state.agents import AUTHENTICATE, Challenge

NOWHERE = Destination("", "", 0, "")
"""Of a request that names no place."""
UNKNOWN = "unknown"
"""Agent of a record about a client that did not say who it is."""
ASKED = "dlp.asked"
"""Key in `HTTPFlow.metadata`: the `Asked` of a request."""


AGENT_CONNECTIONS = 256
"""Open client connections of one agent, wherever they come from."""
CROWDED = Breach(
    "connections", 429, "too many open connections of one agent", Reason.LIMIT
)


@noun
class Asked:
    """Who asked for what."""

    agent: Agent
    destination: Destination
    credentials: str | None = field(default=None, repr=False)


class Reception:
    """Identity and refusals of one worker."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._tunnels: dict[str, str | None] = {}
        """Client connection id -> what its CONNECT was authenticated with."""
        self._held: dict[str, set[str]] = {}
        """Agent -> ids of the client connections it asked on."""
        self._askers: dict[str, set[str]] = {}
        """Client connection id -> the agents that asked on it."""
        self._last: dict[str, Asked] = {}
        """Client connection id -> what was asked on it last, for errors below HTTP."""

    def open_tunnel(self, client: Client, credentials: str | None) -> None:
        """Everything on this connection now goes through one tunnel."""
        self._tunnels[client.id] = credentials

    def close_tunnel(self, client: Client) -> None:
        """The connection is gone."""
        self._tunnels.pop(client.id, None)
        self._last.pop(client.id, None)
        for agent in self._askers.pop(client.id, ()):
            self._held[agent].discard(client.id)
            if not self._held[agent]:
                del self._held[agent]

    def credentials(self, flow: HTTPFlow) -> str | None:
        """Of the tunnel a request is in, else of the request."""
        if flow.client_conn.id in self._tunnels:
            return self._tunnels[flow.client_conn.id]
        found: str | None = flow.request.headers.get("proxy-authorization")
        return found

    def tunnel_agent(self, client: Client) -> Agent | None:
        """Who a tunnel belongs to, if it is open and the agent still accepted."""
        if client.id not in self._tunnels:
            return None
        who = self.gate.identify(client.peername[0], self._tunnels[client.id])
        return who if isinstance(who, Agent) else None

    def admit(self, flow: HTTPFlow, to: Destination) -> Asked | None:
        """Who asks; None when the answer to a stranger was set."""
        credentials = self.credentials(flow)
        who = self.gate.identify(flow.client_conn.peername[0], credentials)
        if isinstance(who, Challenge):
            flow.response = self._challenge(who, to)
            return None
        asked = Asked(who, to, credentials)
        flow.metadata[ASKED] = asked
        if not self._holds(who.id, flow.client_conn.id):
            flow.response = self._answer(asked, CROWDED)
            return None
        self._last[flow.client_conn.id] = asked
        return asked

    def readmit(self, flow: HTTPFlow) -> bool:
        """Whether who asked is still accepted, now that the body is there."""
        asked = asked_of(flow)
        who = self.gate.identify(flow.client_conn.peername[0], asked.credentials)
        if isinstance(who, Challenge):
            flow.response = self._challenge(who, asked.destination)
            return False
        return True

    def _holds(self, agent: str, connection: str) -> bool:
        held = self._held.setdefault(agent, set())
        if connection not in held and len(held) >= AGENT_CONNECTIONS:
            return False
        if connection not in held:
            held.add(connection)
            self._askers.setdefault(connection, set()).add(agent)
        return True

    def refuse(self, flow: HTTPFlow, breach: Breach) -> None:
        """A guard fired on a request that was admitted."""
        flow.response = self.answer(flow, breach)

    def answer(self, flow: HTTPFlow, breach: Breach) -> Response:
        """The answer to a request that was admitted and that a guard refuses."""
        return self._answer(asked_of(flow), breach)

    def page(self, client: Client, breach: Breach) -> Response:
        """The answer where mitmproxy has an error page, or a guard fired below HTTP."""
        last = self._last.get(client.id)
        if breach.guard == UPSTREAM.guard:
            self._tell_failure(last, breach.detail)
            return answers.upstream_failed()
        if last is not None and breach is CLOSED_ADDRESS:
            return self._answer(last, breach)
        credentials = self._tunnels.get(client.id)
        who = self.gate.identify(client.peername[0], credentials)
        agent = who if isinstance(who, Agent) else Agent(who.agent or UNKNOWN)
        return self._answer(Asked(agent, NOWHERE), breach)

    def _tell_failure(self, last: Asked | None, cause: str) -> None:
        self.gate.metrics.count("dlp_upstream_errors_total")
        to = last.destination if last else NOWHERE
        logs.get().warning("upstream failed", host=to.host, port=to.port, cause=cause)

    def _challenge(self, who: Challenge, to: Destination) -> Response:
        asked = Asked(Agent(who.agent or UNKNOWN), to)
        breach = Breach("identity", who.status, who.kind, Reason.QUARANTINED)
        response = self._answer(asked, breach)
        if who.status == 407:
            response.headers["proxy-authenticate"] = AUTHENTICATE
        else:
            response.headers["retry-after"] = str(who.retry_after)
        return response

    def _answer(self, asked: Asked, breach: Breach) -> Response:
        return refused(
            self.gate.refuse(
                asked.agent,
                asked.destination,
                breach.guard,
                breach.status,
                breach.reason,
                breach.detail,
            )
        )


def asked_of(flow: HTTPFlow) -> Asked:
    """Who asked for what, of a request that was admitted."""
    asked: Asked = flow.metadata[ASKED]
    return asked
