"""
A method that a body or a query asks for in place of the request's own.

Why not in the guards of the transport: headers that override the method are refused
there for everybody; `_method` is an honest field where no statement tells methods
apart, so it is the policy that must be asked.

Honoured in POST requests by Rails and Rack, Laravel and Symfony, Express'
method-override, Ktor and Spring: as a form field, a part of multipart, a member of JSON
or in the query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dlp.decode.sieve import Sieve
from dlp.decode.spellings.escapes import unescape
from dlp.decode.spellings.percent import unpercent
from dlp.model import Destination, Message, Part, PartKind
from dlp.policy.reach import Reach
from dlp.policy.ruleset import Policy


def _written(word: str) -> str:
    """A word whose letters may be percent-encoded, or escaped as in JSON."""
    codes = [f"(?:{ord(c):02x}|{ord(c.upper()):02x})" for c in word]
    return "".join(
        rf"(?:{c}|(?:%|\\u00){code})" for c, code in zip(word, codes, strict=True)
    )


_VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
_NAME = _written("_method")
_FIELD = (
    rf"(?:(?:^|[?&;]){_NAME}\s*=\s*"
    rf'|"{_NAME}"\s*:\s*"'
    rf'|name="?{_NAME}"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)'
    rf"({'|'.join(map(_written, _VERBS))})\b"
)
_SEARCH = re.compile(_FIELD.encode(), re.IGNORECASE)
SIEVE = Sieve([(0, f"(?i){_FIELD}")])
"""Hardly any message asks; this tells so a hundred times faster."""
_STRICTER = {"allow": 0, "approve": 1, "none": 2, "deny": 3}


def reach(policy: Policy, message: Message) -> Reach:
    """What the policy says of a message, taken as the strictest it may be read as."""
    agent, to = message.agent.id, message.destination
    found = policy.reach(agent, to)
    if to.method != "POST":
        return found
    for method in methods(message.parts):
        other = policy.reach(agent, _with(to, method))
        if _STRICTER[other.effect] > _STRICTER[found.effect]:
            found = replace(other, why=f"the body asks for {method}: {other.why}")
    return found


def methods(parts: tuple[Part, ...]) -> Iterator[str]:
    """Every method that target or body ask for, in capitals."""
    for part in parts:
        if part.kind in {PartKind.TARGET, PartKind.BODY} and SIEVE.scan(part.data):
            for asked in _SEARCH.finditer(part.data):
                yield unescape(unpercent(asked[1])).decode().upper()


def _with(to: Destination, method: str) -> Destination:
    return replace(to, method=method)
