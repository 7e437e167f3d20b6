"""
Views laid end to end, and the way back from an offset to a view.

Nothing stands between two views: a secret cut over neighbours is whole again.

Why not in `stretches.py`: that searches bytes; this knows whose bytes they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlp.detect.known.forms import Domain, form, kept
from dlp.model import View

_BATCH = 1 << 20
"""Bytes of views joined at a time; a larger view goes alone and is not copied."""
_KEPT = {domain: kept(domain) for domain in Domain}
_BLOCK = 4096
_WORD_END = re.compile(rb"[A-Za-z0-9+/=_-]+\Z")
_WORD = re.compile(rb"[A-Za-z0-9+/=_-]+")
_ODD = 4
"""Signs and edge characters of base64 besides the letters and digits."""


def batches(views: Sequence[View]) -> Iterator[Buffer]:
    """Group views so that joining them costs bounded memory."""
    group: list[View] = []
    size = 0
    for view in views:
        if group and size + len(view.data) > _BATCH:
            yield Buffer(group)
            group, size = [], 0
        group.append(view)
        size += len(view.data)
    if group:
        yield Buffer(group)


class Buffer:
    """Neighbouring views as one stretch of bytes, in every form that is searched."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = views
        self.data = b"".join([view.data for view in views])
        self._forms: dict[Domain, bytes] = {}
        self._starts: dict[Domain, NDArray[np.int64]] = {}
        self._kept: dict[tuple[int, Domain], _Kept] = {}

    def form(self, domain: Domain) -> bytes:
        """The bytes that the grams of a domain are looked for in."""
        if domain not in self._forms:
            self._forms[domain] = form(self.data, domain)
        return self._forms[domain]

    def raw_span(
        self, view: View, start: int | None, stop: int | None
    ) -> tuple[int, int]:
        """A span of a view as one of `data`; None stands for the view's own end."""
        which = next(i for i, each in enumerate(self.views) if each is view)
        base = int(self._view_starts(Domain.RAW)[which])
        return base + (start or 0), base + (len(view.data) if stop is None else stop)

    def locate(
        self, start: int, stop: int, domain: Domain
    ) -> tuple[View, tuple[int, int] | None]:
        """
        The view in which `start` lies, and the span in it.

        The span is None when it reaches into the next view.
        """
        starts = self._view_starts(domain)
        which = int(np.searchsorted(starts, start, "right")) - 1
        view = self.views[which]
        if stop > starts[which + 1]:
            return view, None
        start, stop = start - int(starts[which]), stop - int(starts[which])
        mask = _KEPT[domain]
        if mask is None:
            return view, (start, stop)
        if (which, domain) not in self._kept:
            self._kept[which, domain] = _Kept(view.data, mask)
        kept = self._kept[which, domain]
        return view, (kept.position(start), kept.position(stop - 1) + 1)

    def _view_starts(self, domain: Domain) -> NDArray[np.int64]:
        if domain not in self._starts:
            sizes = [len(form(view.data, domain)) for view in self.views[:-1]]
            starts = np.cumsum([0, *sizes, 0], dtype=np.int64)
            starts[-1] = len(self.form(domain))
            self._starts[domain] = starts
        return self._starts[domain]


def widened(
    data: bytes, span: tuple[int, int], before: int, after: int
) -> tuple[int, int] | None:
    """
    A span of encoded text with what belongs to it at both ends.

    `before` and `after`: how many letters and digits may. None when the text does not
    stand in one piece, so that its ends cannot be told.
    """
    start, stop = span
    if not _WORD.fullmatch(data, start, stop):
        return None
    head = _WORD_END.search(data, max(start - before - _ODD, 0), start)
    tail = _WORD.match(data, stop, stop + after + _ODD)
    return (head.start() if head else start), (tail.end() if tail else stop)


class _Kept:
    """From the number of a kept byte to its offset."""

    def __init__(self, data: bytes, mask: NDArray[np.bool_]) -> None:
        self._mask = mask[np.frombuffer(data, np.uint8)]
        blocks = range(0, len(data), _BLOCK)
        counts = np.add.reduceat(self._mask, list(blocks), dtype=np.int64)
        self._before = np.cumsum(counts) - counts

    def position(self, number: int) -> int:
        block = int(np.searchsorted(self._before, number, "right")) - 1
        base = block * _BLOCK
        offsets = self._mask[base : base + _BLOCK].nonzero()[0]
        return base + int(offsets[number - int(self._before[block])])
