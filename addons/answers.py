"""
The answers we give in an origin's place.

Why not in `egress`: the HTTP layer, the guards and the WebSocket side answer too.
"""

from __future__ import annotations

from mitmproxy.http import Response

from dlp.gate import Judgement
from dlp.gate.tally import LIMIT
from dlp.record.problem import MEDIA_TYPE, problem

RETRY_AFTER_S = 5
"""What a client is told that meets a full budget."""
_LEDGER_S = 3600
"""What one is told whose day is used up: hour by hour, some of it counts no more."""

_BUSY = frozenset({429, 503})
_UPSTREAM_PAGE = (
    b'{"type":"about:blank","title":"Bad Gateway","status":502,'
    b'"detail":"The destination could not be reached, or did not answer as HTTP."}'
)


def refusal(status: int, body: bytes, retry_after_s: int = RETRY_AFTER_S) -> Response:
    """A refusal around the body that `dlp.record.problem` made."""
    headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store"}
    if status in _BUSY:
        headers["retry-after"] = str(retry_after_s)
    return Response.make(status, body, headers)


def refused(judgement: Judgement) -> Response:
    """The answer to a refused request."""
    verdict = judgement.verdict
    body = problem(judgement.reference, verdict.reason, verdict.status)
    over = verdict.rule == LIMIT
    return refusal(verdict.status, body, _LEDGER_S if over else RETRY_AFTER_S)


def upstream_failed() -> Response:
    """A 502 that says nothing of why (RFC 9457, 4.2.1: `about:blank`)."""
    return refusal(502, _UPSTREAM_PAGE)
