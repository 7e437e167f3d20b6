"""
Regular expressions as trees: parse, walk, measure, write back.

The tree is that of the standard library's `re` parser, whose patterns are, but for a
few forms, also those of `regex` and hyperscan. Stands apart from `pattern` and
`foreign`, which both rewrite expressions with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]
Nodes = list[Node]

_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
_LOOKS = (sre.ASSERT, sre.ASSERT_NOT)
_NO_WIDTH = (sre.AT, *_LOOKS)


class PatternError(ValueError):
    """Why a pattern cannot be used, and what to write instead (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def parse(source: bytes, flags: int = 0) -> tuple[Nodes, int]:
    """
    The tree of an expression, and all flags in force.

    Raises:
        PatternError: it is none.
    """
    try:
        tree = _parser.parse(source, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"bad pattern: {error}", "correct the expression") from error
    return list(tree), int(tree.state.flags)


def children(node: Node) -> list[Nodes]:
    """The sequences of nodes inside a node, none for a leaf."""
    operator, argument = node
    if operator in _REPEATS:
        return [list(argument[2])]
    if operator is sre.SUBPATTERN:
        return [list(argument[3])]
    if operator in _LOOKS:
        return [list(argument[1])]
    if operator is sre.ATOMIC_GROUP:
        return [list(argument)]
    if operator is sre.BRANCH:
        return [list(branch) for branch in argument[1]]
    return []


def with_children(node: Node, new: list[Nodes]) -> Node:
    """The same node round other sequences."""
    operator, argument = node
    if operator in _REPEATS:
        return operator, (argument[0], argument[1], new[0])
    if operator is sre.SUBPATTERN:
        return operator, (*argument[:3], new[0])
    if operator in _LOOKS:
        return operator, (argument[0], new[0])
    if operator is sre.ATOMIC_GROUP:
        return operator, new[0]
    return operator, (argument[0], new)


def mapped(nodes: Nodes, change: Callable[[Node], Node | None]) -> Nodes:
    """Every node, innermost first, through `change`; None drops it."""
    changed = (
        change(
            with_children(node, [mapped(inner, change) for inner in inside])
            if (inside := children(node))
            else node
        )
        for node in nodes
    )
    return [node for node in changed if node is not None]


def bounds(node: Node) -> tuple[int, float] | None:
    """Least and most repeats of a repeat, None for any other node."""
    if node[0] not in _REPEATS:
        return None
    least, most = node[1][0], node[1][1]
    return int(least), float("inf") if most is sre.MAXREPEAT else int(most)


def repeat(node: Node, least: int, most: float) -> Node:
    """The same repeat with other bounds."""
    upper = sre.MAXREPEAT if most == float("inf") else int(most)
    return node[0], (least, upper, node[1][2])


def is_look(node: Node) -> bool:
    """A look-ahead or look-behind."""
    return node[0] in _LOOKS


def scannable(node: Node) -> Node | None:
    """
    What hyperscan can do of a node, matching at least as much.

    For `mapped`: no look-around, and possessive things give back.
    """
    operator, argument = node
    if operator in _LOOKS:
        return None
    if operator is sre.POSSESSIVE_REPEAT:
        return sre.MAX_REPEAT, argument
    if operator is sre.ATOMIC_GROUP:
        return sre.SUBPATTERN, (None, 0, 0, argument)
    return node


def spelt_out(node: Node) -> Node:
    r"""`.` where it also matches line ends, as `[\s\S]`. For `mapped`."""
    if node[0] is not sre.ANY:
        return node
    both = (sre.CATEGORY_SPACE, sre.CATEGORY_NOT_SPACE)
    return sre.IN, [(sre.CATEGORY, each) for each in both]


def is_anchor(node: Node) -> bool:
    r"""`^`, `$`, `\b` and their kin."""
    return node[0] is sre.AT


def is_border(node: Node) -> bool:
    """What only tells where a word ends: an anchor, a look, or `(?:^|[^a-z])`."""
    if node[0] in _NO_WIDTH:
        return True
    ways = children(node) if node[0] is sre.BRANCH else []
    return any(way and is_anchor(way[0]) for way in ways) and all(
        len(way) == 1 and (is_anchor(way[0]) or _is_none_of(way[0])) for way in ways
    )


def _is_none_of(node: Node) -> bool:
    operator, argument = node
    return operator is sre.NOT_LITERAL or (
        operator is sre.IN and argument[0][0] is sre.NEGATE
    )


def group_of(node: Node) -> int | None:
    """The number of a capturing group; None for any other node."""
    number: int | None = node[1][0] if node[0] is sre.SUBPATTERN else None
    return number


def width(nodes: Nodes) -> tuple[int, int]:
    """Least and most bytes a sequence can match. Repeats must be bounded."""
    least = most = 0
    for node in nodes:
        low, high = _node_width(node)
        least, most = least + low, most + high
    return least, most


def _node_width(node: Node) -> tuple[int, int]:
    operator, argument = node
    if operator in _NO_WIDTH:
        return 0, 0
    inside = [width(inner) for inner in children(node)]
    if operator in _REPEATS:
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
    sre.AT_END_STRING: b"\\Z",
}
_CATEGORY = {
    sre.CATEGORY_DIGIT: b"\\d",
    sre.CATEGORY_NOT_DIGIT: b"\\D",
    sre.CATEGORY_SPACE: b"\\s",
    sre.CATEGORY_NOT_SPACE: b"\\S",
    sre.CATEGORY_WORD: b"\\w",
    sre.CATEGORY_NOT_WORD: b"\\W",
}


