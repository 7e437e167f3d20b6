"""
Rows that are alike but for a word: `k0=abc,k1=def`, log lines, headers of parts, cues.
Each column of words, put together from its rows.

Rows are told by their lengths, which differ by no more than one, also when each takes
several lines, or by how they begin. What is made of them is looked through for known
secrets, and for what a vendor's key begins with.

Why not in even.py: there pieces and gaps are alike throughout; here what stands between
two pieces may be any words. Why not in picked.py: a column may stand in a text of which
most is no part of a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dlp.decode.beginnings import KEY
from dlp.decode.ciphers.combined import said_by
from dlp.decode.ciphers.cover import bare, common, unaffixed
from dlp.decode.ciphers.drawn import sudden
from dlp.decode.guesses import PICKED, TAKEN_APART
from dlp.decode.kinds import DRAWN
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_SEPARATORS = {b"\n": 6, b",": 2, b";": 2, b"&": 2, b"|": 1, b">": 2, b"}": 1}
"""What ends a line, and how many lines a row may take."""
_NEAR = np.uint64(2)
"""Lengths that differ by one, in either direction, as unsigned differences plus one."""
_FEWEST = 4
"""Rows."""
_FEWEST_BEGUN, _HEAD_BYTES = 3, 3
"""Lines that begin alike, and how much of them."""
_LINE_END = 10
_MOST_ROWS = 256
_SHORTEST_ROW = 2
_LONGEST_ROW = 400
_SHORTEST = 16
_LONGEST_BYTES = 64 << 10
_FEWEST_SUDDEN = 8
"""Changes of kind as no name has them, in pieces of a key as short as those here."""
_FEWEST_SUDDEN_IN_SMALL, _SMALL_BYTES = 5, 512
"""The same in texts up to that size: a password has no more."""
_SPARSE = 20
"""In so many bytes of such rows there is one; in those of code a third of that."""
_LONGEST_BEGUN_BYTES = 16 << 10
_MOST_BYTES = 8 << 10
"""What is made of one view, at most."""
_WORD = re.compile(rb"[A-Za-z0-9_+/\-]+")
_MOST_COLUMNS = 24
_LONG = 128
_OFTEN = 8
"""One in so many letters of a key is followed by one of another kind, or more."""

type Places = npt.NDArray[np.int64]


def _fewest_sudden(size: int) -> int:
    return _FEWEST_SUDDEN if size > _SMALL_BYTES else _FEWEST_SUDDEN_IN_SMALL


def has_rows(data: bytes) -> bool:
    """Whether some rows in a row are as long as each other."""
    if not _SHORTEST <= len(data) <= _LONGEST_BYTES:
        return False
    if np.count_nonzero(sudden(data)) < _fewest_sudden(len(data)):
        return False
    if next(_spans(data), None) is not None:
        return True
    return next(_begun_alike(data), None) is not None


def columns(source: Source) -> Iterator[View]:
    """The columns of such rows, one a line; those with a key, as a view."""
    if source.view.came_of(TAKEN_APART):
        return
    room = _MOST_BYTES
    made: dict[bytes, None] = {}
    left: dict[bytes, None] = {}
    """In these no vendor's key is looked for: hashes of a lock file begin as one."""
    coded: dict[bytes, None] = {}
    counts = np.cumsum(np.append(0, sudden(source.data)))
    for rows in (*_spans(source.data), *_begun_alike(source.data)):
        texts = [source.data[a:b] for a, b in rows[:_MOST_ROWS]]
        start, stop = rows[0][0], rows[len(texts) - 1][1]
        changes = int(counts[min(stop, len(counts) - 1)] - counts[start])
        uncovered = _uncovered(texts) if _may(changes, stop - start) else []
        coded |= dict.fromkeys(said_by(uncovered, source.data))
        if room < _SHORTEST:
            continue  # no other text is shorter
        lines = (*_columns(texts), *uncovered)
        for some, kept in ((lines, made), (_unaffixed(texts), left)):
            for text in some:
                if text not in made and len(text) <= room:
                    room -= len(text)
                    kept[text] = None
    for data in coded:
        yield source.child(PICKED, data)
    if made or left:
        source.budget.remains(source.child(PICKED, b"\n".join(made | left)))
    keys = [text[found.start() :] for text in made if (found := KEY.search(text))]
    if keys:
        yield source.child(PICKED, b"\n".join(keys))


