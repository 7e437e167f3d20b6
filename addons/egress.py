"""HTTP: flow -> Message -> Gate -> what the verdict says."""

from __future__ import annotations

from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow, Response

from addons import answers
from addons.http_stream import Budget, Terms
from dlp.model import Limits

BUFFERS_IN_FLIGHT = 8
"""The global budget, in largest bodies."""


class Egress:
    """The HTTP hooks."""

    def __init__(self) -> None:
        limits = Limits()
        self.budget = Budget(BUFFERS_IN_FLIGHT * limits.buffer)

    def terms(self) -> Terms:
        """What the HTTP layer holds streams to."""
        return Terms(
            budget=self.budget,
            buffer=lambda: Limits().buffer,
            too_large=self.too_large,
            overloaded=self.overloaded,
            refused_body=self.refused_body,
        )

    def page(self, client: Client, status: int, reason: str) -> Response:
        """The answer where mitmproxy has an error page."""
        del client, reason
        if status >= 500:
            return answers.upstream_failed()
        return answers.refusal(status, b"{}")

    def too_large(self, flow: HTTPFlow) -> None:
        """A body is larger than what is inspected."""
        flow.response = answers.refusal(413, b"{}")

    def overloaded(self, flow: HTTPFlow) -> None:
        """The budget of bytes in flight is used up."""
        flow.response = answers.refusal(503, b"{}")

    def refused_body(self, flow: HTTPFlow, body: bytes) -> None:
        """What a refused request would have sent."""

    def responseheaders(self, flow: HTTPFlow) -> None:
        """Responses are never held."""
        assert flow.response is not None
        flow.response.headers.pop("alt-svc", None)
        if flow.response.status_code != 101:
            flow.response.stream = True
