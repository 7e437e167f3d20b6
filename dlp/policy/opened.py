"""
What a request to an `open` destination may not carry: anything but a short name, a
short target, and in headers what every client says. Why not in `reach`: that speaks of
where a message goes, this of what is in it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import log2

import publicsuffix2

from dlp.detect.cookies import is_credential
from dlp.detect.proof.bigrams import RANDOM, randomness
from dlp.model import Message, Part, PartKind
from dlp.policy.credentials import (
    COOKIE,
    CREDENTIAL_HEADERS,
    Token,
    tokens,
    unnamed_slots,
)
from dlp.policy.reach import Caps
from dlp.policy.usual import USUAL

METHODS = frozenset({"GET", "HEAD"})
_NONE: frozenset[str] = frozenset()
_NO_CREDENTIALS = "an open destination takes no credentials"
_CREDENTIALS = CREDENTIAL_HEADERS - {"cookie"}
_FIELDS = frozenset({PartKind.HEADER, PartKind.TRAILER})
_HEX = re.compile(r"[0-9a-f]+")
_LABEL = 40
"""Letters of the names below a domain that may look random; a hash in hex has 32."""
_SHORT = 8
"""Letters of a label below which nothing is said of it."""
_TOTAL = 100
"""Letters of the names below a domain in all."""


type Gave = Callable[[Token], bool]


def breach(message: Message, caps: Caps | None, gave: Gave = lambda _: False) -> str:
    """
    Why an open destination does not take the message, or empty.

    `gave`: whether it issued what stands in a cookie.
    """
    if caps is None:
        return ""
    if message.destination.method not in METHODS:
        return "an open destination takes GET and HEAD only"
    each = (_part(part, caps) for part in message.parts)
    return next(filter(None, each), "") or _headers(message.parts, caps, gave)


def _part(part: Part, caps: Caps) -> str:
    match part.kind:
        case PartKind.HOST if carries_data(part.data.decode("latin-1")):
            return "an open destination takes no name that could be data"
        case PartKind.BODY if part.data:
            return "an open destination takes no body"
        case PartKind.HEADER if part.name in _CREDENTIALS:
            return _NO_CREDENTIALS
        case PartKind.TARGET if len(part.data) > caps.url:
            return f"an open destination takes a target of {caps.url} bytes at most"
        case PartKind.TARGET if _information(part.data) > caps.entropy:
            return f"an open destination takes a target of {caps.entropy} bits at most"
        case _:
            return ""


def _headers(parts: Sequence[Part], caps: Caps, gave: Gave) -> str:
    """What headers say beyond the usual is capped, all together, like a target."""
    fields = [p for p in parts if p.kind in _FIELDS and p.name]
    cookies = [token for token in tokens(fields, _NONE) if token.slot == COOKIE]
    given = [token for token in cookies if gave(token)]
    if any(unnamed_slots(fields, _NONE)) or any(
        is_credential(token.name, token.value)
        for token in cookies
        if token not in given
    ):
        return _NO_CREDENTIALS
    for token in reversed(given):  # what it set itself says nothing to it
        start, stop = token.span
        part = fields[token.part]
        fields[token.part] = replace(part, data=part.data[:start] + part.data[stop:])
    said = b"".join(_beyond_usual(fields))
    if len(said) > caps.url or _information(said) > caps.entropy:
        return "an open destination takes no more in headers than in a target"
    return ""


def _beyond_usual(fields: Sequence[Part]) -> Iterator[bytes]:
    usual: dict[str, bytes] = {}
    for part in fields:
        if part.name in USUAL and part.kind is PartKind.HEADER:
            usual[part.name] = usual.get(part.name, b"") + part.data
        else:
            yield part.name.encode() + part.data
    for name, data in usual.items():
        if _information(data) > USUAL[name]:
            yield data


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
