"""
Known prose: the long strings of a JSON document in which nothing was before.

A conversation is sent again with every turn. What was looked at whole, and where nobody
found anything, is cut down to both ends: what stands beside it, and joins, see as much
of it as they would of all of it. Ends are cut at a space, where no escape and no
character can be cut.

Why not in `leaves`: that reads a document as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dlp.decode.documents.tokens import segments
from dlp.decode.pieces import Span

MARK = b";;"
"""Stands for what was left out: no word or assignment goes on across it."""
_KEPT_BYTES = 64
"""Of each end, and up to a space: what a name says of the value behind it."""
_WORTH_BYTES = 64
"""Leaving out less costs what it saves."""


def middles(data: bytes, is_known: Callable[[Span], bool]) -> Iterator[Span]:
    """What may be left out of each of the strings that are known."""
    for _, tokens in segments(data):
        if tokens.stray:
            return
        sizes = tokens.stops - tokens.starts
        long = (sizes >= 2 * _KEPT_BYTES + _WORTH_BYTES) & ~tokens.keys
        starts, stops = tokens.starts[long].tolist(), tokens.stops[long].tolist()
        for start, stop in zip(starts, stops, strict=True):
            first = data.find(b" ", start + _KEPT_BYTES, stop) + 1
            last = data.rfind(b" ", start, stop - _KEPT_BYTES)
            if 0 < first <= last - _WORTH_BYTES and is_known((start, stop)):
                yield first, last


def shortened(spans: Sequence[Span], left_out: Sequence[Span]) -> Iterator[Span]:
    """
    Those strings of a shortened document of which something was left out.

    `left_out`: as it stood in the whole one; both in order.
    """
    shift, strings = 0, iter(spans)
    for first, last in left_out:
        yield next(s for s in strings if s[1] > first - shift)
        shift += last - first - len(MARK)
