"""
Records of one frame that hold as much each: `p0=%67%68%7&p1=0%5F%52%5`, `part 1: 0x67,
0x`, lines of `data: {"delta": "=6E=70="}`, values of one length. What they hold, side
by side, whatever signs it has; it is read as any other text.

Why not in columns.py: there rows are alike by and large, and what is made of them is
looked through for keys as they stand. Here lengths are equal, so that what was cut is
whole again to the byte, and may be a code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlp.decode.ciphers.cover import common
from dlp.decode.guesses import GUESSES
from dlp.decode.pieces import Pieces, Span
from dlp.decode.source import Source
from dlp.model import View

STEP = "ungrouped"
_NO_TEXT = GUESSES | {"strings"}
_FIRST = re.compile(rb"[01](?<![1-9][01])(?![0-9A-Za-z])")
_NEXT = {ord("0"): b"1", ord("1"): b"2"}
_MOST_TIMES = 3
_ZEROS = 3
"""Digits before it that fill it up."""
_FEWEST, _FEWEST_LINES = 3, 4
_SHORTEST, _SHORTEST_LINE = 16, 4
"""Of all that was cut, and of a line."""
_WIDEST = 320
"""Bytes from one number to the next."""
_MOST_FIRST, _MOST_TRIES = 48, 4
_LARGEST_BYTES = 64 << 10
LONGEST_BYTES = 8 << 10
"""What was cut and is more is an array or a table, and no key however it is spelled."""
_BLANKS = b"   "
"""As tables are filled up with."""
_COLUMN = b"\1" * 6
"""Bytes in a row that are the same in all but the last: names of further columns."""
_OPENS = b" \t=:>\"'|,[("
_CLOSES = b"\"'&\n\r\t ;,|<)]"
"""What a frame ends with before, and begins with behind, what it holds: what several
pieces begin with by chance is theirs."""
_ENDS = b"\"'\n\r&<|;,}"


def has_rows(data: bytes) -> bool:
    """Whether there are such records."""
    if not _SHORTEST <= len(data) <= _LARGEST_BYTES:
        return False
    return _has_even_lines(data) or any(True for _ in _counted(data))


def rows(source: Source) -> Iterator[View]:
    """What the records of each frame hold."""
    if source.view.came_of(_NO_TEXT) or is_regrouped(source.view):
        return
    done: set[bytes] = set()
    for spans in _rows(source.data):
        pieces = [source.data[start:stop] for start, stop in spans]
        text = b"".join(pieces)
        if not _SHORTEST <= len(text) <= LONGEST_BYTES or text in done:
            continue
        if are_cut(pieces):
            done.add(text)
            yield gathered(source, spans, pieces)


def is_regrouped(view: View | None) -> bool:
    """
    Whether it was ungrouped in what was ungrouped, and that as well. A list of versions
    is cut evenly however often one does it, each time in more ways.
    """
    times = 0
    while view is not None:
        times, view = times + (view.step == STEP), view.parent
    return times >= _MOST_TIMES


def gathered(source: Source, spans: Sequence[Span], pieces: list[bytes]) -> View:
    """Pieces of one text side by side, as a text of its own and no join."""
    trace = Pieces(spans, list(map(len, pieces)), separator=0)
    return source.traced(STEP, b"".join(pieces), trace)


def are_cut(pieces: Sequence[bytes]) -> bool:
    """Whether these may be one text: not the same over and over, and no table."""
    few = len(set(pieces)) * 3 < len(pieces) * 2
    if few or any(_BLANKS in piece for piece in pieces):
        return False
    same = bytes(len(set(column)) == 1 for column in zip(*pieces[:-1], strict=False))
    return _COLUMN not in same


def even_run(sizes: Sequence[int]) -> Span | None:
    """The first of the longest runs of one size, with the one behind if smaller."""
    best, at = (0, 0), 0
    while at < len(sizes):
        stop = at + 1
        while stop < len(sizes) and sizes[stop] == sizes[at]:
            stop += 1
        if sizes[at] > 1 and stop - at > best[1] - best[0]:
            best = at, stop
        at = stop
    start, stop = best
    if stop - start < _FEWEST:
        return None
    return start, stop + (stop < len(sizes) and 0 < sizes[stop] < sizes[start])


def _rows(data: bytes) -> Iterator[list[Span]]:
    yield from _counted(data)
    if _has_even_lines(data):
        yield from _lined(data)


def _has_even_lines(data: bytes) -> bool:
    if data.count(b"\n") < _FEWEST_LINES - 1:
        return False
    sizes = [size for size in map(len, data.split(b"\n")) if size >= _SHORTEST_LINE]
    rows = zip(sizes, sizes[1:], sizes[2:], sizes[3:], strict=False)
    return any(a == b == c == d for a, b, c, d in rows)


def _counted(data: bytes) -> Iterator[list[Span]]:
    """Behind numbers that count, as far from each other."""
    done = tries = 0
    for first in _FIRST.finditer(data):
        start = _filled(data, first.start())
        stop = first.end()
        if start < done or data[max(0, start - 1) : start].isdigit():
            continue
        second = _NEXT[data[stop - 1]] + data[stop : stop + 1]
        if data.find(second, stop, stop + _WIDEST) < 0:
            continue
        tries += 1
        if tries > _MOST_FIRST:
            return
        if numbers := _numbers(data, start, stop):
            done = numbers[-1][0]
            gap = numbers[1][0] - numbers[0][1]
            yield from _held(data, [stop for _, stop in numbers], gap)


def _filled(data: bytes, start: int) -> int:
    """Where a number begins that zeros fill up."""
    begin = start
    while begin > max(0, start - _ZEROS) and data[begin - 1 : begin] == b"0":
        begin -= 1
    return begin


def _numbers(data: bytes, start: int, stop: int) -> list[Span]:
    """The number in [start, stop) and those that count on from it."""
    width, value = stop - start, int(data[start:stop])
    before, after = data[max(0, start - 1) : start], data[stop : stop + 1]

    def number(n: int) -> bytes:
        return before + str(value + n).zfill(width).encode() + after

    at = stop
    for _ in range(_MOST_TRIES):
        at = data.find(number(1), at + 1, stop + _WIDEST)
        if at < 0:
            return []
        found = [(start, stop)]
        gap = at + len(before) - stop
        while data.startswith(
            text := number(len(found)), found[-1][1] + gap - len(before)
        ):
            begin = found[-1][1] + gap
            found.append((begin, begin + len(text) - len(before) - len(after)))
        if len(found) >= _FEWEST:
            return found
    return []


def _lined(data: bytes) -> Iterator[list[Span]]:
    """In lines as long as each other, and a shorter one."""
    lines: list[Span] = []
    at = 0
    for line in data.split(b"\n"):
        if line.strip():
            lines.append((at, at + len(line)))
        at += len(line) + 1
    first = 0
    sizes = [stop - start for start, stop in lines]
    while first < len(lines):
        last = first + 1
        while last < len(lines) and sizes[last] == sizes[first]:
            last += 1
        if last - first >= _FEWEST_LINES and sizes[first] >= _SHORTEST_LINE:
            some = lines[
                first : last + (last < len(lines) and sizes[last] < sizes[first])
            ]
            yield from _held_by_lines(data, some, last - first)
        first = last


def _held_by_lines(
    data: bytes, lines: Sequence[Span], whole: int
) -> Iterator[list[Span]]:
    texts = [data[start:stop] for start, stop in lines]
    for head in _ends(texts[:whole], _OPENS):
        for tail in _ends([text[head:][::-1] for text in texts[:whole]], _CLOSES):
            last = texts[-1]
            framed = last[:head] == texts[0][:head]
            framed &= not tail or last.endswith(texts[0][-tail:])
            some = lines if framed and len(last) > head + tail else lines[:whole]
            yield [(start + head, stop - tail) for start, stop in some]


def _held(data: bytes, starts: Sequence[int], gap: int) -> Iterator[list[Span]]:
    """What stands behind numbers, without what stands there each time."""
    texts = [data[start : start + gap] for start in starts[:-1]]
    for head in _ends(texts, _OPENS):
        for tail in _ends([text[head:][::-1] for text in texts], _CLOSES):
            if head + tail >= gap:
                continue
            spans = [(start + head, start + gap - tail) for start in starts[:-1]]
            begin = starts[-1] + head
            last = data[begin : begin + gap - head - tail]
            ends = texts[0][gap - tail :][:1] if tail else _ENDS
            size = _until(last, ends, b"".join([data[a:b] for a, b in spans]))
            yield [*spans, (begin, begin + size)] if size else spans


def _until(last: bytes, ends: bytes, others: bytes) -> int:
    """Up to where one of these stands that stands in none of the others."""
    stops = (last.find(bytes([end])) for end in ends if end not in others)
    return min((stop for stop in stops if stop >= 0), default=len(last))


def _ends(texts: Sequence[bytes], marks: bytes) -> Iterator[int]:
    """How much all begin with; and up to the last mark in that."""
    size = common(texts)
    yield size
    shorter = 1 + max(texts[0].rfind(bytes([mark]), 0, size) for mark in marks)
    if shorter < size:
        yield shorter
