"""
Known secrets that left whole, but in another order or in other symbols.

Two things of a text survive what no encoding explains. Of any transposition, how often
each character occurs: `ANY_ORDER`, the sum of a number for each letter and digit, which
the sums over a window are compared with. Of any substitution, symbol by symbol, by
whatever table, where symbols come back: `SYMBOLS`, a hash of the distances from each to
its last occurrence. 40 random characters have 80 and 60 bits of these.

Why not in `variants.py`: no gram of eight bytes is left of the text; these find all of
a secret or nothing. They are looked for in what decoders could make no text of
(`Decoded.residue`), never in a message as a whole.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlp.decode.guesses import SEQUENCES
from dlp.detect.known.forms import Domain
from dlp.detect.known.grams import GRAM, Places, Words, multiplier
from dlp.detect.known.stretches import RunTable
from dlp.detect.known.variants import VARIANTS
from dlp.model import View

DOMAINS = (Domain.ANY_ORDER, Domain.SYMBOLS)
_BITS = 48
"""Evidence below which a text is not looked for in this way."""
_LONGEST = 1024
_MOST_BYTES = 16 << 10
"""Of what is looked at in one message."""
_MOST_ENDS = 64
_LOOSE = 4
"""Bytes that may stand before or behind a sequence."""
_ALNUM = bytes(c for c in range(128) if chr(c).isalnum())
_OTHER = bytes(c for c in range(256) if c not in _ALNUM)
_CLASSES = (
    b"abcdefghijklmnopqrstuvwxyz",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"0123456789",
)
_HEX = b"0123456789abcdefABCDEF"
_ORDERED, _SYMBOLIC = (
    next(number for number, v in enumerate(VARIANTS) if v.domain is domain)
    for domain in DOMAINS
)


def _scattered(count: int, seed: int) -> Words:
    """Numbers that have nothing to do with each other (splitmix64, Steele 2014)."""
    state = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed)
    state *= np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


_WEIGHTS = _scattered(256, 0)
_FACTORS = _scattered(_LONGEST, 1 << 32)
_ZERO = np.zeros(1, np.uint64)


def marks(data: bytes, key: bytes) -> Iterator[tuple[int, int, Words]]:
    """(Variant, length, tag) of a text, for each way in which it could be told."""
    letters = data.translate(None, _OTHER)
    if len(letters) <= _LONGEST and _order_bits(letters) >= _BITS:
        weights = _WEIGHTS[np.frombuffer(letters, np.uint8)]
        total: Words = weights.sum(keepdims=True, dtype=np.uint64)
        yield _ORDERED, len(letters), total * multiplier(key, DOMAINS[0].value)
    seen = set()
    for text in _spellings(data):
        if len(text) > _LONGEST or text in seen:
            continue
        seen.add(text)
        back = _distances(np.frombuffer(text, np.uint8))
        if _symbol_bits(back) >= _BITS:
            total = _hashes(back, np.array([0]), len(text))
            yield _SYMBOLIC, len(text), total * multiplier(key, DOMAINS[1].value)


def _spellings(data: bytes) -> Iterator[bytes]:
    """Texts whose symbols could be exchanged."""
    for text in (
        data,
        data.lower(),
        data.hex().encode(),
        base64.b64encode(data).rstrip(b"="),
        base64.b32encode(data).rstrip(b"="),
    ):
        yield text
        yield text[::-1]


def _order_bits(letters: bytes) -> float:
    """What a guesser does not know who knows all but how often each occurs."""
    size = sum(len(kind) for kind in _CLASSES if set(kind) & set(letters))
    size = 16 if not letters.translate(None, _HEX) else max(size, 1)
    count = len(letters)
    same = sum(math.lgamma(n + 1) for n in Counter(letters).values())
    nats = count * math.log(size) - math.lgamma(count + 1) + same
    return nats / math.log(2)


def _symbol_bits(back: Places) -> float:
    """How much the places say where symbols come back."""
    bits, distinct = 0.0, 0
    new = int((back == 0).sum())
    share = min(max(new / max(len(back), 1), 0.05), 0.95)
    for distance in back.tolist():
        if distance:
            bits += math.log2(max(distinct, 1)) - math.log2(1 - share)
        else:
            distinct += 1
            bits -= math.log2(share)
    return bits


def _distances(symbols: NDArray[np.uint8]) -> Places:
    """How far back each symbol occurred last; 0 where it never did."""
    order = np.argsort(symbols, kind="stable")
    back = np.zeros(len(symbols), np.int64)
    same = symbols[order[1:]] == symbols[order[:-1]]
    back[order[1:][same]] = (order[1:] - order[:-1])[same]
    return back


def _hashes(back: Places, starts: Places, length: int) -> Words:
    """One number for the `length` distances from each start on, whatever is before."""
    places = np.arange(length)
    inside = back[starts[:, None] + places]
    inside[inside > places] = 0
    total: Words = (inside.astype(np.uint64) * _FACTORS[:length]).sum(1)
    return total


@dataclass(frozen=True, slots=True)
class WholeHit:
    """A registered value, by its number, in a view."""

    value: int
    view: View
    variant: str


@dataclass(frozen=True, slots=True)
class Wholes:
    """The marks of every registered value, by length."""

    orders: dict[int, tuple[Words, Places]]
    symbols: dict[int, tuple[Words, Places]]
    """Length to sorted tags and, for each, the number of its value."""
    factors: tuple[np.uint64, ...]

    @classmethod
    def build(cls, runs: RunTable, tags: Words, values: Places, key: bytes) -> Wholes:
        """
        Take in marks, given as runs, their tags, and the numbers of their values.
        """
        found: tuple[dict[int, tuple[Words, Places]], ...] = ({}, {})
        for number, which in zip((_ORDERED, _SYMBOLIC), found, strict=True):
            for length in np.unique(runs["stride"][runs["variant"] == number]).tolist():
                same = (runs["variant"] == number) & (runs["stride"] == length)
                order = np.argsort(tags[same], kind="stable")
                which[length] = tags[same][order], values[same][order]
        orders, symbols = found
        return cls(orders, symbols, tuple(multiplier(key, d.value) for d in DOMAINS))

    def scan(self, views: Sequence[View]) -> Iterator[WholeHit]:
        """The values that stand in the views, whatever became of their characters."""
        size, looked = 0, []
        for view in views:
            size += len(view.data)
            if size > _MOST_BYTES or not (self.orders or self.symbols):
                break
            looked.append(view)
        if looked:
            yield from self._in_any_order(looked)
            yield from self._in_other_symbols(looked)

    def _in_any_order(self, views: Sequence[View]) -> Iterator[WholeHit]:
        texts = [view.data.translate(None, _OTHER) for view in views]
        joined = np.frombuffer(b"".join(texts), np.uint8)
        sums = np.concatenate((_ZERO, np.cumsum(_WEIGHTS[joined], dtype=np.uint64)))
        ends = np.cumsum([len(text) for text in texts])
        for length, known in self.orders.items():
            tags = (sums[length:] - sums[:-length]) * self.factors[0]
            for place, value in _found(tags, known):
                view = views[int(np.searchsorted(ends, place, "right"))]
                yield WholeHit(value, view, VARIANTS[_ORDERED].name)

    def _in_other_symbols(self, views: Sequence[View]) -> Iterator[WholeHit]:
        joined = b"".join([view.data for view in views])
        sequences = list(_sequences(views))[:_MOST_ENDS]
        back = _distances(np.frombuffer(joined, np.uint8))
        for length, known in self.symbols.items():
            rows = [
                (place, which)
                for start, stop, which in sequences
                for place in _windows(start, stop, length)
            ]
            if rows:
                starts = np.array([place for place, _ in rows])
                tags = _hashes(back, starts, length) * self.factors[1]
                for row, value in _found(tags, known):
                    view = views[rows[row][1]]
                    yield WholeHit(value, view, VARIANTS[_SYMBOLIC].name)


def marked(runs: RunTable) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which runs are marks, which have no grams; and which tags of all are theirs."""
    strange = np.isin(runs["variant"], (_ORDERED, _SYMBOLIC))
    counts = (runs["length"].astype(np.int64) - GRAM) // runs["stride"] + 1
    return strange, np.repeat(strange, counts)


def _found(tags: Words, known: tuple[Words, Places]) -> list[tuple[int, int]]:
    """(Place in `tags`, value) of each that is known."""
    at = np.searchsorted(known[0], tags)
    at[at == len(known[0])] = 0
    places = (known[0][at] == tags).nonzero()[0]
    return list(zip(places.tolist(), known[1][at[places]].tolist(), strict=True))


def _sequences(views: Sequence[View]) -> Iterator[tuple[int, int, int]]:
    """Where a sequence begins and ends in the joined views, and the view it is of."""
    base = 0
    for which, view in enumerate(views):
        at = base
        lines = view.data.split(b"\n") if view.step == SEQUENCES else [view.data]
        for line in lines:
            yield at, at + len(line), which
            at += len(line) + 1
        base += len(view.data)


def _windows(start: int, stop: int, length: int) -> set[int]:
    """Where a text of `length` may begin that fills a sequence, or nearly does."""
    spare = stop - start - length
    if spare < 0:
        return set()
    near, last = min(spare, _LOOSE) + 1, start + spare + 1
    return {*range(start, start + near), *range(last - near, last)}
