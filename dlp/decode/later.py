"""
Traces that are worked out when somebody asks. Why not in pieces.py: `Pieces` is a value
that knows the answer; this makes it once, from the parent's data, on the first finding.
"""

from __future__ import annotations

from collections.abc import Callable

from dlp.decode.pieces import Pieces
from dlp.model import Origin, View


class Later:
    """A trace made by `make(parent data)` on first use, then kept."""

    __slots__ = ("_make", "_pieces")

    def __init__(self, make: Callable[[bytes], Pieces]) -> None:
        self._make = make
        self._pieces: Pieces | None = None

    def __call__(self, view: View, start: int, stop: int) -> Origin:
        if self._pieces is None:
            assert view.parent is not None
            self._pieces = self._make(view.parent.data)
        return self._pieces(view, start, stop)
