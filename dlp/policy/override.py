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

from dlp.model import Destination, Message, Part, PartKind
from dlp.policy.reach import Reach
from dlp.policy.ruleset import Policy

_NAME = b"method"
_BEFORE = re.compile(rb"(?:_|%5f|\\u005f|name=\"?)\Z", re.IGNORECASE)
"""What stands before the name in every notation: `method` alone is a frequent word."""
_BEFORE_BYTES = 6
_FIELD = re.compile(
    rb"""(?xi)
    (?: (?:^|[?&;])  (?:_|%5f) method \s* = \s*
      | "(?:_|\\u005f)method" \s* : \s* "
      | name="?_method"? [^\r\n]* (?:\r?\n[^\r\n]+)* \r?\n\r?\n )
    (get|head|post|put|patch|delete|options|trace) \b
    """
)
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
        if part.kind in {PartKind.TARGET, PartKind.BODY} and _is_named(part.data):
            for asked in _FIELD.finditer(part.data):
                yield asked[1].decode().upper()


def _is_named(data: bytes) -> bool:
    """A cheap look: hardly any message names one."""
    at = data.find(_NAME)
    while at >= 0:
        if _BEFORE.search(data, max(0, at - _BEFORE_BYTES), at):
            return True
        at = data.find(_NAME, at + len(_NAME))
    return False


def _with(to: Destination, method: str) -> Destination:
    return replace(to, method=method)
