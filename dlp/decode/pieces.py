"""
Views made of many pieces of their parent, and the way back from an offset.

A view per leaf, run or archive member would cost more than reading them: pieces are
put into one view, and who finds something asks `Pieces` where it came from. Why not in
model.py: how pieces were rewritten is the decoders' business.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
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
    names: Callable[[int], str] | None = None
    """Names a piece in paths (an archive member); else the view's own step does."""

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        parent = view.parent
        assert parent is not None
        starts = [0, *accumulate(n + self.separator for n in self.lengths)]
        first = bisect_right(starts, start) - 1
        last = max(first, bisect_right(starts, max(start, stop - 1)) - 1)
        if last >= len(self.spans):
            last = len(self.spans) - 1
        if first == last:
            return self._one(view, first, start - starts[first], stop - starts[first])
        hull = self.spans[first][0], self.spans[last][1]
        above = parent.origin(*hull)
        span = above.span if self.separator else None
        return Origin(above.part, _path(above.path, view.step), span)

    def _one(self, view: View, index: int, start: int, stop: int) -> Origin:
        parent = view.parent
        assert parent is not None
        a, b = self.spans[index]
        inside = self.inner(parent.data[a:b], start, min(stop, self.lengths[index]))
        above = parent.origin(a + inside[0], a + inside[1])
        step = self.names(index) if self.names else view.step
        return Origin(above.part, _path(above.path, step), above.span)


def _path(above: str, step: str) -> str:
    return f"{above} > {step}" if step else above


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A decoder that replaces what a pattern matches, and can say what came of what."""

    pattern: re.Pattern[bytes]
    replace: Callable[[re.Match[bytes]], bytes]

    def apply(self, data: bytes) -> bytes:
        """`data` with every match replaced."""
        return self.pattern.sub(self.replace, data)

    def locate(self, source: bytes, start: int, stop: int) -> Span:
        """The bytes of `source` that became `apply(source)[start:stop]`."""
        shift = 0
        begin: int | None = None
        for match in self.pattern.finditer(source):
            at = match.start() + shift
            if begin is None and start < at:
                begin = start - shift
            if stop <= at:
                return begin if begin is not None else start - shift, stop - shift
            size = len(self.replace(match))
            if begin is None and start < at + size:
                begin = match.start()
            if stop <= at + size:
                return begin if begin is not None else match.start(), match.end()
            shift += size - (match.end() - match.start())
        return begin if begin is not None else start - shift, stop - shift


def lines_with(data: bytes, mark: bytes) -> list[Span]:
    """Spans of the lines of `data` in which `mark` occurs, neighbours as one span."""
    spans: list[Span] = []
    at = data.find(mark)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        stop = data.find(b"\n", at)
        stop = len(data) if stop < 0 else stop
        if spans and spans[-1][1] + 1 >= start:
            spans[-1] = spans[-1][0], stop
        else:
            spans.append((start, stop))
        at = data.find(mark, stop)
    return spans
