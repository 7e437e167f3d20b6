"""
Where in a document some bytes stand: `$.messages[3].content`, `form:token`.

Asked for findings only. Names are those of the document, so that a slot can be told;
one that is long or no plain word is written `*`, because it may be what was found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from dlp.decode.documents.tokens import segments
from dlp.model import Origin, View

Name = Callable[[bytes, int, int], str]
"""Names the place of `data[start:stop]`; empty when it has none."""

_WORD = re.compile(rb"[A-Za-z_][\w.\-]{0,39}")
_STRUCTURE = re.compile(rb"[\[\]{},]")
_DEEPEST = 200
"""Containers further down are not named."""
_SEGMENT_BYTES = 2 << 10
"""Read again for each place that is asked for."""


class Placed:
    """A trace that adds the place within the view's own data to its path."""

    __slots__ = ("_name",)

    def __init__(self, name: Name) -> None:
        self._name = name

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        origin = view.mapped(start, stop)
        name = self._name(view.data, start, stop)
        path = f"{origin.path} > {name}" if name else origin.path
        return Origin(origin.part, path, origin.span)


def word(name: bytes) -> str:
    """A name as it may be shown."""
    return name.decode() if _WORD.fullmatch(name) else "*"


@dataclass(slots=True)
class _Cursor:
    """A place in the reading of a document: how far in, and inside what."""

    at: int = 0
    stack: list[bytes | int | None] = field(default_factory=list)
    """Per open container the current key or index; None where none has come yet."""
    hidden: int = 0
    """Open containers deeper than `_DEEPEST`."""

    def copy(self) -> _Cursor:
        return _Cursor(self.at, self.stack.copy(), self.hidden)

    def read(self, data: bytes, stop: int) -> None:
        """Take in the structure up to `stop`, which has no strings in it."""
        for mark in _STRUCTURE.finditer(data, self.at, stop):
            self._step(data[mark.start()])

    def _step(self, mark: int) -> None:
        """One structural character."""
        if mark in b"{[":
            if len(self.stack) >= _DEEPEST:
                self.hidden += 1
            else:
                self.stack.append(None if mark == ord("{") else 0)
        elif mark in b"}]":
            if self.hidden:
                self.hidden -= 1
            elif self.stack:
                self.stack.pop()
        elif self.stack and not self.hidden:
            top = self.stack[-1]
            self.stack[-1] = top + 1 if isinstance(top, int) else None


class JSONPlaces:
    """Names places of one JSON document; what was read once is not read again."""

    def __init__(self) -> None:
        self._checkpoints: list[_Cursor] = [_Cursor()]
        self._inside: tuple[int, int, list[bytes | int | None]] = (0, 0, [])
        """The string that was asked for last, and where it stands."""

    def __call__(self, data: bytes, start: int, stop: int) -> str:
        """The path of the innermost value that holds all of `data[start:stop]`."""
        first = self._stack(data, start)
        if stop - 1 <= start:
            return _written(first)
        last = self._stack(data, stop - 1)
        same = 0
        while same < min(len(first), len(last)) and first[same] == last[same]:
            same += 1
        return _written(first[:same])

    def _stack(self, data: bytes, offset: int) -> list[bytes | int | None]:
        if self._inside[0] <= offset < self._inside[1]:
            return self._inside[2]
        index = bisect_right(self._checkpoints, offset, key=lambda c: c.at) - 1
        cursor = self._checkpoints[index].copy()
        for end, tokens in segments(data, cursor.at, _SEGMENT_BYTES):
            rows = zip(
                tokens.starts.tolist(),
                tokens.stops.tolist(),
                tokens.keys.tolist(),
                strict=True,
            )
            for start, stop, is_key in rows:
                if start > offset:
                    break
                cursor.read(data, max(cursor.at, start - 1))
                if is_key and cursor.stack and not cursor.hidden:
                    inside = start <= offset < stop
                    cursor.stack[-1] = b"" if inside else data[start:stop]
                if offset < stop:
                    self._inside = start, stop, cursor.stack
                    return cursor.stack
                cursor.at = stop + 1
            if end > offset:
                break
            cursor.read(data, end)
            cursor.at = end
            self._remember(cursor)
        cursor.read(data, max(cursor.at, offset))
        return cursor.stack

    def _remember(self, cursor: _Cursor) -> None:
        if cursor.at > self._checkpoints[-1].at:
            self._checkpoints.append(cursor.copy())


def _written(stack: list[bytes | int | None]) -> str:
    path = "$"
    for key in stack:
        if isinstance(key, int):
            path += f"[{key}]"
        elif key is not None:
            path += f".{word(key)}"
    return path
