"""
Where in the message the compressed streams begin that do not end in it.

Why not in `budget`: that counts, this asks traces; nor in `work`: nothing is decoded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dlp.model import Cut, View

_MOST_CUTS = 256
"""Streams without an end that are looked for in the raw part."""


def cuts(found: Sequence[tuple[View, int, str]]) -> tuple[Cut, ...]:
    """The streams that were cut; of too many, that they cannot be told apart."""
    located = [_located(*row) for row in found[:_MOST_CUTS]]
    if len(found) > _MOST_CUTS:
        located.append(Cut("streams", None, joined=True, size=sys.maxsize))
    return tuple(located)


def _located(view: View, start: int, codec: str) -> Cut:
    """Where a stream that was cut begins in its raw part, as exactly as can be said."""
    at, exact, joined = start, True, False
    size = len(view.data) - start
    whole: View | None = view
    while whole is not None:
        exact = exact and whole.exact and whole.span is not None
        joined = joined or whole.joined
        at += whole.span[0] if exact and whole.span else 0
        whole = whole.parent
    if exact:
        return Cut(codec, (at, at + 1), exact=True, size=size)
    span = view.origin(start, len(view.data)).span
    return Cut(codec, span, joined=joined, size=size)
