r"""
Expressions of other scanners, rewritten into our dialect.

They come from Go (RE2), Rust and Python. What differs: flags set in the middle, POSIX
classes, `\z`; repeats without a bound; and which group is the secret, which we mark by
the name `secret`. Stands apart from `imports` and `plugins`, which both need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from dlp.detect.pattern import WIDEST
from dlp.detect.syntax import (
    Node,
    Nodes,
    PatternError,
    bounds,
    children,
    group_of,
    mapped,
    parse,
    repeat,
    spelt_out,
    width,
    write,
)

_CAPS = (4000, 1000, 200, 50, 10)
"""What an open repeat may add to its minimum: the most that keeps a match in bounds."""

_SHORTEST = 8
"""Bytes below which a group is a prefix or a quotation mark, no secret."""

_POSIX = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:word:]": r"\w",
    "[:space:]": r"\s",
    "[:xdigit:]": "0-9A-Fa-f",
    "[:punct:]": r"!-/:-@\[-`{-~",
}
_NAMED = re.compile(r"\(\?<([A-Za-z_]\w*)>")
_LEADING = re.compile(r"\s*\(\?([a-zA-Z]+)\)")
_SWITCH = re.compile(r"\(\?([ismx]*)(?:-([ismx]+))?\)")
_SECRET_NAMES = ("secret", "TOKEN", "token", "key")
_LETTERS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}


def adapt(source: str, *, flags: int = 0, group: int = 0) -> str:
    """
    The same expression, bounded, in the dialect of our files.

    `group` is the number of the group that holds the secret. When 0 it is the one named
    for it, else the first of at least eight bytes, else the whole match.

    Raises:
        PatternError: it cannot be rewritten.
    """
    text = _NAMED.sub(r"(?P<\1>", source)
    while leading := _LEADING.match(text):
        flags |= sum(_LETTERS.get(letter, 0) for letter in set(leading[1]))
        text = text[leading.end() :]
    for name, members in _POSIX.items():
        text = text.replace(name, members)
    encoded = _scoped(text.replace(r"\z", r"\Z")).encode()
    known = int(flags) & (re.IGNORECASE | re.DOTALL | re.MULTILINE | re.VERBOSE)
    nodes, found = parse(encoded, known)
    secret = group or _secret_group(encoded, known, nodes)
    if found & re.DOTALL:
        nodes = mapped(nodes, spelt_out)
    caseless = "(?i)" if found & re.IGNORECASE else ""
    return caseless + write(_bounded(nodes), secret).decode("ascii")


def _secret_group(source: bytes, flags: int, nodes: Nodes) -> int | None:
    names = re.compile(source, flags).groupindex
    for name in _SECRET_NAMES:
        if name in names:
            return names[name]
    return next(_groups(nodes), None)


def _groups(nodes: Nodes) -> Iterator[int]:
    """Numbers of the groups that could hold a secret: wide enough, in order."""
    for node in nodes:
        number = group_of(node)
        if number is not None and _span(node) >= _SHORTEST:
            yield number
        for inside in children(node):
            yield from _groups(inside)


def _span(node: Node) -> int:
    return width(mapped([node], partial(_closed, _SHORTEST)))[1]


def _bounded(nodes: Nodes) -> Nodes:
    for most in _CAPS:
        closed = mapped(nodes, partial(_closed, most))
        if width(closed)[1] <= WIDEST:
            return closed
    raise PatternError("pattern can span too much", "lower its repeats")


def _closed(most: int, node: Node) -> Node:
    repeats = bounds(node)
    if repeats and repeats[1] == float("inf"):
        return repeat(node, repeats[0], repeats[0] + most)
    return node


def _scoped(text: str) -> str:
    """
    `a(?i)b` as `a(?i:b)`: Go and Rust set flags from here to the group's end.

    Walks the text once; `open_here` counts groups to close before each `)`.
    """
    written: list[str] = []
    open_here = [0]
    in_class = False
    place = 0
    while place < len(text):
        character = text[place]
        switch = None if in_class else _SWITCH.match(text, place)
        if switch and (switch[1] or switch[2]):
            off = f"-{switch[2]}" if switch[2] else ""
            written.append(f"(?{switch[1]}{off}:")
            open_here[-1] += 1
            place = switch.end()
            continue
        step = 2 if character == "\\" else 1
        if character == "[" and not in_class:
            in_class = True
            step += len(re.match(r"\^?\]?", text[place + 1 :])[0])  # type: ignore[index]
        elif character == "]":
            in_class = False
        elif character == "(" and not in_class:
            open_here.append(0)
        elif character == ")" and not in_class and len(open_here) > 1:
            written.append(")" * open_here.pop())
        written.append(text[place : place + step])
        place += step
    return "".join(written) + ")" * sum(open_here)
