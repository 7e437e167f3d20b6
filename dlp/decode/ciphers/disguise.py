"""
Ciphers without a key: rot13 and the other Caesar shifts, Atbash, rot47, text written
backwards, with its case turned or on another keyboard. Only for what vendors' keys
begin with: a registered secret is known in its disguises already, and random text in
disguise is random text.

The prefixes are looked for as they would be disguised; words that hold one are undone.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dlp.decode.beginnings import BEGINNINGS, SIZED, USUAL, key_of
from dlp.decode.guesses import TAKEN_APART
from dlp.decode.kinds import is_drawn
from dlp.decode.pieces import Span, same, whole
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View
from dlp.patterns import Patterns

_UPPER, _LOWER = string.ascii_uppercase, string.ascii_lowercase
_LETTERS = (_UPPER + _LOWER).encode()
_PEM_BYTES = 4096
"""What is undone of a text that begins like a private key."""
_WORD_BYTES = 1024
_MOST_HITS = 5000
"""In a short text; chance gives one in 500 bytes."""
_BYTES_PER_HIT = 100


def _caesar(shift: int) -> bytes:
    """Moves every letter by `shift` places."""
    turned = [letters[shift:] + letters[:shift] for letters in (_UPPER, _LOWER)]
    return bytes.maketrans(_LETTERS, "".join(turned).encode())


def _keyboard(keys: bytes) -> bytes:
    """What comes of typing as on a US keyboard on one with these keys."""
    return bytes.maketrans(_KEYS, keys)


def _inverse(table: bytes) -> bytes:
    return bytes.maketrans(table, bytes(range(256)))


_KEYS = b"-=qwertyuiop[]asdfghjkl;'zxcvbnm,./_+QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?"
_DVORAK = _keyboard(
    b"[]',.pyfgcrl/=aoeuidhtns-;qjkxbmwvz{}\"<>PYFGCRL?+AOEUIDHTNS_:QJKXBMWVZ"
)
_COLEMAK = _keyboard(
    b"-=qwfpgjluy;[]arstdhneio'zxcvbkm,./_+QWFPGJLUY:{}ARSTDHNEIO\"ZXCVBKM<>?"
)
_AZERTY = bytes.maketrans(b"qwazQWAZm,;", b"azqwAZQW,;m")
_QWERTZ = bytes.maketrans(b"yzYZ", b"zyZY")
_OTHER_CASE = bytes.maketrans(_LETTERS, (_LOWER + _UPPER).encode())
_ATBASH = bytes.maketrans(_LETTERS, (_UPPER[::-1] + _LOWER[::-1]).encode())
_BOTH = _OTHER_CASE.translate(_ATBASH)
_DOUBLED = [
    first.translate(_caesar(shift))
    for first in (_ATBASH, _OTHER_CASE, _BOTH)
    for shift in range(first is not _BOTH, 26)
]
"""Any two of these are one of them, or one of the ciphers themselves."""
_ROT47 = bytes(33 + (b - 33 + 47) % 94 if 33 <= b < 127 else b for b in range(256))


@dataclass(frozen=True, slots=True)
class Cipher:
    """One way of writing text that needs no key to read."""

    step: str
    hide: Callable[[bytes], bytes]
    undo: Callable[[bytes], bytes]
    moves: bool = False
    """It changes places and no letters."""
    doubled: bool = False
    """Two on each other: undone where a key is whole or begins with some letters."""


def _by_table(step: str, hide: bytes, undo: bytes, *, doubled: bool = False) -> Cipher:
    return Cipher(
        step,
        lambda b: b.translate(hide),
        lambda b: b.translate(undo),
        doubled=doubled,
    )


def _backwards(data: bytes) -> bytes:
    return data[::-1]


def _both(step: str, table: bytes) -> Cipher:
    """Backwards, and under a table that is its own inverse."""

    def turn(data: bytes) -> bytes:
        return data[::-1].translate(table)

    return Cipher(step, turn, turn, moves=True)


CIPHERS = (
    _by_table("atbash", _ATBASH, _ATBASH),
    _by_table("rot47", _ROT47, _ROT47),
    _by_table("keyboard", _DVORAK, _inverse(_DVORAK)),
    _by_table("keyboard", _inverse(_DVORAK), _DVORAK),
    _by_table("keyboard", _COLEMAK, _inverse(_COLEMAK)),
    _by_table("keyboard", _inverse(_COLEMAK), _COLEMAK),
    _by_table("keyboard", _AZERTY, _inverse(_AZERTY)),
    _by_table("keyboard", _QWERTZ, _QWERTZ),
    _by_table("swapped case", _OTHER_CASE, _OTHER_CASE),
    Cipher("reversed", _backwards, _backwards, moves=True),
    *(
        _both(step, table)
        for step, table in (
            ("atbash", _ATBASH),
            ("rot47", _ROT47),
            ("caesar 13", _caesar(13)),
        )
    ),
    *(
        _by_table(f"caesar {shift}", _caesar(shift), _caesar(26 - shift))
        for shift in range(1, 26)
    ),
    *(
        _by_table("two ciphers", table, _inverse(table), doubled=True)
        for table in _DOUBLED
    ),
)

STEPS = frozenset(cipher.step for cipher in CIPHERS)
_SHOWN = TAKEN_APART | STEPS
"""
Steps that show a key only as it is: undoing one of two ciphers gives no beginning of a
key, so in what has one, that of another is chance.
"""
_WELL_KNOWN = frozenset({"reversed", "atbash", "rot47", "caesar 13", "swapped case"})
_WORD = re.compile(rb"[0-9A-Za-z+/=_.:@\-]+")
_ANY = re.compile(rb"[!-~]+")
_SHORTEST = 4
"""Bytes of a beginning that is looked for under two ciphers at all."""
_CHANGES = 0.4
"""Of the letters of a key 0.6 are followed by one of another kind, of names 0.2."""
_SHORT = 6
"""Bytes of a beginning that some word is by chance, under one of so many ciphers."""
_ID = re.compile(rb"A[KS]IA")
_OF_LETTERS = frozenset(
    prefix
    for prefix in USUAL
    if prefix.isalpha() and len(prefix) <= _SHORTEST and not _ID.match(prefix.encode())
)
"""`AIza`: under one of so many ciphers each picture in base64 holds it. It counts where
the key is a word by itself."""
_ODD = re.compile(rb"[^0-9A-Za-z+/=_.\-\s]")
"""What rot47 makes of most letters; hashes and base64 have none."""
_SIGNS_TOO = frozenset({"rot47", "keyboard"})
"""Steps in which letters become signs."""
_INSIDE = frozenset(bytes([byte]) for byte in _LETTERS + b"0123456789_-")


class Disguises:
    """Beginnings of keys, each as it is written under each cipher."""

    def __init__(self, known: Sequence[str], usual: Collection[str]) -> None:
        """`usual`: of those `known`, what is undone in every way there is."""
        self._hidden = [
            (cipher, prefix, cipher.hide(prefix.encode()))
            for cipher in CIPHERS
            for prefix in known
            if cipher.step in _WELL_KNOWN or prefix in usual
            if not cipher.doubled or len(prefix) >= _SHORTEST
            if cipher.hide(prefix.encode()) != prefix.encode()
        ]
        self._locator = Locator([hidden for _, _, hidden in self._hidden])
        self._key = key_of(known)

    @property
    def patterns(self) -> tuple[Patterns, ...]:
        """What it looks for."""
        return (self._locator.patterns,)

    def occur(self, data: bytes) -> bool:
        """Whether what a key begins with stands here in disguise."""
        return bool(self._locator.find(data, 1))

    def undone(self, source: Source) -> Iterator[View]:
        """The words that hold a disguised prefix of a key, undone."""
        data = source.data
        if source.view.came_of(_SHOWN):
            return
        most = max(_MOST_HITS, len(data) // _BYTES_PER_HIT)
        hits = self._locator.find(data, most)
        if len(hits) >= most:
            source.budget.over("expansions")
        found: dict[tuple[str, bool], list[tuple[Span, bytes]]] = {}
        done: set[tuple[str, int]] = set()
        for index, stop in hits:
            cipher, prefix, hidden = self._hidden[index]
            if not _begins(data, stop - len(hidden), stop, cipher):
                continue
            start, end = _around(data, stop - len(hidden), prefix, cipher)
            if cipher.step == "rot47" and not _ODD.search(data, start, end):
                continue
            text = cipher.undo(data[start:end])
            if cipher.doubled and not (len(prefix) > _SHORT or _is_whole(text)):
                continue
            few = prefix in _OF_LETTERS and cipher.step not in _WELL_KNOWN
            if few and not SIZED.fullmatch(text.rstrip(b".:=")):
                continue
            if (cipher.step, start) not in done and _holds_key(self._key, text):
                done.add((cipher.step, start))
                kind = cipher.step, cipher.moves
                found.setdefault(kind, []).append(((start, end), text))
        for (step, moves), texts in found.items():
            yield from source.found(step, texts, inner=whole if moves else same)


@cache
def vendors() -> Disguises:
    """What keys of vendors begin with."""
    return Disguises(BEGINNINGS, USUAL)


def is_disguised(data: bytes) -> bool:
    """Whether what a vendor's key begins with stands here in disguise."""
    return vendors().occur(data)


