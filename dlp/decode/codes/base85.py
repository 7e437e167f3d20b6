"""
Base85: Ascii85 (btoa, Adobe), Z85 (ZeroMQ RFC 32), and the alphabet of RFC 1924 that
git and Python use. Groups of five symbols are four bytes, at any offset.

All groups of a view are worked out at once per alignment; where text comes out, the run
is decoded again to its very end, which may be a shorter group.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from dlp.decode.compressed.headless import headless
from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.kinds import is_drawn
from dlp.decode.pieces import Span
from dlp.decode.printable import IS_TEXT, TEXT_BYTES, readable
from dlp.decode.runs import words as words_of
from dlp.decode.source import Source
from dlp.model import View

_ALPHABETS = (
    "".join(map(chr, range(33, 118))),
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~",
)
_GROUPS = 4
"""Groups of text in a row that are no chance."""
_NONE = 255
_IS_SYMBOL = bytes(value != _NONE for value in range(256))
_ALL_SYMBOLS = b"\1" * (5 * _GROUPS)
_FIRST_OF_TEXT = bytes(
    not set(TEXT_BYTES).isdisjoint(
        range(value * 85**4 >> 24, ((value + 1) * 85**4 - 1 >> 24) + 1)
    )
    for value in range(256)
)
"""Whether the first of four bytes is of text that a group with this value begins."""
_WEIGHTS = np.array([85**place for place in range(4, -1, -1)], np.uint64)
_RARE = rb"!#$%&*+;<>?@\\^`|~(){}\[\]"
"""Symbols that prose and code seldom have close together inside a word."""

HINTS = (
    r"[{0}][0-9A-Za-z][!-~]{{0,16}}[{0}][0-9A-Za-z][!-~]{{0,16}}[{0}]".format(
        _RARE.decode()
    ),
)
PATCH_HINTS = (r"\n(?:literal|delta) [0-9]",)
_PATCH = re.compile(rb"\n(?:literal|delta) [0-9]+\r?\n((?:[A-Za-z][!-~]{5,65}\r?\n)+)")
_OPENERS = frozenset(
    bytes([int.from_bytes(signature[:4].ljust(4, fill)) // 85**4])
    for signature in CONTAINERS
    for fill in (b"\x00", b"\xff")
)
"""Values of the first symbol of what begins like a container."""
_OPENS = np.array([bytes([value]) in _OPENERS for value in range(256)])
_BEGINS = np.zeros(1 << 16, np.bool_)
_BEGINS[[int.from_bytes(signature[:2]) for signature in CONTAINERS]] = True
"""First two bytes of a container."""
_MARKS = np.array([bytes([value]) in b"=:\"'~ >,`/(|" for value in range(256)])
"""After which a container may begin; the blank stands between words."""
_NEAR_BYTES = 256
_HEAD = 10
"""Symbols that tell whether a container begins."""

_OFTEN = 0.55
"""Changes of kind for each sign: by lot there are more, in code half as many."""
_MOST_WHOLE, _LONGEST_WHOLE = 4, 4096
"""Words of a view, and bytes of a word, that are decoded whole."""
_SHORTEST, _SHORTEST_DRAWN = 20, 15
"""Symbols of a word, and of one that was drawn by lot."""
_NOT_RARE = bytes(set(range(256)) - set(_RARE))


@dataclass(frozen=True, slots=True)
class _Code:
    values: bytes
    """Symbol to value, `_NONE` for what is no symbol."""

    def groups(self, data: bytes) -> npt.NDArray[np.bool_]:
        """Whether the five symbols from each place on are four bytes of text."""
        symbols = np.frombuffer(data, np.uint8)
        count = len(symbols) - 4
        total = symbols[:count].astype(np.uint64)
        inside = symbols != _NONE
        fits: npt.NDArray[np.bool_] = inside[:count].copy()
        for column in range(1, 5):
            total *= 85
            total += symbols[column : column + count]
            fits &= inside[column : column + count]
        fits &= total < 1 << 32
        fours = total.astype(np.uint32).view(np.uint8).reshape(-1, 4)
        fits &= IS_TEXT[fours].all(axis=1)
        return fits

    def text(self, symbols: bytes) -> bytes:
        """Decode whole groups and the rest; symbols are values already."""
        size = len(symbols) * 4 // 5
        symbols += b"\x54" * (-len(symbols) % 5)
        groups = np.frombuffer(symbols, np.uint8).reshape(-1, 5)
        total = groups[:, 0].astype(np.uint32)
        for column in range(1, 5):
            total = total * 85 + groups[:, column]
        return total.astype(">u4").tobytes()[:size]


_CODES = tuple(
    _Code(bytes(alphabet.find(chr(b)) & _NONE for b in range(256)))
    for alphabet in _ALPHABETS
)


def base85(source: Source) -> Iterator[View]:
    """What base85 runs decode to, in every alphabet that gives text."""
    data = source.data
    quoted = bool(LOOKS_LIKE_JSON.match(data))
    words = [
        (start, stop)
        for start, stop in words_of(_SHORTEST_DRAWN, quoted=quoted).runs(data)
        if len(data[start:stop].translate(None, _NOT_RARE)) * 14 >= stop - start
        and (stop - start >= _SHORTEST or is_drawn(data[start:stop], _OFTEN))
    ]
    joined = b" ".join([data[start:stop] for start, stop in words])
    if joined:
        told = False
        for code in _CODES:
            for view in _decoded(source, words, joined, code):
                told = True
                yield view
        if not told and len(words) <= _MOST_WHOLE:
            yield from _whole_words(source, words)


def _whole_words(source: Source, words: list[Span]) -> Iterator[View]:
    """What all of a word is that was drawn by lot: wide text, no signature, noise."""
    rest: list[bytes] = []
    for span in words:
        word = source.data[slice(*span)]
        if len(word) > _LONGEST_WHOLE or not is_drawn(word, _OFTEN):
            continue
        bare = word.removeprefix(b"<~").removesuffix(b"~>")
        for index, code in enumerate(_CODES):
            if not index:
                symbols = bare.replace(b"z", b"!!!!!").translate(code.values)
            else:
                symbols = bare.translate(code.values)
            if _NONE in symbols:
                continue
            text = code.text(symbols)
            if readable(text) or headless(text):
                yield source.child("base85", text, span)
            else:
                rest.append(text)
    if rest:
        source.budget.remains(source.child("base85", b"\n".join(rest)))


def _decoded(
    source: Source, words: list[Span], joined: bytes, code: _Code
) -> Iterator[View]:
    symbols = joined.translate(code.values)
    placed: list[tuple[Span, bytes]] = []
    starts = [0, *accumulate(stop - start + 1 for start, stop in words)]
    found = _containers(joined, symbols, starts, code)
    for start, stop in (*_runs(symbols, code), *found):
        index = bisect_right(starts, start) - 1
        shift = words[index][0] - starts[index]
        text = code.text(symbols[start:stop])
        if not text.startswith(CONTAINERS):
            text = text.rstrip(b"\0")
        placed.append(((start + shift, stop + shift), text))
    yield from source.found("base85", placed)


def _runs(symbols: bytes, code: _Code) -> Iterator[Span]:
    """Stretches of groups that are text, each to the end of its run of symbols."""
    if not _may_hold_text(symbols):
        return
    fits = code.groups(symbols)
    most = len(fits) - 5 * (_GROUPS - 1)
    enough = np.logical_and.reduce([fits[5 * n : 5 * n + most] for n in range(_GROUPS)])
    for lead in sorted(set((enough.nonzero()[0] % 5).tolist())):
        inside = np.concatenate(([False], fits[lead::5], [False]))
        edges = np.flatnonzero(inside[1:] != inside[:-1])
        for first, last in edges.reshape(-1, 2).tolist():
            if last - first >= _GROUPS:
                yield lead + first * 5, _end(symbols, lead + last * 5)


def _may_hold_text(symbols: bytes) -> bool:
    """
    Whether `_GROUPS` groups in a row are text at any offset: first symbols tell most.
    """
    likely = np.frombuffer(symbols.translate(_FIRST_OF_TEXT), np.bool_)
    most = len(symbols) - 5 * _GROUPS + 1
    if symbols.translate(_IS_SYMBOL).find(_ALL_SYMBOLS) < 0:
        return False
    enough = np.logical_and.reduce(
        [likely[5 * n : 5 * n + most] for n in range(_GROUPS)]
    )
    places = enough.nonzero()[0]
    values = np.frombuffer(symbols, np.uint8)
    for group in range(_GROUPS):
        if not len(places):
            break
        columns = values[places[:, None] + np.arange(5 * group, 5 * group + 5)]
        total = columns.astype(np.uint64) @ _WEIGHTS
        fours = total.astype(np.uint32).view(np.uint8).reshape(-1, 4)
        fits = IS_TEXT[fours].all(axis=1) & (columns != _NONE).all(axis=1)
        places = places[fits & (total < 1 << 32)]
    return len(places) > 0


def _containers(
    joined: bytes, symbols: bytes, starts: list[int], code: _Code
) -> Iterator[Span]:
    """Where a container begins in a word: with it, or after what may stand before."""
    opens = _OPENS[np.frombuffer(symbols, np.uint8)]
    opens[1:] &= _MARKS[np.frombuffer(joined, np.uint8, len(joined) - 1)]
    places = opens.nonzero()[0]
    if not len(places):
        return
    done = 0
    for begin in _likely(symbols, places).tolist():
        word = bisect_right(starts, begin) - 1
        start, after = starts[word], starts[word + 1]
        head = symbols[begin : begin + _HEAD]
        if begin < done or begin - start > _NEAR_BYTES or _NONE in head:
            continue
        if code.text(head).startswith(CONTAINERS):
            end = symbols.find(_NONE, begin, after)
            done = after
            yield begin, end if end >= 0 else after - 1


def _likely(symbols: bytes, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The places where a group gives the first two bytes of a container."""
    values = np.frombuffer(symbols + bytes(4), np.uint8)
    total = values[places[:, None] + np.arange(5)].astype(np.uint64) @ _WEIGHTS
    likely: npt.NDArray[np.int64] = places[_BEGINS[total >> 16 & 0xFFFF]]
    return likely


def patches(source: Source) -> Iterator[View]:
    """
    The blobs of a binary patch of git: lines of a length and base85.

    Lengths are letters (apply.c, `parse_binary_hunk`): A to Z are 1 to 26, a to z more.
    """
    code = _CODES[2]
    for match in _PATCH.finditer(source.data):
        out: list[bytes] = []
        for line in match[1].split():
            size = line[0] - 64 if line[0] < 97 else line[0] - 70
            out.append(code.text(line[1:].translate(code.values))[:size])
        yield source.child("base85", b"".join(out), match.span(1))


def _end(symbols: bytes, stop: int) -> int:
    """Up to a group more where the run ends behind it: the last may be filled."""
    end = symbols.find(_NONE, stop, stop + 6)
    if end < 0:
        end = len(symbols) if len(symbols) < stop + 6 else stop
    return end