def write(nodes: Iterable[Node], secret: int | None = None) -> bytes:
    """
    The expression of a tree; the group numbered `secret` is named so, others are not.

    Raises:
        PatternError: a back-reference, or another thing that needs memory.
    """
    return b"".join(_write_node(node, secret) for node in nodes)


def _write_node(node: Node, secret: int | None) -> bytes:
    operator, argument = node
    if operator in _LEAVES:
        leaf: bytes = _LEAVES[operator](argument)
        return leaf
    inner = [write(inside, secret) for inside in children(node)]
    if operator in _REPEATS:
        return _repeated(node, inner[0])
    if operator is sre.SUBPATTERN:
        return _group(argument, secret) + inner[0] + b")"
    if operator in _LOOKS:
        behind = b"<" if argument[0] < 0 else b""
        sign = b"=" if operator is sre.ASSERT else b"!"
        return b"(?" + behind + sign + inner[0] + b")"
    if operator is sre.ATOMIC_GROUP:
        return b"(?>" + inner[0] + b")"
    if operator is sre.BRANCH:
        return b"(?:" + b"|".join(inner) + b")"
    raise PatternError(
        f"pattern uses {str(operator).lower().replace('_', ' ')}, which cannot be "
        "matched in one pass",
        "write it without back-references and conditions",
    )


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


def _group(argument: Any, secret: int | None) -> bytes:
    number, added, removed, _ = argument
    if secret is not None and number == secret:
        return b"(?P<secret>"
    caseless = re.IGNORECASE.value
    switch = b"i" * bool(added & caseless) + b"-i" * bool(removed & caseless)
    return b"(?" + switch + b":"


def _repeated(node: Node, text: bytes) -> bytes:
    operator, (least, most, inside) = node
    if len(inside) != 1 or children(inside[0]):
        text = b"(?:" + text + b")"
    possessive = b"+" * (operator is sre.POSSESSIVE_REPEAT)
    lazy = b"?" * (operator is sre.MIN_REPEAT)
    count = b"{%d,%d}" % (least, most)
    if most is sre.MAXREPEAT:
        count = b"{%d,}" % least
    elif least == most:
        return bytes(text + b"{%d}" % least)
    return bytes(text + count + lazy + possessive)


