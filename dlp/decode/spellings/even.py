"""
Text cut into pieces of one length with the same between them: `abcd-efgh-ijkl`, wrapped
lines, `'abc' + 'def'`, `abc then def then ghi`. The pieces are put together again.

Why not in chunks.py: patterns there look for separators that are known; here a piece
may have any length and what separates pieces any form, so lengths are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.kinds import is_drawn
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.decode.spellings.escapes import is_spelled
from dlp.decode.spellings.rows import is_regrouped
from dlp.model import View

_ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KINDS = (_ALNUM, _ALNUM + b"+/=_-", bytes(range(0x21, 0x7F)))
"""What a piece may consist of, when separators are signs, brackets, blanks."""
_TABLES = tuple(bytes(b in kind for b in range(256)) for kind in _KINDS)
_SIGNS = bytes(b for b in range(256) if b not in _ALNUM)
_OFTEN = 0.3
"""Changes between upper case, lower case and digits, of which base64 has twice that."""
_FEWEST = {1: 12, 2: 10, 3: 8, 4: 6, 5: 5}
"""Pieces of so few bytes that are no prose; of longer ones `_ENOUGH`."""
_ENOUGH = 4
_LONG = 12
"""Two pieces as long as this, and a third, are no prose."""
_WIDEST_GAP = 12
_APART = bytes(_WIDEST_GAP + 1)
"""Between what is asked about together."""
_SHORTEST = 16
_SHORT_JSON_BYTES = 4 << 10
_MOST_WORDED = 8
_ROUND = 4
"""Sizes from one piece to the next where a word stands between: its own, two gaps."""
_FEWEST_ROUNDS = 4
_STRIDE = _ROUND * (_FEWEST_ROUNDS - 1) // 2
"""Of what is so often the same, two so far apart are found without a look at all."""
_SHORTEST_WORDED = 12


def is_even(data: bytes) -> bool:
    """Whether anything here is so cut."""
    if len(data) < _SHORTEST:
        return False
    kinds = [data.translate(table) for table in _tables(data)]
    edges = _edges(_APART.join(kinds))
    return bool(_stretches(edges)) or bool(_rounds(edges))


def even(source: Source) -> Iterator[View]:
    """The pieces of each stretch, side by side."""
    if is_regrouped(source.view):
        return
    data = source.data
    found: dict[bytes, Span] = {}
    for table in _tables(data):
        edges = _edges(data.translate(table))
        for first, last in _stretches(edges):
            text, span = _glued(data, edges, first, last)
            if len(text) < _SHORTEST or is_spelled(data, *span):
                continue
            if _is_token(text):
                found.setdefault(text, span)
        for text, span in _without_words(data, edges):
            if len(text) >= _SHORTEST_WORDED and _is_token(text):
                found.setdefault(text, span)
    placed = [(span, text) for text, span in found.items()]
    yield from source.found("ungrouped", placed)


def _tables(data: bytes) -> tuple[bytes, ...]:
    """What pieces may consist of; in JSON of what most do, in a short one of less."""
    if not LOOKS_LIKE_JSON.match(data):
        return _TABLES
    return _TABLES[:2] if len(data) <= _SHORT_JSON_BYTES else _TABLES[1:2]


def _is_token(text: bytes) -> bool:
    """Whether case changes as often as in a token of both, or there is but one."""
    return is_drawn(text, _OFTEN, _SIGNS) or text.islower() or text.isupper()


def _edges(kinds: bytes) -> npt.NDArray[np.int64]:
    """Where pieces, written as ones, begin and end, from the first beginning on."""
    inside = np.frombuffer(b"\0" + kinds + b"\0", np.bool_)
    edges: npt.NDArray[np.int64] = (inside[1:] != inside[:-1]).nonzero()[0]
    return edges


def _stretches(edges: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """
    First and last index into the sizes between `edges` of what is cut evenly.

    Sizes are those of a piece and of a gap in turn. A stretch is where each equals the
    one two before it.
    """
    sizes = edges[1:] - edges[:-1]
    same = sizes[2:] == sizes[:-2]
    both = (same[1:] & same[:-1]).nonzero()[0]
    if not len(both):
        return []
    new = (both[1:] - both[:-1] > 1).nonzero()[0]
    starts = both[np.concatenate(([0], new + 1))]
    stops = both[np.concatenate((new, [len(both) - 1]))] + 1
    starts = starts + starts % 2
    likely = (stops - starts >= 2 * _ENOUGH - 4) | (sizes[starts] >= _LONG)
    found = []
    for first, stop in zip(
        starts[likely].tolist(), stops[likely].tolist(), strict=True
    ):
        last = stop + 2 - (stop - first) % 2  # the last piece that is as long
        size, gap = int(sizes[first]), int(sizes[first + 1])
        count = (last - first) // 2 + 1
        fewest = 2 if size >= _LONG else _FEWEST.get(size, _ENOUGH)
        if count >= fewest and gap <= _WIDEST_GAP:
            found.append((first, last))
    return found


def _glued(
    data: bytes, edges: npt.NDArray[np.int64], first: int, last: int
) -> tuple[bytes, Span]:
    """The pieces from `first` to `last`, and a shorter one behind them."""
    at = edges[first : last + 4].tolist()
    size, step = at[1] - at[0], at[2] - at[0]
    begin, separator = 0, data[at[1] : at[2]]
    place = 2
    while place + 1 < len(at):
        start, stop = at[place], at[place + 1]
        if start - at[place - 2] != step or stop - start > size:
            break
        if data[start - len(separator) : start] != separator:
            if place - begin > 4:
                break
            # What stood before is not yet one of the pieces.
            begin, separator = place - 2, data[at[place - 1] : start]
        place += 2
    texts = [data[at[n] : at[n + 1]] for n in range(begin, place, 2)]
    return b"".join(texts), (at[begin], at[place - 1])


def _rounds(edges: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """
    Where sizes come again in rounds of a piece, a gap, a word and a gap: the indexes of
    `edges` between which they do.
    """
    sizes = edges[1:] - edges[:-1]
    now_and_then = sizes[_ROUND::_STRIDE] == sizes[:-_ROUND:_STRIDE]
    if not (now_and_then[1:] & now_and_then[:-1]).any():
        return []
    same = np.concatenate(([False], sizes[_ROUND:] == sizes[:-_ROUND], [False]))
    turns = (same[1:] != same[:-1]).nonzero()[0]
    starts, stops = turns[::2], turns[1::2]
    long = stops - starts >= 2 * _STRIDE
    return list(
        zip(starts[long].tolist(), (stops[long] + _ROUND).tolist(), strict=True)
    )


def _without_words(
    data: bytes, edges: npt.NDArray[np.int64]
) -> Iterator[tuple[bytes, Span]]:
    """What stands between words that are the same, side by side."""
    rounds = _rounds(edges)[:_MOST_WORDED]
    at = edges.tolist() if rounds else []
    for first, stop in rounds:
        start = first + first % 2
        for begin in range(start, min(start + _ROUND, stop - _ROUND), 2):
            size = at[begin + 1] - at[begin]
            between = data[at[begin + 1] : at[begin + _ROUND]]
            last = begin
            while data[at[last + 1] : _at(at, last + _ROUND)] == between:
                last += _ROUND
                if at[last + 1] - at[last] != size:
                    break
            head = begin
            while head >= _ROUND and data[at[head - _ROUND + 1] : at[head]] == between:
                head -= _ROUND
            pieces = [data[at[n] : at[n + 1]] for n in range(head, last + 1, _ROUND)]
            text = b"".join(pieces)
            words = size > 2 and text.isalpha() and text.islower()
            if len(pieces) > _FEWEST_ROUNDS and len(pieces[-1]) <= size and not words:
                yield text, (at[head], at[last + 1])


def _at(edges: list[int], index: int) -> int:
    return edges[index] if index < len(edges) else edges[-1]
