"""
The body of a refusal: application/problem+json (RFC 9457).

Two refusals of one reason are equal but for the reference, so the answer tells an
agent nothing about which rule, pattern or value it met.
"""

from __future__ import annotations

import orjson

from dlp.model import Reason

MEDIA_TYPE = "application/problem+json"
_ADVICE = (
    " Do not retry it unchanged, encode it differently, split it, or send it another"
    " way: report this reference to the operator."
)
_TITLES: dict[Reason, tuple[str, str]] = {
    Reason.OK: ("Refused", "This request was refused."),
    Reason.DESTINATION: (
        "Destination not allowed",
        "The operator's policy does not allow this destination.",
    ),
    Reason.CONTENT: (
        "Content not allowed",
        "The operator's policy does not allow this content to leave.",
    ),
    Reason.APPROVAL_REQUIRED: (
        "Approval required",
        "A person has to approve this request first.",
    ),
    Reason.APPROVAL_DENIED: (
        "Approval denied",
        "A person was asked and did not approve this request.",
    ),
    Reason.LIMIT: ("Limit reached", "A limit set by the operator was reached."),
    Reason.QUARANTINED: (
        "Agent not accepted",
        "The operator does not accept requests from this agent now.",
    ),
    Reason.UNREADABLE: (
        "Content cannot be inspected",
        "This request could not be read in full, so it was not forwarded.",
    ),
    Reason.PROTOCOL: (
        "Request not acceptable",
        "This request breaks the protocol rules of the proxy.",
    ),
    Reason.UNAVAILABLE: (
        "Inspection unavailable",
        "The proxy cannot inspect requests now, so it forwards none. Try again later.",
    ),
}


def problem(
    reference: str, reason: Reason, status: int, *, status_url: str = ""
) -> bytes:
    """
    The body of a refusal; `status_url` is where an approval can be watched.

    `status` repeats the HTTP status, as RFC 9457 section 3.1.3 advises.
    """
    title, detail = _TITLES[reason]
    body: dict[str, str | int] = {
        "type": f"urn:agent-dlp:{reason}",
        "title": title,
        "status": status,
        "detail": detail + _ADVICE,
        "reference": reference,
    }
    if status_url:
        body["status_url"] = status_url
    return orjson.dumps(body)
