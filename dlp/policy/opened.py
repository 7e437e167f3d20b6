"""
What a request to an `open` destination may not carry. Why not in `reach`: that speaks
of where a message goes, this of what is in it.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

import publicsuffix2

from dlp.detect.bigrams import RANDOM, randomness
from dlp.model import Message, Part, PartKind
from dlp.policy.credentials import CREDENTIAL_HEADERS
from dlp.policy.reach import Caps

METHODS = frozenset({"GET", "HEAD"})
_HEX = re.compile(r"[0-9a-f]+")
_LABEL = 40
"""Letters of the names below a domain that may look random; a hash in hex has 32."""
_SHORT = 8
"""Letters of a label below which nothing is said of it."""
_TOTAL = 100
"""Letters of the names below a domain in all."""


def breach(message: Message, caps: Caps | None) -> str:
    """Why an open destination does not take the message, or empty."""
    if caps is None:
        return ""
    if message.destination.method not in METHODS:
        return "an open destination takes GET and HEAD only"
    return next(filter(None, (_part(part, caps) for part in message.parts)), "")


def _part(part: Part, caps: Caps) -> str:
    match part.kind:
        case PartKind.HOST if carries_data(part.data.decode("latin-1")):
            return "an open destination takes no name that could be data"
        case PartKind.BODY if part.data:
            return "an open destination takes no body"
        case PartKind.HEADER if part.name in CREDENTIAL_HEADERS:
            return "an open destination takes no credentials"
        case PartKind.TARGET if len(part.data) > caps.url:
            return f"an open destination takes a target of {caps.url} bytes at most"
        case PartKind.TARGET if _information(part.data) > caps.entropy:
            return f"an open destination takes a target of {caps.entropy} bits at most"
        case _:
            return ""


def carries_data(host: str) -> bool:
    """Whether the labels below a domain are long enough, and random, to be data."""
    domain = publicsuffix2.get_sld(host) or host
    labels = host.removesuffix(domain).split(".")
    below = "".join(labels)
    if len(below) > _TOTAL:
        return True
    random = "".join(label for label in labels if _is_random(label))
    return len(random) > _LABEL or (len(below) > _LABEL and _is_random(below))


def _is_random(name: str) -> bool:
    return len(name) >= _SHORT and (
        _HEX.fullmatch(name) is not None or randomness(name.encode()) >= RANDOM
    )


def _information(data: bytes) -> float:
    """Shannon entropy per byte, times the length: bits."""
    size = len(data)
    return -sum(n * log2(n / size) for n in Counter(data).values())
