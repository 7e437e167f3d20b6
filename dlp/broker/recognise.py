"""
What kind of secret a value is: its vendor's rule, and whether it is a secret at all.

Why not in `dlp.detect`: that asks what looks like a secret anywhere; this asks about
one whole value with its name, at the moment somebody registers it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import regex

from dlp.detect.confirm import Match
from dlp.detect.context.placeholder import is_counted, is_placeholder
from dlp.detect.engine import Engine
from dlp.detect.known.material import MAX_LENGTH, dissect
from dlp.detect.proof.bigrams import RANDOM, randomness
from dlp.detect.rules import Rule, load_rules
from dlp.detect.templates import expand
from dlp.errors import SecretError
from dlp.model import Tier, View
from dlp.state.folder import usual_cache

_SHARE = 0.8
"""How much of a value a rule's match must be for the value to be that vendor's."""
_RANDOM_BITS = 64
type Span = tuple[int, int]
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


@dataclass(frozen=True, slots=True)
class Vendors:
    """The rules that name hosts, tried one by one: one value needs no database."""

    rules: tuple[Rule, ...]

    @classmethod
    def load(cls, folder: Path | None) -> Vendors:
        """
        The built-in rules and those of a rules folder.

        Raises:
            RuleError: the folder is bad.
        """
        return cls(tuple(rule for rule in _rules(folder) if rule.hosts))

    def rule(self, name: str, value: bytes) -> Rule | None:
        """The most certain rule that takes (nearly) all of the value."""
        if len(value) > MAX_LENGTH:
            return None
        text = as_bytes(name) + b"=" + value
        first = len(text) - len(value)
        found = [
            match
            for match in matches(text, self.rules)
            if match.start >= first and match.stop - match.start >= _SHARE * len(value)
        ]
        order = list(Tier)
        best = min(found, key=lambda match: order.index(match.tier), default=None)
        return best.rule if best else None

    def at_home(self, rule: Rule) -> Rule:
        """A rule without hosts, with those of the vendor whose samples it finds."""
        best, share = rule, _SHARE
        for vendors, text, (start, stop) in _samples(self.rules):
            found = _pattern(rule.pattern.exact).search(text)
            if found is None:
                continue
            first, last = found.span(found.lastgroup or 0)
            common = min(stop, last) - max(start, first)
            if (fits := common / (max(stop, last) - min(start, first))) > share:
                best, share = vendors, fits
        return replace(rule, hosts=best.hosts, slots=best.slots)


@cache
def _samples(rules: tuple[Rule, ...]) -> tuple[tuple[Rule, bytes, Span], ...]:
    """A text that each rule finds, and where its secret stands there."""
    found = (
        (rule, text, _pattern(rule.pattern.exact).search(text))
        for rule in rules
        for text in [expand(template).encode() for template in rule.matches]
    )
    return tuple((r, text, m.span(m.lastgroup or 0)) for r, text, m in found if m)


@cache
def _rules(folder: Path | None) -> tuple[Rule, ...]:
    return load_rules(folder, cache=usual_cache())


def matches(text: bytes, rules: Iterable[Rule]) -> tuple[Match, ...]:
    """What the rules find in a short text."""
    likely = tuple(rule for rule in rules if _pattern(rule.pattern.exact).search(text))
    if not likely:
        return ()
    return _engine(likely).scan([View(text, 0)]).matches


@cache
def _pattern(exact: bytes) -> regex.Pattern[bytes]:
    # `regex` itself keeps 500, fewer than there are rules.
    return regex.compile(exact, regex.MULTILINE)


@lru_cache(maxsize=64)
def _engine(rules: tuple[Rule, ...]) -> Engine:
    return Engine.build(rules)


def recognise(vendors: Vendors, key: str, value: str) -> Recognised:
    """Judge one line of a dotenv file or one environment variable."""
    rule = vendors.rule(key, as_bytes(value)) if value else None
    return Recognised(rule, "" if rule else _refusal(key, value))


def as_bytes(value: str) -> bytes:
    """The bytes of a value that `os.environ` or a dotenv file gave as text."""
    return value.encode("utf-8", "surrogateescape")


def _refusal(key: str, value: str) -> str:
    return next((why for why, applies in _REFUSALS if applies(key, value)), "")


def _is_guessable(value: str) -> bool:
    try:
        dissect(as_bytes(value))
    except SecretError:
        return True
    return False


def _is_plain(_: str, value: str) -> bool:
    return bool(_PLAIN.fullmatch(value))


def _is_ordinary(key: str, value: str) -> bool:
    """Neither the name promises a secret nor is the value random or a URL with one."""
    if "://" in value or (_TELLING.search(key) and not _PUBLIC.search(key)):
        return False
    data = as_bytes(value)
    random = " " not in value and randomness(data) >= RANDOM
    return not random or dissect(data).pieces[0].bits < _RANDOM_BITS


def _is_open_url(value: str) -> bool:
    """A URL without a password, and nothing random in path or query."""
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    if not url.scheme or not url.netloc or url.password:
        return False
    pieces = re.split(r"[/?&=]", f"{url.path}?{url.query}")
    return not any(len(p) >= 16 and randomness(as_bytes(p)) >= RANDOM for p in pieces)


def _is_nobodys(value: bytes) -> bool:
    return is_placeholder(value) or is_counted(value)


_REFUSALS: tuple[tuple[str, Callable[[str, str], bool]], ...] = (
    ("empty", lambda _, value: not value),
    ("longer than any key", lambda _, value: len(as_bytes(value)) > MAX_LENGTH),
    ("a placeholder", lambda _, value: _is_nobodys(as_bytes(value))),
    ("an address without a secret", lambda _, value: _is_open_url(value)),
    ("an address, a path, a number or a switch", _is_plain),
    ("too short or too easy to guess", lambda _, value: _is_guessable(value)),
    ("does not look like a secret", _is_ordinary),
)
"""Why something is no secret; the first that applies."""
