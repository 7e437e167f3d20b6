"""
A sample for a pattern that came without one: a template made from its syntax tree.

`acme_[a-z0-9]{32}` gives `acme_{loweralnum:32}`. Optional parts are left out, of
alternatives the first is taken. Whether the sample fires the rule is for the caller to
try; a pattern that asks for more than its tree shows may need one written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import _constants as sre  # type: ignore[attr-defined]

from dlp.detect.syntax import Node, Nodes, bounds, children, parse, write
from dlp.detect.templates import ALPHABETS

_GAPS = ("", " ", "=")
"""What stands in for an optional part that takes it, tried in this order."""

_LENGTH = 24
"""Characters a repeat gets when its bounds leave the choice."""


def exemplars(source: str) -> Iterator[str]:
    """
    Templates whose text the pattern should match, likeliest first.

    Raises:
        PatternError: not a pattern.
    """
    nodes, _ = parse(source.encode())
    for gap in _GAPS:
        text = _sequence(nodes, gap)
        yield from (text, f" {text} ", f'"{text}"', f"{text}\n")


def _sequence(nodes: Nodes, gap: str) -> str:
    return "".join(_node(node, gap) for node in nodes)


def _node(node: Node, gap: str) -> str:
    operator, argument = node
    if bounds(node):
        return _repeated(node, gap)
    if operator is sre.LITERAL:
        return _literal(argument)
    if operator in (sre.IN, sre.ANY, sre.NOT_LITERAL):
        return _drawn(node, 1)
    if operator is sre.BRANCH:
        return _sequence(list(argument[1][0]), gap)
    if operator in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
        return _sequence(children(node)[0], gap)
    return ""


def _repeated(node: Node, gap: str) -> str:
    least, most = bounds(node) or (0, 0)
    inside = children(node)[0]
    if not least:
        return gap if gap and _takes(inside, gap) else ""
    single = len(inside) == 1 and not children(inside[0])
    if not single or inside[0][0] is sre.LITERAL:
        return _sequence(inside, gap) * least
    return _drawn(inside[0], int(max(least, min(most, _LENGTH))))


def _takes(inside: Nodes, gap: str) -> bool:
    return bool(re.fullmatch(write(inside), gap.encode()))


def _drawn(node: Node, size: int) -> str:
    """`size` characters of a class, by the widest alphabet that lies within it."""
    matches = re.compile(write([node])).fullmatch
    allowed = {code for code in range(128) if matches(bytes([code]))}
    fitting = [
        name
        for name, alphabet in ALPHABETS.items()
        if allowed.issuperset(alphabet.encode())
    ]
    if fitting:
        return f"{{{max(fitting, key=lambda name: len(ALPHABETS[name]))}:{size}}}"
    plain = "".join(chr(code) for code in sorted(allowed) if chr(code).isalnum())
    if plain:
        return f"{{from:{plain}:{size}}}"
    return _literal(min(allowed, default=ord("x"))) * size


def _literal(code: int) -> str:
    character = chr(code)
    return character * 2 if character in "{}" else character