def disguised(source: Source) -> Iterator[View]:
    """The words that hold a disguised prefix of a vendor's key, undone."""
    return vendors().undone(source)


_FEWEST = 6
"""Different characters of a key with its beginning; what fills a picture, taken
for numbers, has three or four and begins like any."""
_OTHER = re.compile(rb"A[KS]IA(?![A-Z2-7]{16}(?![0-9A-Za-z]))")


def _holds_key(key: re.Pattern[bytes], text: bytes) -> bool:
    """Base64 has four capitals anywhere; an id of AWS goes on with sixteen more."""
    found = key.search(text)
    if found is None or len(set(text)) < _FEWEST:
        return False
    return not (_ID.match(found[0]) and _OTHER.match(text, found.start()))


def _is_whole(text: bytes) -> bool:
    """Whether a key is here as long as all of its kind, and drawn by lot."""
    found = SIZED.search(text)
    return found is not None and (found[0].isupper() or is_drawn(found[0], _CHANGES))


def _begins(data: bytes, start: int, stop: int, cipher: Cipher) -> bool:
    """Whether a word begins at a hit; random base64url holds any short prefix."""
    place = stop if cipher.moves else start - 1
    before = data[place : place + 1] if place >= 0 else b""
    return before not in _INSIDE or cipher.undo(before) not in _INSIDE


def _around(data: bytes, hit: int, prefix: str, cipher: Cipher) -> Span:
    """The word at a hit, or all that may belong to a private key."""
    if prefix.startswith("-----"):
        return max(0, hit - _PEM_BYTES), hit + _PEM_BYTES
    word = _ANY if cipher.step in _SIGNS_TOO else _WORD
    start = hit
    if cipher.moves:
        before = data[max(0, hit - _WORD_BYTES) : hit]
        held = word.match(before[::-1])
        start -= held.end() if held else 0
    match = word.match(data, start, hit + _WORD_BYTES)
    return start, match.end() if match else hit
