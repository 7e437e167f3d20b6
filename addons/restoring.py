"""
Answers to rewritten requests, on their way to the agent.

Why not in `dlp.restoring`: that turns bytes into bytes; here is what HTTP says of them:
codings, lengths, digests.

Strategy: a request whose secrets are to come back asks for an answer without coding,
so that events come as they were sent. An answer that is coded all the same is passed on
without it. What is not text, is a part of something, or has no body passes unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mitmproxy.http import HTTPFlow, Response

from addons.messages import DIGESTS
from dlp.restoring import Restorer, restorer
from dlp.restoring.coding import Undo, undo

STANDS_FOR = "dlp.stands-for"
"""Key in `HTTPFlow.metadata`: what its request's placeholders stood for, until the
answer comes."""
_PARTIAL = 206

type Listener = Callable[[bytes], bytes]
type Stream = Callable[[bytes], Iterator[bytes]]


def will_restore(flow: HTTPFlow, stands_for: Mapping[str, str]) -> None:
    """The answer to this request, and no other, gets the values back."""
    if stands_for:
        flow.metadata[STANDS_FOR] = stands_for
        flow.request.headers["accept-encoding"] = "identity"


def restored(flow: HTTPFlow, listener: Listener | None) -> Stream | None:
    """
    What the body of an answer goes through when values may come back in it; its head is
    made to fit. None when nothing does. `listener` hears the body as it came.
    """
    stands_for = flow.metadata.pop(STANDS_FOR, {})
    response = flow.response
    assert response is not None
    if not stands_for or response.status_code == _PARTIAL or _is_bodiless(flow):
        return None
    headers = response.headers
    work = restorer(stands_for, headers.get("content-type", ""))
    plain = undo(headers.get("content-encoding", ""))
    if work is None or plain is None:
        return None
    _fit(response, chunked=not flow.request.is_http2)
    return _stream(work, plain, listener)


def _is_bodiless(flow: HTTPFlow) -> bool:
    assert flow.response is not None
    return flow.request.method == "HEAD" or flow.response.status_code in (204, 304)


def _fit(response: Response, *, chunked: bool) -> None:
    for name in ("content-length", "content-encoding", *DIGESTS):
        response.headers.pop(name, None)
    if chunked and response.http_version != "HTTP/1.0":
        response.headers["transfer-encoding"] = "chunked"


def _stream(work: Restorer, plain: Undo, listener: Listener | None) -> Stream:
    def run(piece: bytes) -> Iterator[bytes]:
        if listener is not None:
            listener(piece)
        for text in plain(piece):
            if passed := work.feed(text):
                yield passed
        if not piece and (rest := work.flush()):
            yield rest

    return run
