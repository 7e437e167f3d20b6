"""
One pattern, two forms: the exact one that captures, and the scan form that only finds.

The scan form goes to hyperscan. It matches at least wherever the exact form does, but
earlier and cheaper: what an optional or repeated tail could add is cut off, because
hyperscan reports every end of every match and `x{20,4000}` alone would report 3,981 of
them; a large bound in the middle becomes no bound, which costs an automaton nothing.
The exact form, run by `regex` on a window round the reported end, decides.

Both are derived from the syntax tree of the standard library's `re`, so a pattern must
be one that `re`, `regex` and hyperscan all accept. Patterns are bytes and line
anchors are those of lines. Stands apart from `rules` because the importer rewrites
foreign patterns with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

WIDEST = 16 << 10
"""Bytes one match may span. Keys in PEM armour (8 KiB for RSA-16384) fit twice."""

_LOOSE = 64
"""A bound above this is no bound in the scan form."""

Node = tuple[Any, Any]
Nodes = list[Node]


class PatternError(ValueError):
    """Why a pattern cannot be used, and what to write instead (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Pattern:
    """A checked pattern."""

    exact: bytes
    scan: bytes
    """What hyperscan compiles."""
    reach: int
    """Bytes before the end hyperscan reports within which the match must start."""
    tail: int
    """Bytes after the reported end that the match may still take."""
    most: int
    """Bytes the whole match can take."""


@cache
def prepare(source: str) -> Pattern:
    """
    Check a pattern and derive its scan form.

    Raises:
        PatternError: not a pattern, unbounded, matches nothing or everything.
    """
    exact = source.encode()
    nodes, caseless = _parse(exact)
    _refuse_unbounded(nodes)
    least, most = _width(nodes)
    if least == 0:
        raise PatternError("pattern can match nothing", "make some part of it required")
    if most > WIDEST:
        raise PatternError(
            f"pattern can span {most} bytes, the limit is {WIDEST}",
            "lower the upper bounds of its repeats",
        )
    _refuse_vacuous(exact)
    cut = _cut_tail(nodes)
    scan = (b"(?i)" if caseless else b"") + unparse(_loosen(cut))
    cut_least, reach = _width(cut)
    return Pattern(exact, scan, reach, most - cut_least, most)


def bounded(source: str, most: int = 200) -> str:
    """
    The same pattern with every unbounded repeat capped at `most` more than its minimum.

    Raises:
        PatternError: not a pattern.
    """
    nodes, caseless = _parse(source.encode())
    text = unparse(_cap(nodes, most)).decode("ascii")
    return ("(?i)" if caseless else "") + text


def _parse(exact: bytes) -> tuple[Nodes, bool]:
    try:
        tree = _parser.parse(exact, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"bad pattern: {error}", "correct the expression") from error
    extra = tree.state.flags & ~(re.MULTILINE | re.IGNORECASE)
    if extra:
        raise PatternError(
            "pattern sets a flag other than (?i)", "write the effect out, as [\\s\\S]"
        )
    return list(tree), bool(tree.state.flags & re.IGNORECASE)


_ORDINARY = (
    b"The quick brown fox jumps over 13 lazy dogs; see https://a.example/b?c=d\n"
)


def _refuse_vacuous(exact: bytes) -> None:
    if re.search(exact, _ORDINARY, re.MULTILINE):
        raise PatternError(
            "pattern matches ordinary text", "give it a prefix, a key name or a length"
        )


def children(node: Node) -> list[Nodes]:
    """The sequences of nodes inside a node, none for a leaf."""
    operator, argument = node
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return [list(argument[2])]
    if operator is sre.SUBPATTERN:
        return [list(argument[3])]
    if operator is sre.BRANCH:
        return [list(branch) for branch in argument[1]]
    return []


def _with_children(node: Node, new: list[Nodes]) -> Node:
    operator, argument = node
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return operator, (argument[0], argument[1], new[0])
    if operator is sre.SUBPATTERN:
        return operator, (*argument[:3], new[0])
    if operator is sre.BRANCH:
        return operator, (argument[0], new)
    return node


def _mapped(nodes: Nodes, change: Callable[[Node], Node]) -> Nodes:
    """Every node, innermost first, through `change`."""
    return [
        change(_with_children(node, [_mapped(inner, change) for inner in inside]))
        if (inside := children(node))
        else change(node)
        for node in nodes
    ]


def _repeat(node: Node) -> tuple[int, float] | None:
    if node[0] in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most = node[1][0], node[1][1]
        return int(least), float("inf") if most is sre.MAXREPEAT else int(most)
    return None


def _refuse_unbounded(nodes: Nodes) -> None:
    for node in nodes:
        bounds = _repeat(node)
        if bounds and bounds[1] == float("inf"):
            raise PatternError(
                "pattern has an unbounded repeat",
                f"write {{{bounds[0]},N}} instead of * + or {{{bounds[0]},}}",
            )
        for inside in children(node):
            _refuse_unbounded(inside)


def _cap(nodes: Nodes, extra: int) -> Nodes:
    def cap(node: Node) -> Node:
        bounds = _repeat(node)
        if bounds and bounds[1] == float("inf"):
            return node[0], (bounds[0], bounds[0] + extra, node[1][2])
        return node

    return _mapped(nodes, cap)


def _loosen(nodes: Nodes) -> Nodes:
    def loosen(node: Node) -> Node:
        bounds = _repeat(node)
        if bounds and bounds[1] > _LOOSE and bounds[1] > bounds[0]:
            return node[0], (bounds[0], sre.MAXREPEAT, node[1][2])
        return node

    return _mapped(nodes, loosen)


def _cut_tail(nodes: Nodes) -> Nodes:
    """Drop what the end of a match may or may not have, and assertions after it."""
    kept = list(nodes)
    while kept:
        node = kept[-1]
        bounds = _repeat(node)
        if bounds and bounds[1] > bounds[0]:
            kept[-1:] = [(sre.MAX_REPEAT, (*(bounds[0],) * 2, node[1][2]))] * (
                bounds[0] > 0
            )
            if bounds[0]:
                return kept
        elif node[0] is sre.SUBPATTERN:
            inner = _cut_tail(list(node[1][3]))
            kept[-1:] = [_with_children(node, [inner])] * bool(inner)
            if inner:
                return kept
        elif node[0] is sre.AT and _ends_variably(kept[:-1]):
            kept.pop()
        else:
            return kept
    return kept


def _ends_variably(nodes: Nodes) -> bool:
    """Whether `_cut_tail` would shorten it; what follows cannot then be kept."""
    return bool(nodes) and _cut_tail(nodes) != nodes


def _width(nodes: Nodes) -> tuple[int, int]:
    least = most = 0
    for node in nodes:
        low, high = _node_width(node)
        least, most = least + low, most + high
    return least, most


def _node_width(node: Node) -> tuple[int, int]:
    operator, argument = node
    if operator is sre.AT:
        return 0, 0
    inside = [_width(inner) for inner in children(node)]
    if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return inside[0][0] * int(argument[0]), inside[0][1] * int(argument[1])
    if operator is sre.BRANCH:
        return min(low for low, _ in inside), max(high for _, high in inside)
    return inside[0] if inside else (1, 1)


_AT = {
    sre.AT_BEGINNING: b"^",
    sre.AT_BEGINNING_STRING: b"\\A",
    sre.AT_BOUNDARY: b"\\b",
    sre.AT_NON_BOUNDARY: b"\\B",
    sre.AT_END: b"$",
    sre.AT_END_STRING: b"\\z",
}
_CATEGORY = {
    sre.CATEGORY_DIGIT: b"\\d",
    sre.CATEGORY_NOT_DIGIT: b"\\D",
    sre.CATEGORY_SPACE: b"\\s",
    sre.CATEGORY_NOT_SPACE: b"\\S",
    sre.CATEGORY_WORD: b"\\w",
    sre.CATEGORY_NOT_WORD: b"\\W",
}


def unparse(nodes: Iterable[Node]) -> bytes:
    """
    The expression of a syntax tree, groups without their names.

    Raises:
        PatternError: look-around, a back-reference, or another thing that needs memory.
    """
    return b"".join(map(_unparse_node, nodes))


def _unparse_node(node: Node) -> bytes:
    operator, argument = node
    writer = _WRITERS.get(operator)
    if writer is None:
        raise PatternError(
            f"pattern uses {str(operator).lower().replace('_', ' ')}, which cannot be "
            "matched in one pass",
            "write it without look-around, back-references and possessive repeats",
        )
    return writer(argument)


def _character(code: int) -> bytes:
    text = bytes([code])
    return text if text.isalnum() else b"\\x%02x" % code


def _class(items: list[Node]) -> bytes:
    parts = []
    for operator, argument in items:
        if operator is sre.NEGATE:
            parts.append(b"^")
        elif operator is sre.RANGE:
            parts.append(_character(argument[0]) + b"-" + _character(argument[1]))
        elif operator is sre.CATEGORY:
            parts.append(_CATEGORY[argument])
        else:
            parts.append(_character(argument))
    return b"[" + b"".join(parts) + b"]"


def _group(argument: Any) -> bytes:
    _, added, removed, inside = argument
    caseless = re.IGNORECASE.value
    switch = b"i" * bool(added & caseless) + b"-i" * bool(removed & caseless)
    return b"(?" + switch + b":" + unparse(inside) + b")"


def _counted(argument: Any) -> bytes:
    least, most, inside = argument
    text = unparse(inside)
    if len(inside) != 1 or inside[0][0] in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.BRANCH):
        text = b"(?:" + text + b")"
    if most is sre.MAXREPEAT:
        return text + b"{%d,}" % least
    return text + (b"{%d}" % least if least == most else b"{%d,%d}" % (least, most))


def _alternatives(argument: Any) -> bytes:
    return b"(?:" + b"|".join(unparse(branch) for branch in argument[1]) + b")"


_WRITERS: dict[Any, Callable[[Any], bytes]] = {
    sre.LITERAL: _character,
    sre.NOT_LITERAL: lambda code: b"[^" + _character(code) + b"]",
    sre.ANY: lambda _: b".",
    sre.IN: _class,
    sre.AT: lambda where: _AT[where],
    sre.SUBPATTERN: _group,
    sre.MAX_REPEAT: _counted,
    sre.MIN_REPEAT: _counted,
    sre.BRANCH: _alternatives,
}
