"""
Codes under a cipher without a key, or with one byte: base64 in rot47, hexadecimal
digits backwards, a list of numbers XORed.

Each cipher is undone on trial; what then has the form of a code, where before there
was none, is shown. Only for long words, and for short views that are no text.

Why not in disguise.py and shifted.py: those look for what a key begins with; of a code
nothing but its form is known.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from itertools import islice

import numpy as np
import numpy.typing as npt

from dlp.decode.ciphers.disguise import CIPHERS
from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.guesses import GUESSES
from dlp.decode.pieces import Span
from dlp.decode.printable import IS_TEXT, TEXT_BYTES, VISIBLE, is_text
from dlp.decode.runs import words
from dlp.decode.sieve import Sieve
from dlp.decode.source import Source
from dlp.model import View

_SHORTEST, _LONGEST = 32, 2048
_MOST_WORDS = 12
_MOST_KEYS = 8
_SAMPLE = 32
"""Symbols that show what a word is."""
_FEWEST_SYMBOLS = 8
_MOST_SYMBOLS = 24
"""Of codes with signs in them: digits, and what stands between and before."""

_UPPER, _LOWER, _DIGITS = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
)
_ALNUM = (_UPPER + _LOWER + _DIGITS).encode() + b" "
_FEWEST_PLAIN = 12
_MOST_LINES = 4
_MOSTLY, _MORE = 0.45, 0.15
"""Of text so much is letters, digits and blanks; under another byte that much less."""
_BASE64 = (_UPPER + _LOWER + _DIGITS + "+/=_-").encode()
_HEX = b"0123456789abcdefABCDEF-"
_NONE = 0xFF


def _values(*alphabets: str) -> npt.NDArray[np.uint8]:
    values = np.full(256, _NONE, np.uint8)
    for alphabet in alphabets:
        values[list(alphabet.encode())] = np.arange(len(alphabet), dtype=np.uint8)
    return values


_VALUES = (
    (_values(_DIGITS + "abcdef", _DIGITS + "ABCDEF"), 4),
    (_values(_UPPER + "234567", _LOWER + "234567"), 5),
    (_values(_DIGITS + _UPPER[:22], _DIGITS + _LOWER[:22]), 5),
    (_values(_UPPER + _LOWER + _DIGITS + "+/", _UPPER + _LOWER + _DIGITS + "-_"), 6),
)
"""Symbol to value, and bits of it."""
_TABLES = tuple(
    dict.fromkeys(
        [bytes(range(256))]
        + [cipher.undo(bytes(range(256))) for cipher in CIPHERS if not cipher.moves]
    )
)
_TABLE_ARRAY = np.frombuffer(b"".join(_TABLES), np.uint8).reshape(-1, 256)
_MAIN_TABLES = (
    bytes(range(256)),
    *(
        cipher.undo(bytes(range(256)))
        for cipher in CIPHERS
        if cipher.step in {"rot47", "caesar 13", "atbash"} and not cipher.moves
    ),
)
_OPENS = np.zeros(1 << 16, np.bool_)
_OPENS[[int.from_bytes(signature[:2]) for signature in CONTAINERS]] = True
_WORDY = (_LOWER + "./_-:#?&=@").encode()
"""Names, paths and addresses; no code is without digits and capitals."""
_USUAL = (_UPPER + _LOWER + _DIGITS + "._-/:=+").encode()
"""Under a byte, one of the symbols of any code becomes another than these."""
_RUN = b"\1" * _SHORTEST

_CODE = r"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_BYTE = "[2-7][0-9a-fA-F]"
_FORMS = (
    rf"(?:{_CODE}[^0-9A-Za-z]{{1,3}}){{10}}",
    rf"(?:&#x?(?:{_CODE}|{_BYTE});){{8}}",
    rf"(?:[%=]{_BYTE}){{10}}",
    rf"(?:\\(?:x|u00|U000000){_BYTE}){{8}}",
    rf"(?:0[xX]{_BYTE}[^0-9A-Za-z]{{1,3}}){{8}}",
    rf"(?:{_BYTE}[ :,|\-]){{12}}",
    r"(?:\\[01]?[0-7]{2}){10}",
    r"(?:(?:0o?)?1?[0-7]{2}[^0-9A-Za-z]{1,3}){12}",
    r"(?:[01]{7,8}[^0-9A-Za-z]){10}",
)


@cache
def sieve() -> Sieve:
    """Tells the forms of codes."""
    return Sieve(list(enumerate(_FORMS)))


@cache
def _keys() -> tuple[tuple[int, ...], ...]:
    """For XOR and for a shift: of each byte, as bits, what makes it a symbol."""
    return _keys_to(frozenset(_BASE64 + b", \\%&#;:x\r\n"))


@cache
def _plain_keys() -> tuple[tuple[int, ...], ...]:
    """The same for the symbols of any text."""
    return _keys_to(frozenset(TEXT_BYTES))


def _keys_to(symbols: frozenset[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(
            sum(1 << key for key in range(1, 256) if _undo(byte, key, way) in symbols)
            for byte in range(256)
        )
        for way in range(2)
    )


def _undo(byte: int, key: int, way: int) -> int:
    return byte - key & 255 if way else byte ^ key


@cache
def _table(way: int, key: int) -> bytes:
    return bytes(_undo(byte, key, way) for byte in range(256))


def has_long_words(data: bytes) -> bool:
    """Whether anything here may be a code as a whole."""
    return data.translate(VISIBLE).find(_RUN) >= 0


def turned(source: Source) -> Iterator[View]:
    """What long words say under each cipher that makes a code of them."""
    if source.view.came_of(GUESSES):
        return
    data = source.data
    runs = words(_SHORTEST, quoted=bool(LOOKS_LIKE_JSON.match(data))).runs(data)
    odd = (span for span in runs if _is_odd(data, *span))
    spans = list(islice(odd, _MOST_WORDS))
    found: dict[bytes, Span] = {}
    if spans:
        for which, text in _codes([data[slice(*span)] for span in spans]):
            found.setdefault(text, spans[which])
    placed = [(span, text) for text, span in found.items()]
    yield from source.found("turned", placed)


def _is_odd(data: bytes, start: int, stop: int) -> bool:
    """Neither a name, a path or an address, nor as long as a file, nor a ruled line."""
    word = data[start:stop]
    if len(word) > _LONGEST or len(word.translate(None, _WORDY)) <= 1:
        return False
    return len(set(word)) >= _FEWEST_SYMBOLS and not _is_monotone(word)


def _is_monotone(data: bytes) -> bool:
    """Mostly one symbol, as what a picture or a block is filled with, and no code."""
    return max(map(data.count, set(data))) * 4 > 3 * len(data)


def is_masked(data: bytes) -> bool:
    """Whether these bytes, which are no text, may be a code or text under one byte."""
    return (
        _SHORTEST <= len(data) <= _LONGEST
        and not is_text(data)
        and (any(True for _ in _masks(data)) or any(True for _ in _plain(data)))
    )


def masked(source: Source) -> Iterator[View]:
    """The codes that a view becomes under some byte."""
    if source.view.came_of(GUESSES):
        return
    for text in dict.fromkeys((*_unmasked(source.data), *_plain(source.data))):
        yield source.child("unmasked", text, (0, len(text)))


def _codes(words: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """(Which word, what it says), where that is a code and the word itself is none."""
    done: set[int] = set()
    for which, row in _in_letters(words):
        table, backwards = divmod(row, 2)
        if which in done or not row:
            done.add(which)  # `row` 0: as it stands
            continue
        text = words[which].translate(_TABLES[table])
        yield which, text[::-1] if backwards else text
    for which, word in enumerate(words):
        if which not in done:
            yield from ((which, text) for text in _with_signs(word))


def _with_signs(word: bytes) -> Iterator[bytes]:
    if _is_code(word):
        return
    for table in _MAIN_TABLES if _has_signs(word) else ():
        text = word.translate(table)
        yield from filter(_is_code, (text, text[::-1]))
    if word.translate(None, _USUAL):
        yield from _unmasked(word)


def _has_signs(word: bytes) -> bool:
    few = len(set(word[: 4 * _SAMPLE])) <= _MOST_SYMBOLS
    return few and bool(word.translate(None, _HEX))


def _unmasked(data: bytes) -> Iterator[bytes]:
    if _is_monotone(data):
        return
    texts = list(map(data.translate, _masks(data)))
    if texts:
        coded = {which for which, row in _in_letters(texts, 1) if row == 0}
        yield from (t for n, t in enumerate(texts) if n in coded or _is_code(t))


def _in_letters(words: Sequence[bytes], tables: int = 0) -> list[tuple[int, int]]:
    """
    (Word, table and direction) of what is base16, base32 or base64 of text, under the
    first of `tables`, or all.
    """
    heads = np.frombuffer(b"".join(map(_ends, words)), np.uint8)
    forms = _TABLE_ARRAY[: tables or None, heads].reshape(-1, len(words), 2, _SAMPLE)
    found = np.zeros(forms.shape[:3], np.bool_)
    for values, bits in _VALUES:
        digits = values[forms]
        whole_rows = (digits != _NONE).all(axis=3)
        if whole_rows.any():
            found[whole_rows] |= _are_text(digits[whole_rows], bits)
    order, which, ways = found.nonzero()
    return sorted(zip(which.tolist(), (order * 2 + ways).tolist(), strict=True))


def _ends(word: bytes) -> bytes:
    """The first symbols of a word, and the last, from its end."""
    return word[:_SAMPLE] + word.rstrip(b"=")[::-1].ljust(_SAMPLE, b"=")[:_SAMPLE]


def _are_text(digits: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.bool_]:
    """Whether rows of digits are bytes of text, what fills them up left out."""
    planes = digits[:, :, None] >> np.arange(bits - 1, -1, -1, dtype=np.uint8) & 1
    coded = np.packbits(planes.astype(np.uint8).reshape(len(digits), -1), axis=1)
    text = IS_TEXT[coded].all(axis=1)
    text |= _OPENS[coded[:, 0].astype(np.int64) << 8 | coded[:, 1]]
    return np.asarray(text, np.bool_)


def _is_code(word: bytes) -> bool:
    """Whether a word with signs in it is digits of characters."""
    return bool(sieve().scan(word[: 4 * _SAMPLE]))


def _masks(data: bytes) -> Iterator[bytes]:
    """What makes symbols of codes of `data` throughout, as tables."""
    present = set(data)
    for way, allowed in enumerate(_keys()):
        for key in islice(_common(allowed, present), _MOST_KEYS):
            yield _table(way, key)


def _plain(data: bytes) -> Iterator[bytes]:
    """
    What all of `data` says under a byte that makes words of what is none; or one of its
    lines: a decoder may have read a text in several ways.
    """
    for piece in dict.fromkeys((data, *data.split(b"\n")[:_MOST_LINES])):
        if len(piece) >= _SHORTEST:
            yield from _words_of(piece)


def _words_of(data: bytes) -> Iterator[bytes]:
    present = set(data)
    if len(present) < _FEWEST_PLAIN:
        return
    size = len(data)
    before = size - len(data.translate(None, _ALNUM))
    texts: list[tuple[int, bytes]] = []
    for way, allowed in enumerate(_plain_keys()):
        for key in _common(allowed, present):
            text = data.translate(_table(way, key))
            known = size - len(text.translate(None, _ALNUM))
            if known >= size * _MOSTLY and known - before >= size * _MORE:
                texts.append((-known, text))
    yield from (text for _, text in sorted(texts)[:_MOST_KEYS])


def _common(allowed: Sequence[int], present: Collection[int]) -> Iterator[int]:
    """The keys that every byte allows, in order."""
    keys = -1
    for byte in present:
        keys &= allowed[byte]
        if not keys:
            return
    while keys:
        lowest = keys & -keys
        yield lowest.bit_length() - 1
        keys ^= lowest
