"""
HTTP: who asks, where to, what leaves. Flow -> Message -> Gate -> what the verdict says.

Strategy: `requestheaders` refuses what the head alone condemns: no identity, a guard, a
destination that no statement allows. `request` has the whole message judged. A refusal
is a response set on the flow; `EgressStream` sends it at once.
Rule 1: identity is asked for again on every request of a tunnel, so that a revoked
agent is out at once.
Rule 2: a denied HTTPS destination is refused inside TLS, where the agent can read why;
at CONNECT only a malformed or telling name, a private address, a port nobody may use.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from ipaddress import ip_address

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response

from addons import answers
from addons.answers import refused
from addons.forwarding import clean_request, clean_response
from addons.guards import (
    PORTS,
    Breach,
    check_connect,
    check_request,
    connect_destination,
    destination_of,
)
from addons.http_stream import Budget, Terms
from addons.messages import rewrite, to_message
from addons.network import PRIVATE
from dlp.gate import Gate
from dlp.model import Agent, Channel, Destination, Reason
from dlp.state.agents import AUTHENTICATE, Challenge

BUFFERS_IN_FLIGHT = 8
"""The global budget of request bodies, in bodies of the largest size."""

ASKED = "dlp.asked"
"""Key in `HTTPFlow.metadata`: the `Asked` of a request that was let in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for what."""

    agent: Agent
    destination: Destination
    credentials: str | None = field(default=None, repr=False)


class Egress:
    """The HTTP hooks."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.budget = Budget(BUFFERS_IN_FLIGHT * gate.limits.buffer)
        self._credentials: dict[str, str | None] = {}
        """Client connection id -> what its CONNECT was authenticated with."""
        self._tasks: set[asyncio.Task[None]] = set()

    # -- hooks --------------------------------------------------------------------

    def http_connect(self, flow: HTTPFlow) -> None:
        """Open a tunnel, dial nobody."""
        client = flow.client_conn
        credentials = flow.request.headers.get("proxy-authorization")
        breach = check_connect(flow.request)
        to = NOWHERE if breach else connect_destination(flow.request)
        agent = self._admit_agent(flow, client, credentials, to)
        if agent is None:
            return
        breach = breach or self._closed(agent, to)
        if breach is not None:
            self._refuse(flow, Asked(agent, to), breach)
            return
        judgement = self.gate.judge_name(agent, to)
        if judgement is not None:
            flow.response = refused(judgement)
            return
        # Every name that mitmproxy derives from here on is the one that was judged.
        flow.request.data.host, flow.request.data.port = to.host, to.port
        self._credentials[client.id] = credentials

    def client_disconnected(self, client: Client) -> None:
        """Forget what its tunnel was authenticated with."""
        self._credentials.pop(client.id, None)

    def requestheaders(self, flow: HTTPFlow) -> None:
        """What the head alone condemns goes no further."""
        if flow.error is not None:
            return
        client = flow.client_conn
        tunnelled = client.id in self._credentials
        credentials = (
            self._credentials[client.id]
            if tunnelled
            else flow.request.headers.get("proxy-authorization")
        )
        breach = check_request(flow, self.gate.inspector.policy.methods)
        to = _destination(flow, breach)
        agent = self._admit_agent(flow, client, credentials, to)
        if agent is None:
            return
        asked = Asked(agent, to, credentials)
        flow.metadata[ASKED] = asked
        if breach is not None:
            self._refuse(flow, asked, breach)
            return
        clean_request(flow.request)
        flow.request.data.host = to.host
        judgement = self.gate.admit(agent, to)
        if judgement is not None:
            flow.response = refused(judgement)

    async def request(self, flow: HTTPFlow) -> None:
        """Judge the whole of it."""
        if flow.response is not None or flow.error is not None:
            return
        asked = _asked(flow)
        message = to_message(asked.agent, asked.destination, flow.request)
        judgement = await self.gate.judge(message)
        if judgement.refused:
            flow.response = refused(judgement)
        elif judgement.parts is not None:
            rewrite(flow.request, message, judgement.parts)

    def responseheaders(self, flow: HTTPFlow) -> None:
        """Responses are never held."""
        assert flow.response is not None
        clean_response(flow.response)
        if flow.response.status_code != 101:
            flow.response.stream = True

    # -- what the layers ask --------------------------------------------------------

    def terms(self) -> Terms:
        """What streams are held to."""
        return Terms(
            budget=self.budget,
            buffer=lambda: self.gate.limits.buffer,
            too_large=lambda flow: self._refuse(flow, _asked(flow), TOO_LARGE),
            overloaded=lambda flow: self._refuse(flow, _asked(flow), OVERLOADED),
            refused_body=self.refused_body,
        )

    def may_dial(self, client: Client, host: str, port: int) -> bool:
        """Whether some request in this client's tunnel could be allowed."""
        agent = self.gate.identify(client.peername[0], self._credentials[client.id])
        if isinstance(agent, Challenge):
            return False
        to = Destination("https", host, port, "CONNECT", channel=Channel.CONNECT)
        return self.gate.reach(agent, to).effect in {"allow", "approve"}

    def still(self, flow: HTTPFlow) -> tuple[Agent, Destination] | None:
        """Who a WebSocket belongs to, if the agent is still accepted."""
        asked = _asked(flow)
        who = self.gate.identify(flow.client_conn.peername[0], asked.credentials)
        return None if isinstance(who, Challenge) else (who, asked.destination)

    def page(self, client: Client, status: int, reason: str) -> Response:
        """The answer where mitmproxy has an error page."""
        if PRIVATE in reason:
            breach = CLOSED_ADDRESS
        elif status >= 500:
            return answers.upstream_failed()
        else:
            breach = Breach("malformed", status, "mitmproxy could not parse it")
        who = self.gate.identify(client.peername[0], self._credentials.get(client.id))
        agent = who if isinstance(who, Agent) else Agent(who.agent or UNKNOWN)
        return self._refusal(Asked(agent, NOWHERE), breach)

    def refused_body(self, flow: HTTPFlow, body: bytes) -> None:
        """Look into what a refused request would have sent."""
        asked = flow.metadata.get(ASKED)
        if asked is None:
            return
        flow.request.data.content = body
        message = to_message(asked.agent, asked.destination, flow.request)
        task = asyncio.ensure_future(self.gate.witness(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- inside ---------------------------------------------------------------------

    def _admit_agent(
        self, flow: HTTPFlow, client: Client, credentials: str | None, to: Destination
    ) -> Agent | None:
        who = self.gate.identify(client.peername[0], credentials)
        if isinstance(who, Agent):
            return who
        asked = Asked(Agent(who.agent or UNKNOWN), to)
        breach = Breach("identity", who.status, who.kind, Reason.QUARANTINED)
        flow.response = self._refusal(asked, breach)
        if who.status == 407:
            flow.response.headers["proxy-authenticate"] = AUTHENTICATE
        else:
            flow.response.headers["retry-after"] = str(who.retry_after)
        return None

    def _closed(self, agent: Agent, to: Destination) -> Breach | None:
        """What is refused at CONNECT already."""
        if _is_literal(to.host) and not self.gate.address_allowed(to.host):
            return CLOSED_ADDRESS
        if to.port in PORTS.values() or self.gate.reach(agent, to).effect != "none":
            return None
        statements = self.gate.inspector.policy.statements
        used = any(s.effect != "deny" and s.has_port(to.port) for s in statements)
        return None if used else CLOSED_PORT

    def _refuse(self, flow: HTTPFlow, asked: Asked, breach: Breach) -> None:
        flow.response = self._refusal(asked, breach)

    def _refusal(self, asked: Asked, breach: Breach) -> Response:
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


NOWHERE = Destination("", "", 0, "")
"""Of a request that names no place."""
UNKNOWN = "unknown"
"""Agent of a record about a client that did not say who it is."""
TOO_LARGE = Breach("buffer", 413, "larger than inspection.buffer", Reason.LIMIT)
OVERLOADED = Breach("budget", 503, "no room for the body", Reason.UNAVAILABLE)
CLOSED_ADDRESS = Breach("address", 403, "not a public address", Reason.DESTINATION)
CLOSED_PORT = Breach("port", 403, "no statement uses the port", Reason.DESTINATION)


def _destination(flow: HTTPFlow, breach: Breach | None) -> Destination:
    """What can be said of where a request goes, also of a malformed one."""
    try:
        return destination_of(flow)
    except ValueError:
        assert breach is not None
        return NOWHERE


def _asked(flow: HTTPFlow) -> Asked:
    asked: Asked = flow.metadata[ASKED]
    return asked


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
