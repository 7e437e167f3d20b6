"""
HTTP: where to, and what leaves. Flow -> Message -> Gate -> what the verdict says.

Strategy: `requestheaders` refuses what the head alone condemns: no identity, a guard, a
destination that no statement allows. `request` has the whole message judged. A refusal
is a response set on the flow; `EgressStream` sends it at once.
"""

from __future__ import annotations

import asyncio

from mitmproxy.addonmanager import Loader
from mitmproxy.http import HTTPFlow, Response

from addons.answers import refused
from addons.budget import Budget
from addons.forwarding import clean_request, clean_response
from addons.guards import (
    Breach,
    check_complete,
    check_length,
    check_request,
    check_trailers,
    destination_of,
)
from addons.http_stream import Terms
from addons.http_upload import Piece
from addons.messages import body_of, rewrite, to_message, trailers_of
from addons.reception import ASKED, NOWHERE, Reception, asked_of
from addons.restoring import restored, will_restore
from dlp.gate.observer import Answer
from dlp.gate.upload import Upload
from dlp.model import Agent, Destination

BUFFERS_IN_FLIGHT = 8
"""The global budget of request bodies, in bodies of the largest size."""

SWITCHING_PROTOCOLS = 101
UPLOAD = "dlp.upload"
"""Key in `HTTPFlow.metadata`: the `Upload` of a body that flows."""
SENT = "dlp.sent"
"""Key in `HTTPFlow.metadata`: the begin of the body, until the answer comes."""
KEPT_BYTES = 256 << 10
"""What the agent sent within it, no host can issue in its answer."""


class Egress:
    """The HTTP hooks."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._gate = reception.gate
        self.budget = Budget(BUFFERS_IN_FLIGHT * self._gate.limits.buffer)
        self._tasks: set[asyncio.Task[None]] = set()

    def requestheaders(self, flow: HTTPFlow) -> None:
        """What the head alone condemns goes no further."""
        if flow.error is not None:
            return
        breach = check_request(flow, self._gate.inspector.policy.methods)
        to = _destination(flow, breach)
        asked = self._reception.admit(flow, to)
        if asked is None:
            return
        if breach is not None:
            self._reception.refuse(flow, breach)
            return
        clean_request(flow.request)
        flow.request.data.host = to.host
        judgement = self._gate.admit(asked.agent, to)
        if judgement is not None:
            flow.response = refused(judgement)

    async def request(self, flow: HTTPFlow) -> None:
        """Judge the whole of it."""
        if flow.response is not None or flow.error is not None:
            return
        breach = check_complete(flow.request)
        if breach is not None:
            self._reception.refuse(flow, breach)
            return
        if flow.request.data.content and not self._reception.readmit(flow):
            return
        asked = asked_of(flow)
        message = to_message(asked.agent, asked.destination, flow.request)
        judgement = await self._gate.judge(message)
        flow.metadata[SENT] = (flow.request.data.content or b"")[:KEPT_BYTES]
        if judgement.refused:
            flow.response = refused(judgement)
        elif judgement.parts is not None:
            rewrite(flow.request, message, judgement.parts)
            will_restore(flow, judgement.stands_for)

    async def request_body(self, piece: Piece) -> None:
        """Judge the next piece of a body that goes on meanwhile."""
        flow = piece.flow
        refusal = self._stranger(flow) or (
            self._incomplete(piece) if piece.last else None
        )
        if refusal is not None:
            piece.refusal = refusal
            return
        asked = asked_of(flow)
        upload = flow.metadata.get(UPLOAD)
        if upload is None:
            head = to_message(asked.agent, asked.destination, flow.request)
            upload = Upload(self._gate, head, body_of(flow.request))
            flow.metadata[UPLOAD] = upload
            flow.metadata[SENT] = piece.data[:KEPT_BYTES]
        if piece.last:
            upload.extend(trailers_of(flow.request))
        taken = await upload.take(piece.data, last=piece.last)
        if isinstance(taken, bytes):
            piece.out = taken
        else:
            piece.refusal = refused(taken)

    def request_body_ended(self, piece: Piece) -> None:
        """What has gone on is all that will."""
        upload = piece.flow.metadata.get(UPLOAD)
        if upload is not None:
            upload.abandon()

    def _stranger(self, flow: HTTPFlow) -> Response | None:
        """The answer to who is not accepted any more; an origin's is left alone."""
        answer = flow.response
        if self._reception.readmit(flow):
            return None
        refusal, flow.response = flow.response, answer
        return refusal

    def _incomplete(self, piece: Piece) -> Response | None:
        """The answer to what only the end of a request can tell."""
        flow, upload = piece.flow, piece.flow.metadata.get(UPLOAD)
        before = upload.arrived if upload else 0
        breach = check_length(flow.request, before + len(piece.data))
        breach = breach or check_trailers(flow.request)
        return self._reception.answer(flow, breach) if breach else None

    def responseheaders(self, flow: HTTPFlow) -> None:
        """
        Responses are never held; small ones are listened to, and in some what was cut
        out of the request is put back.
        """
        assert flow.response is not None
        clean_response(flow.response)
        if flow.response.status_code != SWITCHING_PROTOCOLS:
            listener = self._listener(flow)
            flow.response.stream = restored(flow, listener) or listener or True

    def _listener(self, flow: HTTPFlow) -> Answer | None:
        """What hears the body of a response that may bring a token."""
        assert flow.response is not None
        request = flow.request.data
        fields = [
            (name.decode("latin-1").lower(), value)
            for name, value in flow.response.data.headers.fields
        ]
        sent = [request.path, *(v for _, v in request.headers.fields)]
        sent.append(flow.metadata.pop(SENT, b""))
        host = asked_of(flow).destination.host
        return self._gate.observer.hear(host, fields, sent)

    def terms(self) -> Terms:
        """What streams are held to."""
        return Terms(
            budget=self.budget,
            buffer=lambda: self._gate.limits.buffer,
            stream=lambda: self._gate.limits.stream,
            refuse=self._reception.refuse,
            refused_body=self._refused_body,
            deadlines=lambda: self._gate.deadlines,
        )

    def still(self, flow: HTTPFlow) -> tuple[Agent, Destination] | None:
        """Who a WebSocket belongs to, if the agent is still accepted."""
        asked = asked_of(flow)
        who = self._gate.identify(flow.client_conn.peername[0], asked.credentials)
        return (who, asked.destination) if isinstance(who, Agent) else None

    def _refused_body(self, flow: HTTPFlow, body: bytes) -> None:
        """Look into what a refused request would have sent."""
        asked = flow.metadata.get(ASKED)
        if asked is None:
            return
        flow.request.data.content = body
        message = to_message(asked.agent, asked.destination, flow.request)
        task = asyncio.ensure_future(self._gate.witness(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _destination(flow: HTTPFlow, breach: Breach | None) -> Destination:
    """What can be said of where a request goes, also of a malformed one."""
    try:
        return destination_of(flow)
    except ValueError:
        assert breach is not None
        return NOWHERE


def load(_: Loader) -> None:
    """
    `mitmdump -s addons/egress.py`: see `addons.evaluation`, whose own `load` mitmproxy
    calls next.
    """
    from addons.evaluation import Evaluation

    globals()["addons"] = [Evaluation()]
