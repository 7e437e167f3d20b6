"""
Numbers that stand each in the same words: `Character.toString(115) + `, awk's
`printf "%c",115;`, rows as `item 3: $115.00`. What each column of them says.

Why not in numbers.py: there numbers follow one another with little between; here what
stands between may be long, and is the same, so rows are told by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from operator import eq

from dlp.decode.beginnings import KEY
from dlp.decode.codes.numbers import is_hexadecimal, said
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_NUMBER = re.compile(rb"[0-9]{1,20}")
_ZEROS = bytes(48 if 48 <= b < 58 else b for b in range(256))
"""All digits are one."""
_FEWEST = 8
"""Numbers of a column."""
_WIDEST = 16
"""Numbers of a row: a log line begins with an address and a time, eleven or so."""
_MOST_VALUES = 1 << 10
_FEWEST_VALUES = 5
"""Different ones of a column that says something."""
_LARGEST_BYTES = 64 << 10
_PRINTABLE = range(0x20, 0x7F)


def is_framed(data: bytes) -> bool:
    """Whether there are such rows."""
    if len(data) > _LARGEST_BYTES:
        return False
    between = list(filter(None, data.translate(_ZEROS).split(b"0")))
    return len(between) >= _FEWEST and any(True for _ in _rows(between))


def framed(source: Source) -> Iterator[View]:
    """The columns that are text; those that are none may be under a shift."""
    data = source.data
    spans = [found.span() for found in _NUMBER.finditer(data)]
    text: list[tuple[Span, bytes]] = []
    rest: list[tuple[Span, bytes]] = []
    for first, last, width in _rows(_NUMBER.split(data)[1:-1]):
        span = spans[first][0], spans[last][1]
        if is_hexadecimal(data[slice(*span)]):
            continue
        values = [int(data[a:b]) for a, b in spans[first : last + 1]]
        columns = [values[at::width][:_MOST_VALUES] for at in range(width)]
        codes = [column for column in columns if _are_characters(column)]
        if len(codes) > 1:  # `rgb(115, 107, 45)`
            rows = zip_longest(*codes, fillvalue=0)
            columns.append([value for row in rows for value in row if value])
        for column in columns:
            texts = said(column)
            text += [(span, one) for one in texts]
            if not texts and _may_say_something(column):
                rest.append((span, bytes(value & 255 for value in column)))
    text += [(span, one) for span, one in rest if KEY.search(one)]
    yield from source.found("numbers", text)
    for view in source.found("numbers", rest):
        source.budget.remains(view)


def _are_characters(column: Sequence[int]) -> bool:
    """Each the code of one, but for what fills up the last row."""
    return all(value in _PRINTABLE for value in column[:-1])


def _may_say_something(column: Sequence[int]) -> bool:
    return (
        max(column) - min(column) < 256
        and len(set(column)) >= _FEWEST_VALUES
        and list(column) != sorted(column)
    )


def _rows(gaps: Sequence[bytes]) -> Iterator[tuple[int, int, int]]:
    """
    First and last number of rows, and how many each row has, of what stands between
    numbers.
    """
    told: list[tuple[int, int, int]] = []
    for width in range(1, _WIDEST + 1):
        # What comes again `width` gaps later, as often as a column has numbers.
        same = bytes(map(eq, gaps[width:], gaps))
        needed = b"\1" * (width * (_FEWEST - 2))
        start = same.find(needed)
        while start >= 0:
            stop = same.find(b"\0", start)
            stop = len(same) if stop < 0 else stop
            row = start, stop + width, width
            if not any(_is_told(row, other) for other in told):
                told.append(row)
                yield row
            start = same.find(needed, stop)


def _is_told(row: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether rows are several of others each."""
    return row[2] % other[2] == 0 and other[0] <= row[0] and row[1] <= other[1]