_LEAVES: dict[Any, Callable[[Any], bytes]] = {
    sre.LITERAL: _character,
    sre.NOT_LITERAL: lambda code: b"[^" + _character(code) + b"]",
    sre.ANY: lambda _: b".",
    sre.IN: _class,
    sre.AT: lambda where: _AT[where],
}


_MANY = 1000
_LONG = 10


def beginnings(nodes: Nodes) -> tuple[frozenset[bytes], int]:
    """
    Literals, in lower case, one of which every match begins with, and how many bytes
    may stand before it: none or one.

    No literals at all: a match may begin in too many ways for them to be of use.
    """
    for lead in (0, 1):
        found, _ = _literals(nodes, may_skip=bool(lead))
        if found and min(map(len, found)) >= 2:
            shortest = (
                text
                for text in found
                if not any(text[:size] in found for size in range(2, len(text)))
            )
            return frozenset(shortest), lead
    return frozenset(), 0


def prefixes(source: bytes, *, folded: bool = True) -> tuple[bytes, ...]:
    """
    What an expression fixes of the beginning of its group `secret`, else of the whole:
    literals, in lower case if `folded`, longest first. None if it may begin anyhow.
    """
    tree = _parser.parse(source, re.MULTILINE)
    number = tree.state.groupdict.get("secret")
    inside = list(tree) if number is None else _within(list(tree), number)
    found, _ = _literals(inside, may_skip=True, enough=_PREFIX, folded=folded)
    return tuple(sorted(found - {b""}, key=len, reverse=True))


def group_width(source: bytes, name: str) -> tuple[int, int]:
    """Least and most bytes a group can match; without it, the whole expression."""
    tree = _parser.parse(source, re.MULTILINE)
    number = tree.state.groupdict.get(name)
    return width(list(tree) if number is None else _within(list(tree), number))


_PREFIX = 40
"""Bytes of a prefix that are asked for; vendors fix some twenty at most."""


def _within(nodes: Nodes, number: int) -> Nodes:
    """What stands in the group of that number."""
    for node in nodes:
        if group_of(node) == number:
            return children(node)[0]
        for inside in children(node):
            if found := _within(inside, number):
                return found
    return []


def _literals(
    nodes: Nodes, *, may_skip: bool, enough: int = _LONG, folded: bool = True
) -> tuple[set[bytes], bool]:
    """
    The literal starts of a sequence, and whether they are all of it.

    `may_skip`: whether a byte that may stand before them can be passed over.
    `enough`: bytes after which no more are asked for.
    """
    starts = {b""}
    for node in nodes:
        least, most = width([node])
        if starts == {b""} and least == 0 and most <= may_skip:
            may_skip = may_skip and most == 0
            continue
        texts, whole = _literals_of(
            node, may_skip=may_skip and starts == {b""}, enough=enough, folded=folded
        )
        if not texts or len(starts) * len(texts) > _MANY:
            return starts, False
        starts = {start + text for start in starts for text in texts}
        if not whole or min(map(len, starts)) >= enough:
            return starts, False
    return starts, True


def _literals_of(
    node: Node, *, may_skip: bool, enough: int, folded: bool
) -> tuple[set[bytes], bool]:
    operator, argument = node
    if operator is sre.LITERAL:
        letter = bytes([argument])
        return {letter.lower() if folded else letter}, True
    if operator is sre.IN and all(item[0] is sre.LITERAL for item in argument):
        letters = {bytes([item[1]]) for item in argument}
        return {letter.lower() for letter in letters} if folded else letters, True
    if operator in (sre.SUBPATTERN, sre.BRANCH):
        each = [
            _literals(inner, may_skip=may_skip, enough=enough, folded=folded)
            for inner in children(node)
        ]
        texts = {text for found, _ in each for text in found}
        return (texts - {b""} if b"" not in texts else set()), all(w for _, w in each)
    return set(), False
