"""
The leaves of one small JSON document, with their places in its bytes.

Why not `orjson`: what is not changed must stay as it was written, and a parsed document
has forgotten how that was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from dlp.model import noun

type Path = tuple[str | int, ...]

_TOKEN = re.compile(
    rb'\s*(?:(?P<string>"(?:[^"\\]|\\.)*+")|(?P<number>-?[0-9][-+.0-9eE]*)'
    rb"|(?P<mark>[{}\[\],:])|true|false|null)"
)


@noun
class Leaf:
    """A value: a string without its quotes, or a number."""

    path: Path
    start: int
    stop: int
    is_text: bool

    @property
    def key(self) -> str:
        """The name it is under; that of its list, if it stands in one."""
        return next((str(s) for s in reversed(self.path) if isinstance(s, str)), "")


def leaves(data: bytes, start: int, stop: int) -> list[Leaf] | None:
    """All of them in order; None when it is no object or array."""
    try:
        document = orjson.loads(memoryview(data)[start:stop])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, (dict, list)):
        return None
    return list(_leaves(data, start, stop))


def _leaves(data: bytes, start: int, stop: int) -> Iterator[Leaf]:
    path: list[str | int] = []
    """A step for each open container: the key or number of what comes next in it."""
    is_key = False
    for token in _TOKEN.finditer(data, start, stop):
        mark = token["mark"]
        if mark:
            is_key = _step(path, mark)
        elif is_key:
            path[-1] = token["string"][1:-1].decode(errors="replace")
        elif token["string"] is not None:
            low, high = token.span("string")
            yield Leaf(tuple(path), low + 1, high - 1, is_text=True)
        elif token["number"] is not None:
            yield Leaf(tuple(path), *token.span("number"), is_text=False)


def _step(path: list[str | int], mark: bytes) -> bool:
    """Follow a mark; True when a key comes next."""
    if mark in b"{[":
        path.append("" if mark == b"{" else 0)
    elif mark in b"}]":
        path.pop()
        return False
    elif mark == b",":
        step = path[-1]
        path[-1] = step + 1 if isinstance(step, int) else step
    return mark != b":" and bool(path) and isinstance(path[-1], str)