def _spans(data: bytes) -> Iterator[list[Span]]:
    """The rows of each stretch of them."""
    array = np.frombuffer(data, np.uint8)
    lines = array == _LINE_END
    for separator, periods in _SEPARATORS.items():
        if data.count(separator) >= _FEWEST - 1:
            marks = ((array == separator[0]) | lines).nonzero()[0]
            edges = np.concatenate(([-1], marks, [len(data)]))
            for period in range(1, periods + 1):
                yield from _alike(edges, period)


def _begun_alike(data: bytes) -> Iterator[list[Span]]:
    """Lines in a row, as long as they like, that begin alike."""
    if len(data) > _LONGEST_BEGUN_BYTES or data.count(b"\n") < _FEWEST_BEGUN - 1:
        return
    rows: list[Span] = []
    head, at = b"", 0
    for line in data.split(b"\n"):
        begun = line.lstrip()[:_HEAD_BYTES]
        if begun != head or len(line) > _LONGEST_ROW:
            if len(rows) >= _FEWEST_BEGUN and len(head) == _HEAD_BYTES:
                yield rows
            rows, head = [], begun
        rows.append((at, at + len(line)))
        at += len(line) + 1
    if len(rows) >= _FEWEST_BEGUN and len(head) == _HEAD_BYTES:
        yield rows


def _may(changes: int, size: int) -> bool:
    """Whether there are as many changes of kind in so many bytes as in a cut key."""
    return size <= _MOST_BYTES and changes >= max(_fewest_sudden(size), size // _SPARSE)


def _uncovered(rows: list[bytes]) -> list[bytes]:
    """What is left of rows without what they have in common."""
    return [left for left in bare(b"\n".join(rows)) if len(left) >= _SHORTEST]


def _unaffixed(rows: list[bytes]) -> Iterator[bytes]:
    """What differs in rows, if that is drawn by lot."""
    return filter(_is_drawn, map(b"".join, unaffixed(rows)))


def _is_drawn(text: bytes) -> bool:
    """Whether it is long enough to tell, and changes kind as no word does."""
    if len(text) < _SHORTEST or text.isdigit():
        return False
    # In each place that is counted is one of those, which take less to count.
    if len(text) > _LONG and np.count_nonzero(sudden(text)) * _OFTEN < len(text):
        return False
    return len(DRAWN.findall(text)) * _OFTEN >= len(text)


def _alike(edges: Places, period: int) -> Iterator[list[Span]]:
    """What lies between edges, `period` of them a row, where lengths come again."""
    sizes = edges[1:] - edges[:-1]
    low, high = sizes[:-period], sizes[period:]
    near = (high - low + 1).view(np.uint64) <= _NEAR
    if period == 1:
        near &= high > _SHORTEST_ROW
    needed = b"\1" * ((_FEWEST - 2) * period)
    same = near.tobytes()
    start = same.find(needed)
    while start >= 0:
        stop = same.find(b"\0", start)
        stop = len(same) if stop < 0 else stop
        # The last row may be shorter: what is left of a key.
        ends = edges[start : stop + 2 * period + 1 : period].tolist()
        rows = [(a + 1, b) for a, b in pairwise(ends) if b - a <= _LONGEST_ROW]
        if len(rows) >= _FEWEST:
            yield rows
        start = same.find(needed, stop)


def _columns(rows: list[bytes]) -> Iterator[bytes]:
    """What the n-th words of all rows are together."""
    words = [_WORD.findall(row) for row in rows]
    usual = len(words[0])
    told = [row for row in words if len(row) == usual] if usual else []
    if len(told) < _FEWEST:
        return
    for at in range(min(usual, _MOST_COLUMNS)):
        column = [row[at] for row in told]
        if len(set(column)) * 2 < len(column):
            continue
        text = b"".join(column)
        yield from _texts(column, text)


def _texts(column: list[bytes], text: bytes) -> Iterator[bytes]:
    if _is_drawn(text):
        yield text
        size = common(column)
        if size:
            yield b"".join([word[size:] for word in column])
