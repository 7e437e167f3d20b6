"""
Bytes under a key of some letters that comes again and again, XORed or added:
`{"key": "k3y", "data": "1b5d..."}`. Read where the key stands beside them, and where
there are enough bytes under each of its letters to tell it.

Why not in turned.py: there all bytes are under one, so that all of them are asked about
together; here each letter of the key is asked for by itself. A known secret is looked
for in what each of the keys that may be it gives, a vendor's key where it begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import islice, product
from math import prod
from typing import NamedTuple

from dlp.decode.beginnings import KEY, USUAL
from dlp.decode.guesses import GUESSES, KEYED
from dlp.decode.pieces import Pieces, Span
from dlp.decode.printable import TEXT_BYTES, is_text
from dlp.decode.source import Source
from dlp.model import View

_SHORTEST, _LONGEST = 12, 8 << 10
_MOST_PIECES, _MOST_BYTES = 12, 8 << 10
_LONGEST_KEY = 16
_FEWEST_EACH = 8
"""Bytes under one letter of a key that is not stated: random ones are all letters under
some byte once in 250 times."""
_FEWEST_LETTERS = 4
"""Different ones of them; numbers and tables have a column that is all zeros."""
_MANY, _DIFFERENT = 9, 0.6
"""Of a key that is drawn, how many are different: so many, or this share of a few."""
_MOST_KEYS, _MOST_MADE = 128, 8 << 10
"""Readings of a piece, and their bytes."""
_FEWEST_DIFFERENT = 9
"""Different bytes of a text under a key."""
_WEIGHTS = {
    8: b' etaoinsr"',
    6: b"hldcumpgfy",
    5: b"bwvkxjqz",
    4: b"ETAOINSRLCDPMHU0123456789_/:=,.-\n",
    3: b"BFGKVWYXJQZ",
    1: b"{}[]()'\\;+@\r",
}
"""How often a letter stands in prose, JSON and lists of variables; others: never."""
_OFTEN = bytes(
    next((weight for weight, letters in _WEIGHTS.items() if byte in letters), 0)
    for byte in range(256)
)
_ALNUM = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_WORDY = _ALNUM + b" "
_ALPHABETS = (_ALNUM + b"_-", _ALNUM + b"_-./+=:")
_TEXT = len(_ALPHABETS)
_STRANGE, _FEWER = 0.25, 0.15
"""So much of a text under a key is no letter, and so much less of what it says."""
_FEWEST_WRITTEN, _MOSTLY, _LESS = 12, 0.7, 0.03
"""Of text: bytes under one letter of the key, and how much of it is letters, digits and
blanks; how usual these are is little more under a longer key."""
_MANY_WRITTEN, _HALF = 24, 0.5
"""The same where chance writes no text: of JSON much is signs."""
_BEGINNINGS = tuple(prefix.encode() for prefix in USUAL)

_NEAR = 160
"""Bytes before and behind, in which the key may stand."""
_WORD = re.compile(rb"[^\s\"'`,;:=(){}\[\]<>\\]{2,32}")
_LISTED = re.compile(rb"(?:0x[0-9a-fA-F]{2}[ ,]{0,2}){2,32}")
_HEX = re.compile(rb"(?:0x)?((?:[0-9a-fA-F]{2}){2,32})")
_MOST_WORDS = 48

type Masks = Sequence[int]


class _Piece(NamedTuple):
    data: bytes
    near: bytes
    """The text that stands round it."""


def is_keyed(data: bytes) -> bool:
    """Whether these bytes, which are no text, are as many as a key takes."""
    return _SHORTEST <= len(data) <= _LONGEST and not is_text(data)


def keyed(source: Source) -> Iterator[View]:
    """What short pieces of a view say under some key."""
    if source.view.came_of(GUESSES):
        return
    texts: list[bytes] = []
    rest: list[bytes] = []
    for piece in _pieces(source):
        texts += _stated(piece)
        for key, told in _told(piece.data):
            (texts if told or KEY.search(key) else rest).append(key)
    if texts:
        yield source.child(KEYED, b"\n".join(dict.fromkeys(texts)))
    if rest:
        source.budget.remains(source.child(KEYED, b"\n".join(dict.fromkeys(rest))))


def _pieces(source: Source) -> Iterator[_Piece]:
    view, room = source.view, _MOST_BYTES
    spans: list[tuple[bytes, Span]] = [(view.data, view.span or (0, 0))]
    if isinstance(view.trace, Pieces):
        spans, at = [], 0
        for span, size in zip(view.trace.spans, view.trace.lengths, strict=True):
            spans.append((view.data[at : at + size], span))
            at += size + view.trace.separator
    around = view.parent.data if view.parent else b""
    for data, (start, stop) in islice(spans, _MOST_PIECES):
        few = len(set(data)) < _FEWEST_DIFFERENT
        if few or not is_keyed(data) or len(data) > room:
            continue
        room -= len(data)
        before = around[max(0, start - _NEAR) : start]
        yield _Piece(data, before + b"\n" + around[stop : stop + _NEAR])


def _stated(piece: _Piece) -> Iterator[bytes]:
    """What it says under a key that stands beside it."""
    size = len(piece.data)
    value = int.from_bytes(piece.data)
    for key in _beside(piece.near):
        whole = (key * (size // len(key) + 1))[:size]
        text = (value ^ int.from_bytes(whole)).to_bytes(size)
        if not text.translate(None, TEXT_BYTES):
            yield text


def _beside(near: bytes) -> dict[bytes, None]:
    words = dict.fromkeys(_WORD.findall(near)[:_MOST_WORDS])
    for listed in _LISTED.findall(near):
        digits = re.sub(rb"0x|[ ,]", b"", listed)
        words[bytes.fromhex(digits.decode())] = None
    for word in list(words):
        if found := _HEX.fullmatch(word):
            words[bytes.fromhex(found[1].decode())] = None
    return words


def _told(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """What it may say, and whether its letters are those of words, or a key's."""
    sizes = range(2, min(_LONGEST_KEY, len(data) // _FEWEST_EACH) + 1)
    for alphabet in range(len(_ALPHABETS)):
        for size, way in product(sizes, range(2)):
            classes = [data[n::size] for n in range(size)]
            if keys := _keys(classes, way, alphabet):
                yield from _under(data, keys, way)
                break  # what is as long many times over is a key, too
    if len(data.translate(None, _WORDY)) > _STRANGE * len(data):
        yield from ((text, True) for text in _written(data, sizes))


def _keys(classes: Sequence[bytes], way: int, alphabet: int) -> list[list[int]]:
    """Of each letter of a key what it may be; nothing where one may be none."""
    found = _of_each(classes, _masks(way, alphabet))
    for letters in classes if found else ():
        different = max(_FEWEST_LETTERS, min(_MANY, len(letters) * _DIFFERENT))
        if len(set(letters)) < different:
            return []
    if found and len(found[0]) < 2 and all(keys == found[0] for keys in found):
        return []
    return found


def _of_each(classes: Sequence[bytes], masks: Masks) -> list[list[int]]:
    """Of each letter of a key what it may be; nothing where one may be none."""
    found = []
    for letters in classes:
        keys = _common(masks, letters)
        if not keys:
            return []
        found.append(keys)
    return [list(_bits(keys)) for keys in found]


def _under(
    data: bytes, keys: Sequence[Sequence[int]], way: int
) -> Iterator[tuple[bytes, bool]]:
    """What the letters of a key may stand over: of them all, or of a vendor's key."""
    most = min(_MOST_KEYS, _MOST_MADE // len(data))
    if prod(map(len, keys)) <= most:
        for key in product(*keys):
            yield _undone(data, key, way), False
    for prefix in _BEGINNINGS:
        begun = [_key(byte, one, way) for byte, one in zip(data, prefix, strict=False)]
        if all(
            key in keys[n % len(keys)] and key == begun[n % len(keys)]
            for n, key in enumerate(begun)
        ):
            rest = [[key] for key in begun[: len(keys)]] + list(keys[len(begun) :])
            if prod(map(len, rest)) <= most:
                yield from ((_undone(data, key, way), True) for key in product(*rest))


def _written(data: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """What is mostly letters and blanks, under the shortest key that makes it so."""
    before = _wordy(data)
    texts: list[tuple[float, bytes]] = []
    for size, way in product(sizes, range(2)):
        classes = [data[n::size] for n in range(size)]
        if len(classes[-1]) < _FEWEST_WRITTEN:
            break
        if min(map(len, map(set, classes))) < _FEWEST_LETTERS:
            continue
        keys = _of_each(classes, _masks(way, _TEXT))
        if keys:
            best = [
                max(those, key=partial(_score, letters, way))
                for letters, those in zip(classes, keys, strict=True)
            ]
            text = _undone(data, best, way)
            words = _wordy(text)
            least = _HALF if len(classes[-1]) >= _MANY_WRITTEN else _MOSTLY
            if words >= max(least, before + _FEWER):
                texts.append((_usual(text), text))
    if texts:
        most = max(usual for usual, _ in texts)
        yield next(text for usual, text in texts if usual >= most - _LESS)


def _wordy(text: bytes) -> float:
    return 1 - len(text.translate(None, _WORDY)) / len(text)


def _usual(text: bytes) -> float:
    return sum(text.translate(_OFTEN)) / (len(text) * max(_WEIGHTS))


def _score(letters: bytes, way: int, key: int) -> int:
    return sum(_OFTEN[_key(byte, key, way)] for byte in letters)


def _undone(data: bytes, key: Sequence[int], way: int) -> bytes:
    size = len(key)
    return bytes(_key(byte, key[n % size], way) for n, byte in enumerate(data))


def _key(byte: int, other: int, way: int) -> int:
    """The key of a byte and its letter, or the letter of a byte and its key."""
    return byte - other & 255 if way else byte ^ other


def _common(masks: Masks, letters: bytes) -> int:
    keys = -1
    for byte in letters:
        keys &= masks[byte]
        if not keys:
            break
    return keys


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


@cache
def _masks(way: int, alphabet: int) -> Masks:
    """Of each byte, as bits, what makes it one of an alphabet."""
    letters = frozenset((*_ALPHABETS, TEXT_BYTES)[alphabet])
    return tuple(
        sum(1 << key for key in range(256) if _key(byte, key, way) in letters)
        for byte in range(256)
    )
