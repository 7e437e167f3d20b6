"""
Base85: Ascii85 (btoa, Adobe), Z85 (ZeroMQ RFC 32), and the alphabet of RFC 1924 that
git and Python use. Groups of five symbols are four bytes, at any offset.

All groups of a view are worked out at once per alignment; where text comes out, the run
is decoded again to its very end, which may be a shorter group.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.runs import Alphabet
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
_RARE = rb"!#$%&*+;<>?@\^`|~"
"""Symbols that prose and code seldom have close together inside a word."""

HINTS = (
    r"[{0}][0-9A-Za-z][!-~]{{0,16}}[{0}][0-9A-Za-z][!-~]{{0,16}}[{0}]".format(
        _RARE.decode()
    ),
)

_WORDS = Alphabet(bytes(range(0x21, 0x7F)), 20)
_RARE_ONLY = bytes(set(range(256)) - set(_RARE))


@dataclass(frozen=True, slots=True)
class _Code:
    values: bytes
    """Symbol to value, `_NONE` for what is no symbol."""

    def groups(self, data: bytes, lead: int) -> npt.NDArray[np.bool_]:
        """Whether each group of five from `lead` on is four printable bytes."""
        count = (len(data) - lead) // 5
        symbols = np.frombuffer(data, np.uint8, count * 5, lead).reshape(-1, 5)
        inside = (symbols != _NONE).all(axis=1)
        total = symbols[:, 0].astype(np.uint64)
        for column in range(1, 5):
            total = total * 85 + symbols[:, column]
        fits: npt.NDArray[np.bool_] = inside & (total < 1 << 32)
        for shift in (24, 16, 8, 0):
            byte = total >> shift & 255
            fits &= (byte >= 0x20) & (byte < 0x7F)
        return fits

    def text(self, symbols: bytes) -> bytes:
        """Decode whole groups and the rest; symbols are values already."""
        out = bytearray()
        for at in range(0, len(symbols), 5):
            group = symbols[at : at + 5]
            size = len(group) - 1
            total = 0
            for value in group + b"\x54" * (5 - len(group)):
                total = total * 85 + value
            out += (total & 0xFFFFFFFF).to_bytes(4)[:size]
        return bytes(out)


_CODES = tuple(
    _Code(bytes(alphabet.find(chr(b)) & _NONE for b in range(256)))
    for alphabet in _ALPHABETS
)


def base85(source: Source) -> Iterator[View]:
    """What base85 runs decode to, in every alphabet that gives text."""
    data = source.data
    words = [
        (start, stop)
        for start, stop in _WORDS.runs(data)
        if len(data[start:stop].translate(None, _RARE_ONLY)) * 12 >= stop - start
    ]
    joined = b" ".join([data[start:stop] for start, stop in words])
    if joined:
        for code in _CODES:
            yield from _decoded(source, words, joined.translate(code.values), code)


def _decoded(
    source: Source, words: list[Span], symbols: bytes, code: _Code
) -> Iterator[View]:
    spans: list[Span] = []
    texts: list[bytes] = []
    starts = [0, *accumulate(stop - start + 1 for start, stop in words)]
    for start, stop in _runs(symbols, code):
        index = bisect_right(starts, start) - 1
        shift = words[index][0] - starts[index]
        spans.append((start + shift, stop + shift))
        texts.append(code.text(symbols[start:stop]))
    if texts:
        trace = Pieces(spans, list(map(len, texts)), inner=whole)
        yield source.gather("base85", texts, trace)


def _runs(symbols: bytes, code: _Code) -> Iterator[Span]:
    """Stretches of groups that are text, each to the end of its run of symbols."""
    for lead in range(5):
        fits = code.groups(symbols, lead)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], fits, [False]))))
        for first, last in edges.reshape(-1, 2).tolist():
            if last - first >= _GROUPS:
                yield lead + first * 5, _end(symbols, lead + last * 5)


def _end(symbols: bytes, stop: int) -> int:
    """Up to four more symbols where the run ends within them."""
    end = symbols.find(_NONE, stop, stop + 5)
    if end < 0:
        end = len(symbols) if len(symbols) < stop + 5 else stop
    return end
