"""
Views laid end to end, and the way back from an offset to a view.

Nothing stands between two views: a secret cut over neighbours is whole again.

Why not in `stretches.py`: that searches bytes; this knows whose bytes they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlp.detect.grams import is_kept, normalise
from dlp.detect.variants import Domain
from dlp.model import View

_BATCH = 1 << 20
"""Bytes of views joined at a time; a larger view goes alone and is not copied."""
_KEPT = is_kept()
_KEPT.flags.writeable = False
_BLOCK = 4096


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
    """Neighbouring views as one stretch of bytes, raw and normalised."""

    def __init__(self, views: Sequence[View]) -> None:
        self.views = views
        self.data = b"".join([view.data for view in views])
        self.normal = normalise(self.data)
        self._kept: dict[int, _Kept] = {}

    @cached_property
    def _raw_starts(self) -> NDArray[np.int64]:
        sizes = [len(view.data) for view in self.views]
        return np.cumsum([0, *sizes], dtype=np.int64)

    @cached_property
    def _normal_starts(self) -> NDArray[np.int64]:
        sizes = [len(normalise(view.data)) for view in self.views]
        return np.cumsum([0, *sizes], dtype=np.int64)

    def raw_span(self, view: View, start: int, stop: int) -> tuple[int, int]:
        """A span of a view as one of `data`."""
        which = next(i for i, each in enumerate(self.views) if each is view)
        base = int(self._raw_starts[which])
        return base + start, base + stop

    def locate(
        self, start: int, stop: int, domain: Domain
    ) -> tuple[View, tuple[int, int] | None]:
        """
        The view in which `start` lies, and the span in it.

        The span is None when it reaches into the next view.
        """
        normal = domain is Domain.NORMAL
        starts = self._normal_starts if normal else self._raw_starts
        which = int(np.searchsorted(starts, start, "right")) - 1
        view = self.views[which]
        if stop > starts[which + 1]:
            return view, None
        start, stop = start - int(starts[which]), stop - int(starts[which])
        if not normal:
            return view, (start, stop)
        kept = self._kept.get(which) or self._kept.setdefault(which, _Kept(view.data))
        return view, (kept.position(start), kept.position(stop - 1) + 1)


class _Kept:
    """From the number of a kept byte to its offset."""

    def __init__(self, data: bytes) -> None:
        self._mask = _KEPT[np.frombuffer(data, np.uint8)]
        blocks = range(0, len(data), _BLOCK)
        counts = np.add.reduceat(self._mask, list(blocks), dtype=np.int64)
        self._before = np.cumsum(counts) - counts

    def position(self, number: int) -> int:
        block = int(np.searchsorted(self._before, number, "right")) - 1
        base = block * _BLOCK
        offsets = self._mask[base : base + _BLOCK].nonzero()[0]
        return base + int(offsets[number - int(self._before[block])])
