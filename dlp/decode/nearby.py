"""
Of a large text, only what stands near a hint of a decoder.

Hints say whether a decoder has anything to do in a text. In the 1 MiB that a window of
an upload has, something always looks like a list of numbers, and a decoder of lists
takes 100 ms for all of it. What it makes anything of lies within some lines; so of a
large text it is shown the blocks in which a hint occurs, and what stands round them.

Why not in `sieve`: that tells whether a hint occurs; this cuts views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from dlp.decode.pieces import Span
from dlp.decode.rewriting import word_begins, word_ends
from dlp.decode.sieve import Sieve
from dlp.decode.source import Source
from dlp.model import View

LARGE_BYTES = 32 << 10
"""Up to this size a text is read as a whole."""
_BLOCK_BYTES = 4 << 10
_OVERLAP_BYTES = 512
"""Longer than any hint."""


def read_near(
    run: Callable[[Source], Iterable[View]],
    hints: tuple[str, ...],
    reach: int,
    source: Source,
) -> Iterator[View]:
    """What a decoder makes of the stretches of a large text that have a hint."""
    view = source.view
    for span in spans_near(source.data, hints, reach):
        part = source.slice("", span)
        part = replace(part, depth=view.depth, joined=view.joined)
        yield from run(Source(part, source.budget))


def spans_near(data: bytes, hints: tuple[str, ...], reach: int) -> list[Span]:
    """The blocks with a hint, and `reach` bytes on both sides, to the end of a word."""
    sieve, size = sieve_of(hints), len(data)
    spans: list[Span] = []
    for at in range(0, size, _BLOCK_BYTES):
        if not sieve.scan(data[at : at + _BLOCK_BYTES + _OVERLAP_BYTES]):
            continue
        start = word_begins(data, at - reach, 0)
        stop = word_ends(data, at + _BLOCK_BYTES + _OVERLAP_BYTES + reach, size)
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], stop
        else:
            spans.append((start, stop))
    return spans


@cache
def sieve_of(hints: tuple[str, ...]) -> Sieve:
    """Tells whether any of these hints occurs."""
    return Sieve([(0, pattern) for pattern in hints])
