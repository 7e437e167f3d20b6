"""
Views made of many pieces of their parent, and the way back from an offset.

A view per leaf, run or archive member would cost more than reading them: pieces are
put into one view, and who finds something asks `Pieces` where it came from. Why not in
model.py: how pieces were rewritten is the decoders' business.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from dlp.model import Origin, View

Span = tuple[int, int]
Inner = Callable[[bytes, int, int], Span]
"""Maps a span of a piece's output to its source: `(source, start, stop) -> span`."""


def same(_source: bytes, start: int, stop: int) -> Span:
    """A piece that was copied."""
    return start, stop


def whole(source: bytes, _start: int, _stop: int) -> Span:
    """A piece of which any part needs all of the source."""
    return 0, len(source)


@dataclass(slots=True)
class Pieces:
    """
    The trace of a view that is `separator`-joined pieces of its parent's data.

    `step` names the view in paths; a join that crosses pieces has no span, because the
    bytes between them are not part of what was found.
    """

    spans: Sequence[Span]
    """Where each piece stands in the parent."""
    lengths: Sequence[int]
    """Length of each piece in the view."""
    separator: int = 1
    inner: Inner = same
    rewrite: Rewrite | None = None
    """What made the pieces of their sources, where that tells more than `inner`."""
    opaque: bool = False
    """Pieces came out of bytes that nobody could edit in place: no spans."""
    names: Callable[[int], str] | None = None
    """Names a piece in paths (an archive member); else the view's own step does."""
    _starts: list[int] | None = None
    _changes: dict[int, Changes] = field(default_factory=dict)

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        parent = view.parent
        assert parent is not None
        if self._starts is None:
            self._starts = [0, *accumulate(n + self.separator for n in self.lengths)]
        first = self._index(start)
        last = max(first, self._index(max(start, stop - 1)))
        one = self._source(parent.data, first, start, stop)
        two = one if first == last else self._source(parent.data, last, start, stop)
        above = parent.origin(min(one[0], two[0]), max(one[1], two[1]))
        step = view.step
        if first == last and self.names:
            step = self.names(first)
        exact = not self.opaque and (first == last or self.separator)
        path = f"{above.path} > {step}" if step else above.path
        return Origin(above.part, path, above.span if exact else None)

    def _index(self, at: int) -> int:
        assert self._starts is not None
        return min(bisect_right(self._starts, at) - 1, len(self.spans) - 1)

    def _source(self, data: bytes, index: int, start: int, stop: int) -> Span:
        """The bytes of `data` behind the part of [start, stop) that lies in a piece."""
        assert self._starts is not None
        low, high = self.spans[index]
        size = self.lengths[index]
        begin = min(max(start - self._starts[index], 0), size)
        end = max(begin, min(stop - self._starts[index], size))
        if self.rewrite is None:
            inside = self.inner(data[low:high], begin, end)
        else:
            if index not in self._changes:
                self._changes[index] = Changes(self.rewrite, data[low:high])
            inside = self._changes[index].locate(begin, end)
        return low + inside[0], low + inside[1]


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Replaces what a pattern matches; `Changes` says what came of what."""

    pattern: re.Pattern[bytes]
    replace: Callable[[re.Match[bytes]], bytes]

    def apply(self, data: bytes) -> bytes:
        """`data` with every match replaced."""
        return self.pattern.sub(self.replace, data)


class Changes:
    """
    What a rewrite did to one source; who looks for many places asks one of these.

    Three numbers for each match, in order: where it begins and ends in the source, and
    where what came of it ends.
    """

    __slots__ = ("_begins", "_ends", "_made")

    def __init__(self, rewrite: Rewrite, source: bytes) -> None:
        self._begins, self._ends, self._made = array("q"), array("q"), array("q")
        shift = 0
        for match in rewrite.pattern.finditer(source):
            begin, end = match.span()
            made = begin + shift + len(rewrite.replace(match))
            shift = made - end
            self._begins.append(begin)
            self._ends.append(end)
            self._made.append(made)

    def locate(self, start: int, stop: int) -> Span:
        """The bytes of the source that became [start, stop)."""
        first, last = bisect_right(self._made, start), bisect_left(self._made, stop)
        begin, end = start - self._shift(first), stop - self._shift(last)
        if first < len(self._made):
            begin = min(begin, self._begins[first])
        if last < len(self._made) and end > self._begins[last]:
            end = self._ends[last]
        return min(begin, end), end

    def _shift(self, index: int) -> int:
        """By how much what stands before a match has moved."""
        return self._made[index - 1] - self._ends[index - 1] if index else 0


def above(view: View, start: int, stop: int) -> tuple[View, int, int] | None:
    """A view's parent, and its bytes that became `data[start:stop]`; None: no place."""
    if view.parent is None:
        return None
    text = view.parent.data
    alone = View(text, view.part, span=(0, len(text)), exact=True)
    span = replace(view, parent=alone).origin(start, stop).span
    return (view.parent, *span) if span else None


def lines_with(data: bytes, mark: bytes) -> list[Span]:
    """Spans of the lines of `data` in which `mark` occurs, neighbours as one span."""
    spans: list[Span] = []
    at = data.find(mark)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        stop = data.find(b"\n", at)
        while stop > 0 and data[stop - 1 : stop] == b"\\":
            stop = data.find(b"\n", stop + 1)  # the line goes on in the next
        stop = len(data) if stop < 0 else stop
        if spans and spans[-1][1] + 1 >= start:
            spans[-1] = spans[-1][0], stop
        else:
            spans.append((start, stop))
        at = data.find(mark, stop)
    return spans
