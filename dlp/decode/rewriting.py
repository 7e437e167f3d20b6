"""
Text that stays text: places in which something is spelled otherwise, written plainly.

Only lines in which something changes are copied, and of a long line only what stands
round the change: minified code is one line of 300 KB, and every decoder that finds ten
places in it would make another one of it for all the others to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from dlp.decode.pieces import Pieces, Rewrite, Span, lines_with
from dlp.decode.source import Source
from dlp.model import View

_SMALL_BYTES = 1024
"""So short a text is copied whole: what spells one line may go on in the next."""
_LONG_LINE = 4096
_AROUND = 256
"""Bytes on each side of a change that are shown with it."""
_REACH = 4096
"""How far the word at either end of that is followed."""
_WORD_END = re.compile(rb"[\s\"'`,;(){}<>\[\]]")


def rewritten(
    source: Source,
    step: str,
    mark: bytes,
    rewrite: Rewrite,
    apply: Callable[[bytes], bytes] | None = None,
) -> Iterator[View]:
    """
    The places with `mark`, rewritten; nothing when that changes nothing.

    `apply` is a faster way to the same bytes as `rewrite.apply`.
    """
    data = source.data
    small = len(data) <= _SMALL_BYTES
    spans = [(0, len(data))] if small else lines_with(data, mark)
    yield from rewritten_at(source, step, spans, rewrite, apply=apply)


def rewritten_at(
    source: Source,
    step: str,
    spans: list[Span],
    rewrite: Rewrite,
    *,
    apply: Callable[[bytes], bytes] | None = None,
    sign: re.Pattern[bytes] | None = None,
) -> Iterator[View]:
    """
    The spans in which `rewrite` changes something, rewritten.

    `sign`: what stands where it is worth it; else any match of the rewrite does.
    """
    data = source.data
    kept: list[Span] = []
    texts: list[bytes] = []
    for start, stop in narrowed(data, spans, sign or rewrite.pattern):
        before = data[start:stop]
        after = (apply or rewrite.apply)(before)
        if after != before:
            kept.append((start, stop))
            texts.append(after)
    if kept:
        trace = Pieces(kept, [len(text) for text in texts], rewrite=rewrite)
        yield source.gather(step, texts, trace)


def narrowed(
    data: bytes, spans: list[Span], pattern: re.Pattern[bytes]
) -> Iterator[Span]:
    """The spans, of long ones only what stands round a match of `pattern`."""
    for start, stop in spans:
        if stop - start <= _LONG_LINE:
            yield start, stop
        else:
            yield from _windows(data, (start, stop), pattern)


def _windows(data: bytes, span: Span, pattern: re.Pattern[bytes]) -> list[Span]:
    """What stands round the matches in a span, in whole words."""
    near: list[Span] = []
    for match in pattern.finditer(data, *span):
        low, high = match.start() - _AROUND, match.end() + _AROUND
        if near and low <= near[-1][1]:
            near[-1] = near[-1][0], high
        else:
            near.append((low, high))
    words: list[Span] = []
    for low, high in near:
        start, stop = word_begins(data, low, span[0]), word_ends(data, high, span[1])
        if words and start <= words[-1][1]:
            words[-1] = words[-1][0], stop
        else:
            words.append((start, stop))
    return words


def word_begins(data: bytes, at: int, least: int) -> int:
    """Where the word at `at` begins, not before `least`."""
    if at <= least:
        return least
    floor = max(least, at - _REACH)
    for size in (64, 512, _REACH):
        low = max(floor, at - size)
        ends = [match.end() for match in _WORD_END.finditer(data, low, at)]
        if ends:
            return ends[-1]
    return floor


def word_ends(data: bytes, at: int, most: int) -> int:
    """Where the word at `at` ends, not after `most`."""
    if at >= most:
        return most
    end = _WORD_END.search(data, at, min(most, at + _REACH))
    return end.start() if end else min(most, at + _REACH)
