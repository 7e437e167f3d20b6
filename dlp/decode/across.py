"""
Joins over parts: header values side by side, and header names.

Why not in fields.py: those pieces stand in one view, these in many, so a finding that
lies in one of them is traced to another part.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from dlp.model import Origin, Part, PartKind, View

_STANDARD = frozenset(
    [
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "dnt",
        "expect",
        "host",
        "origin",
        "pragma",
        "referer",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ]
)
"""Headers every client sends: between the pieces of a cut secret they only disturb."""
_SHORTEST_JOIN = 16


def header_joins(parts: Sequence[Part], views: Sequence[View]) -> Iterator[View]:
    """Header and trailer values in order, without the standard ones, and by name."""
    rows = [
        (part.name, view)
        for part, view in zip(parts, views, strict=False)
        if part.kind in (PartKind.HEADER, PartKind.TRAILER)
    ]
    own = [row for row in rows if row[0] not in _STANDARD]
    orders = [own, sorted(own, key=lambda row: row[0])]
    if len(own) != len(rows):
        orders.append(rows)
    for order in orders:
        yield from _join([view for _, view in order])
    names = "\n".join(name for name, _ in own).encode()
    if names:
        yield View(names, own[0][1].part, "header names", depth=1)


def _join(views: Sequence[View]) -> Iterator[View]:
    data = b"".join([view.data for view in views])
    if len(views) > 1 and len(data) >= _SHORTEST_JOIN:
        trace = _Across(views)
        yield View(data, views[0].part, "headers", depth=1, joined=True, trace=trace)


class _Across:
    """The trace of a view that is other views side by side."""

    __slots__ = ("_views",)

    def __init__(self, views: Sequence[View]) -> None:
        self._views = views

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        starts = [0, *accumulate(len(v.data) for v in self._views)]
        first = bisect_right(starts, start) - 1
        if first < len(self._views) and stop <= starts[first + 1]:
            at = starts[first]
            return self._views[first].origin(start - at, stop - at)
        return Origin(view.part, view.step, None)
