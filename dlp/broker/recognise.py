"""
What kind of secret a value is: its vendor's rule, and whether it is a secret at all.

Why not in `dlp.detect`: that asks what looks like a secret anywhere; this asks about
one whole value with its name, at the moment somebody registers it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from dlp.detect.bigrams import RANDOM, randomness
from dlp.detect.engine import Engine
from dlp.detect.material import dissect
from dlp.detect.placeholder import is_placeholder
from dlp.detect.rules import Rule
from dlp.errors import SecretError
from dlp.model import Tier, View

_SHARE = 0.8
"""How much of a value a rule's match must be for the value to be that vendor's."""
_RANDOM_BITS = 64
_TELLING = re.compile(
    r"key|token|secret|passw|passphrase|(?:^|_)(?:pass|pwd|pat|pin|psk)(?:_|$)|creden"
    r"|auth|private|signing|salt|webhook|dsn|cookie|session|bearer|jwt|hmac",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"public|publishable|(?:^|_)(?:file|path|dir|url|name)$", re.IGNORECASE
)
_PLAIN = re.compile(
    r"(?:[/~.][\w./~-]*|[A-Za-z]:\\.*|[\w.-]+\.[a-z]{2,}(?::\d+)?|[\w.+-]+@[\w.-]+"
    r"|-?[\d.,:]+|true|false|yes|no|on|off|\$\{?\w+\}?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is known of a value."""

    rule: Rule | None
    """The vendor's rule it fits, if any."""
    refused: str = ""
    """Why it is no secret, or empty when it is one."""


def vendor(engine: Engine, name: str, value: bytes) -> Rule | None:
    """The most certain rule with hosts that takes (nearly) all of the value."""
    view = View(name.encode() + b"=" + value, 0)
    first = len(name.encode()) + 1
    found = [
        match
        for match in engine.scan([view]).matches
        if match.rule.hosts
        and match.start >= first
        and match.stop - match.start >= _SHARE * len(value)
    ]
    order = list(Tier)
    best = min(found, key=lambda m: order.index(m.tier), default=None)
    return best.rule if best else None


def recognise(engine: Engine, key: str, value: str) -> Recognised:
    """Judge one line of a dotenv file or one environment variable."""
    rule = vendor(engine, key, value.encode()) if value else None
    return Recognised(rule, "" if rule else _refusal(key, value))


def _refusal(key: str, value: str) -> str:
    data = value.encode()
    if not value:
        return "empty"
    if is_placeholder(data):
        return "a placeholder"
    try:
        bits = dissect(data).pieces[0].bits
    except SecretError:
        return "too short or too easy to guess"
    if _PLAIN.fullmatch(value) or _is_open_url(value):
        return "an address, a path or a number"
    named = _TELLING.search(key) and not _PUBLIC.search(key)
    random = bits >= _RANDOM_BITS and randomness(data) >= RANDOM and " " not in value
    return "" if named or random else "does not look like a secret"


def _is_open_url(value: str) -> bool:
    """A URL without a password, and nothing random in path or query."""
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    if not url.scheme or not url.netloc or url.password:
        return False
    pieces = re.split(r"[/?&=]", f"{url.path}?{url.query}")
    return not any(len(p) >= 16 and randomness(p.encode()) >= RANDOM for p in pieces)
