"""
Joins over parts: header values side by side, header names, the crumbs of a cookie; all
of a short message, where a vendor's key begins in it and does not go on.

Why not in fields.py: those pieces stand in one view, these in many, so a finding that
lies in one of them is traced to another part.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import itemgetter

from dlp.decode.ciphers.opened import begins
from dlp.model import Origin, Part, PartKind, View

_MACHINERY = frozenset(
    {
        "accept",
        "accept-encoding",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "dnt",
        "expect",
        "host",
        "pragma",
        "te",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers every client sends: between the pieces of a cut secret they only disturb."""
_KINDS = frozenset({PartKind.HEADER, PartKind.TRAILER})
_WHOLE = frozenset({PartKind.TARGET, PartKind.BODY, *_KINDS})
_HEAD_BYTES = 2 << 10
"""Of each part, for what is cut over several of them."""
_SHORTEST_JOIN = 16
_FEWEST_DIGITS = 8
"""Names that clients send have fewer, all together."""


def part_joins(parts: Sequence[Part], views: Sequence[View]) -> Iterator[View]:
    """Header and trailer values side by side, by name too; the names; short parts."""
    rows = [
        (part.name, view)
        for part, view in zip(parts, views, strict=True)
        if part.kind in _KINDS and part.name and part.name not in _MACHINERY
    ]
    yield from _crumbs([view for name, view in rows if name == "cookie"])
    yield from _together(parts, views)
    if len(rows) < 2:
        return
    names = [name for name, _ in rows]
    yield View("".join(names).encode(), rows[0][1].part, "header names", joined=True)
    yield from _names(names, rows[0][1].part)
    yield from _join([view for _, view in rows])
    if sorted(names) != names:
        yield from _join([view for _, view in sorted(rows, key=itemgetter(0))])


def _names(names: Sequence[str], part: int) -> Iterator[View]:
    """What names of one's own say without what they all begin with."""
    own = [name.removeprefix("x-") for name in names if name.startswith("x-")]
    text = "".join(own)
    if len(own) > 1 and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS:
        yield View(text.encode(), part, "header names", joined=True)


def _together(parts: Sequence[Part], views: Sequence[View]) -> Iterator[View]:
    """The heads of all parts, where a key begins in one that may go on in another."""
    those = [
        view
        for part, view in zip(parts, views, strict=True)
        if part.kind in _WHOLE and part.name not in _MACHINERY
    ]
    heads = [view.data[:_HEAD_BYTES] for view in those]
    text = b"\n".join(heads)
    if len(heads) > 1 and begins(text):
        trace = _Across(those, [len(head) + 1 for head in heads])
        yield View(text, those[0].part, "parts", joined=True, trace=trace)


def _crumbs(cookies: Sequence[View]) -> Iterator[View]:
    """The values of cookies that come one in a header each (RFC 9113, 8.2.3)."""
    if len(cookies) > 1:
        yield from _join([_value(view) for view in cookies])


def _value(view: View) -> View:
    start = view.data.find(b"=") + 1
    span = start, len(view.data)
    value = view.data[start:]
    return View(value, view.part, "", view, span, exact=True, depth=view.depth)


def _join(views: Sequence[View]) -> Iterator[View]:
    data = b"".join([view.data for view in views])
    if len(data) >= _SHORTEST_JOIN:
        trace = _Across(views, [len(view.data) for view in views])
        yield View(data, views[0].part, "headers", depth=1, joined=True, trace=trace)


class _Across:
    """The trace of a view that is the beginnings of other views side by side."""

    __slots__ = ("_sizes", "_views")

    def __init__(self, views: Sequence[View], sizes: Sequence[int]) -> None:
        """`sizes`: of each, in bytes, what stands here, with what stands behind it."""
        self._views, self._sizes = views, sizes

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        starts = [0, *accumulate(self._sizes)]
        first = bisect_right(starts, start) - 1
        if first < len(self._views) and stop <= starts[first + 1]:
            at = starts[first]
            return self._views[first].origin(start - at, stop - at)
        return Origin(view.part, view.step, None)
