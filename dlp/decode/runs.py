"""
Maximal runs of an alphabet, found at the speed of memory.

Why not a regex: one that looks for long runs tries every word; this looks at each byte
once. Small inputs take the regex, whose start costs less than an array.
"""

from __future__ import annotations

import re

import numpy as np

from dlp.decode.pieces import Span

_SMALL_BYTES = 256
_BLOCK_BYTES = 4 << 20


class Alphabet:
    """A set of byte values, ready to find runs of it."""

    def __init__(self, members: bytes, shortest: int) -> None:
        self.shortest = shortest
        self._table = bytes(1 if b in members else 0 for b in range(256))
        listed = b"".join(b"\\x%02x" % b for b in members)
        self._pattern = re.compile(b"[%s]{%d,}+" % (listed, shortest))

    def runs(self, data: bytes) -> list[Span]:
        """Spans of maximal runs of at least `shortest` bytes, in order."""
        if len(data) < _SMALL_BYTES:
            return [match.span() for match in self._pattern.finditer(data)]
        found: list[Span] = []
        for at in range(0, len(data), _BLOCK_BYTES):
            found.extend(self._block(data, at))
        return _merge(found, self.shortest)

    def _block(self, data: bytes, at: int) -> list[Span]:
        """Runs in one block; short ones too where they touch its ends."""
        inside = np.frombuffer(
            data[at : at + _BLOCK_BYTES].translate(self._table), np.uint8
        )
        edges = (inside[1:] != inside[:-1]).nonzero()[0] + 1
        bounds = np.concatenate(([0] if inside[0] else [], edges, [len(inside)]))
        starts = bounds[0::2].astype(np.int64)
        stops = bounds[1::2].astype(np.int64)
        starts = starts[: len(stops)]
        keep = (
            (stops - starts >= self.shortest) | (starts == 0) | (stops == len(inside))
        )
        return list(
            zip(
                (starts[keep] + at).tolist(),
                (stops[keep] + at).tolist(),
                strict=True,
            )
        )


def _merge(spans: list[Span], shortest: int) -> list[Span]:
    merged: list[Span] = []
    for start, stop in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = merged[-1][0], stop
        else:
            merged.append((start, stop))
    return [span for span in merged if span[1] - span[0] >= shortest]
