"""
One-byte ciphers: XOR with one value, one number added to every byte. Found by the
differences between neighbours, which no key changes, of what vendors' keys and
containers begin with; that gives the key.

Why not in disguise.py: those ciphers work on letters and there are few of them, so
their literals are listed; here are 510.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from math import log2
from typing import NamedTuple

import numpy as np

from dlp.decode.beginnings import BEGINNINGS, key_of
from dlp.decode.ciphers.disguise import STEPS
from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.magic import BZIP2, GZIP, XZ, ZSTD
from dlp.decode.guesses import CIPHER, TAKEN_APART
from dlp.decode.printable import TEXT_BYTES, is_text, is_wide_text
from dlp.decode.sieve import BETWEEN, Locator
from dlp.decode.source import Source
from dlp.model import View
from dlp.patterns import Patterns

_SHORTEST = 4
_SHORTEST_IN_TEXT = 8
"""Digits and prose repeat a few differences: there a shorter beginning is chance."""
NO_TEXT_BEFORE = frozenset(
    {"numbers", "hex", "base64", "base32", "base58", "base85", "binary", "hexdump"}
)
"""Steps whose results are no text that somebody wrote, as far as one can tell."""
_ALONE_BYTES = 512
_ALONE = re.compile(rb"[0-9A-Za-z+/=_.:@\-]{20,}\n?")
"""A key that a whole view is: there three characters that it begins with are enough."""
_FIRST = 3
_BRIEF = ("hf_", "SG.", "sk-", "r8_")
"""What some begin with is too short to be told but behind a sign."""
_SHAPES = (
    (re.compile(rb"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}\n?"), b":", range(8, 11), (1, 2)),
    (
        re.compile(rb"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}\n?"),
        b".",
        range(24, 27),
        (0, 7),
    ),
)
"""Keys that begin with nothing of their own: a sign in them, where that may stand, and
how far behind it two bytes are the same. Bots of Telegram and of Discord."""
_SHAPED_BYTES = range(43, 80)
_KEY_BYTES = 4096
"""What is undone behind the beginning of a key; of a container, all."""
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
"""Behind it stands nothing that belongs to a key."""
_ASCII, _FOREIGN = bytes(range(128)), 20
_LONG_WORD = re.compile(rb"[!-~]{24}")
_BEFORE_WORDS = (b"", b" ", b"\n", b"\t", b'"', b"'", b"=", b":", b"(", b"`", b">")
_MOST_HITS = 1000
_SMALL_BYTES = 16 << 10
"""In a larger text some beginning counts, mostly: not worth asking about each."""
_REST, _SAME = 24, 4
"""Of so many characters behind the beginning no more than a fourth are the same."""
_FEWEST, _FEWEST_IN_HEX = 14, 9
"""Different ones among so many of a long and of a short or hexadecimal rest: of drawn
letters and digits 99 in 100 have more, the entries of a table fewer."""
_HEX = re.compile(rb"[0-9a-fA-F-]*")
_SURE = 8
"""So long a beginning is no chance."""
_NEAR_BYTES = 384
_KEY_LETTERS = 48
_UNSEEN = 0.25
"""How often a byte that does not stand there is taken to."""
_DRAWN = re.compile(rb"[0-9A-Za-z_-]{0,40}")
_ALPHABETS = tuple(
    (re.compile(letters), log2(size))
    for letters, size in (
        (rb"[0-9]*", 10),
        (rb"[0-9a-f]*|[0-9A-F]*", 16),
        (rb"[a-z]*|[A-Z]*", 26),
        (rb"[A-Z2-7]*|[a-z2-7]*", 32),
        (rb"[0-9A-Z]*|[0-9a-z]*", 36),
        (rb"[0-9A-Za-z_-]*", 64),
    )
)
"""What keys are drawn from, and the bits of a letter."""
_AMONG_TEXT_BITS, _AMONG_BYTES_BITS = -2, 8
"""By so many bits more what stands round a key has to leave of it: in base64, under the
same byte, it stands among its like."""
_HEADS = {GZIP + b"\0": "gzip", BZIP2 + b"91AY": "bz2", XZ: "xz", ZSTD: "zstd"}
_PROBE_BYTES = 1 << 20


def _xor_steps(data: bytes) -> bytes:
    array = np.frombuffer(data, np.uint8)
    return (array[1:] ^ array[:-1]).tobytes()


def _add_steps(data: bytes) -> bytes:
    array = np.frombuffer(data, np.uint8)
    return (array[1:] - array[:-1]).tobytes()


def _unxor(data: bytes, key: int) -> bytes:
    return (np.frombuffer(data, np.uint8) ^ np.uint8(key)).tobytes()


def _unadd(data: bytes, key: int) -> bytes:
    return (np.frombuffer(data, np.uint8) - np.uint8(key)).tobytes()


type Steps = Callable[[bytes], bytes]
type Undo = Callable[[bytes, int], bytes]
_CIPHERS: tuple[tuple[Steps, Undo], ...] = (
    (_xor_steps, _unxor),
    (_add_steps, _unadd),
)


class Hit(NamedTuple):
    """A literal under a cipher."""

    start: int
    key: int
    literal: bytes
    undo: Undo


class Shifts:
    """Beginnings of keys and of containers, as steps from byte to byte."""

    def __init__(self, known: Sequence[str], containers: Iterable[bytes] = ()) -> None:
        """`containers`: of those in `_HEADS`."""
        beginnings = [text.encode() for text in known if len(text) >= _SHORTEST]
        self._literals = [*beginnings, *containers]
        self._locators = [
            (Locator(list(map(steps, self._literals))), steps, undo)
            for steps, undo in _CIPHERS
        ]
        self._key = key_of(known)
        self._begin = sorted({ord(text[0]) for text in known})
        self._firsts = [
            {steps(text[:_FIRST].encode()) for text in known if len(text) >= _FIRST}
            for steps, _ in _CIPHERS
        ]

    @property
    def patterns(self) -> tuple[Patterns, ...]:
        """What it looks for."""
        return tuple(locator.patterns for locator, _, _ in self._locators)

    def occur(self, data: bytes) -> bool:
        """Whether one stands here under some key; in a text, one that counts."""
        written = len(data) <= _SMALL_BYTES and _is_all_written(data)
        counts = _counted(data, written=written)
        return any(map(self._may_be_alone, data.split(BETWEEN))) or any(
            counts(hit) for hit in self._hits(data)
        )

    def undone(self, source: Source) -> Iterator[View]:
        """What follows the beginning of a key or container, undone."""
        if source.view.step in TAKEN_APART or source.view.came_of(STEPS):
            return
        for data in _readings(source):
            for text in (*self._alone(data), *_shaped(data)):
                yield source.child(CIPHER, text)
        done: set[int] = set()
        written = _is_written(source.data) and source.view.step not in NO_TEXT_BEFORE
        counts = _counted(source.data, written=written)
        for hit in self._hits(source.data):
            start, key, literal, undo = hit
            if start in done or not counts(hit):
                continue
            done.add(start)
            codec = _HEADS.get(literal)
            stop = len(source.data) if codec else start + _KEY_BYTES
            text = undo(source.data[start:stop], key)
            if codec:
                text = inflate(text, codec, min(_PROBE_BYTES, source.budget.room)).data
            else:
                text = _NO_TEXT.split(text, 1)[0]
            found = _is_key(self._key, text, literal) and not (
                len(literal) < _SURE
                and _is_like_all(text[len(literal) :], undo(_near(source, start), key))
            )
            if found or (codec and text):
                stop = stop if codec else start + len(text)
                span = start, min(stop, len(source.data))
                yield source.child(CIPHER, text, span)

    def _may_be_alone(self, data: bytes) -> bool:
        """Whether a short view begins as a key does, under some byte."""
        if not _REST <= len(data) <= _ALONE_BYTES:
            return False
        one, two, three = data[:_FIRST]
        xors, sums = self._firsts
        return (
            bytes((one ^ two, two ^ three)) in xors
            or bytes(((two - one) & 255, (three - two) & 255)) in sums
        )

    def _alone(self, data: bytes) -> Iterator[bytes]:
        """The key that a short view is, and nothing else."""
        if not self._may_be_alone(data):
            return
        for _, undo in _CIPHERS:
            for first in self._begin:
                key = undo(data[:1], first)[0]
                text = undo(data, key)
                if key and self._key.match(text) and _ALONE.fullmatch(text):
                    yield text

    def _hits(self, data: bytes) -> Iterator[Hit]:
        if len(data) <= _SHORTEST:
            return
        for locator, steps, undo in self._locators:
            for index, stop in locator.find(steps(data), _MOST_HITS):
                literal = self._literals[index]
                start = stop + 1 - len(literal)
                first = undo(data[start : start + 1], literal[0])[0]
                if first:
                    yield Hit(start, first, literal, undo)


def _readings(source: Source) -> Iterable[bytes]:
    """What may be a key as a whole: a short view, and each line of a decoded one."""
    data = source.data
    if source.view.step not in NO_TEXT_BEFORE:
        return (data,)
    return dict.fromkeys([data, *data[:_KEY_BYTES].split(b"\n")])


def _shaped(data: bytes) -> Iterator[bytes]:
    """The key that some bytes are, told by its shape."""
    if len(data) not in _SHAPED_BYTES:
        return
    for shape, sign, places, (one, other) in _SHAPES:
        for place in places:
            if data[place + one] != data[place + other]:
                continue
            for _, undo in _CIPHERS:
                key = undo(data[place : place + 1], sign[0])
                text = undo(data, key[0])
                if shape.fullmatch(text) and text != data:
                    yield text


_MORE = ("sk-ant-api03-", "https://", *(f"{a}{b}" for a in '="' for b in _BRIEF))


@cache
def vendors() -> Shifts:
    """What keys of vendors, addresses and containers begin with."""
    return Shifts([*BEGINNINGS, *_MORE], _HEADS)


def is_shifted(data: bytes) -> bool:
    """Whether what a vendor's key begins with stands here under some key."""
    return vendors().occur(data)


def shifted(source: Source) -> Iterator[View]:
    """What follows the beginning of a vendor's key or a container, undone."""
    return vendors().undone(source)


def _is_written(data: bytes) -> bool:
    """Whether somebody wrote it, if in an old code page: most bytes are ASCII."""
    if is_text(data):
        return True
    foreign = len(data.translate(None, _ASCII))
    return foreign * _FOREIGN <= len(data) and not _NO_TEXT.search(data)


def _is_all_written(data: bytes) -> bool:
    """The same of all pieces of it: views are asked about together."""
    return not data.translate(None, TEXT_BYTES) or is_wide_text(data)


def _counted(data: bytes, *, written: bool) -> Callable[[Hit], bool]:
    """Tells whether a literal is long enough, or begins a word or an id, to count."""
    shortest = _SHORTEST_IN_TEXT if written else _SHORTEST
    return lambda hit: (
        len(hit.literal) >= shortest or _is_word(data, hit.start) or _is_id(data, hit)
    )


def _is_word(data: bytes, start: int) -> bool:
    """Whether a word begins here that is as long as keys with a short beginning are."""
    return data[max(0, start - 1) : start] in _BEFORE_WORDS and bool(
        _LONG_WORD.match(data, start)
    )


_ID = re.compile(rb"(?<![0-9A-Za-z])A[KS]IA[A-Z2-7]{16}(?![0-9A-Za-z])")
_ID_BYTES = 20


def _is_id(data: bytes, hit: Hit) -> bool:
    """Whether this is an access key's id of AWS, as a word: its 20 letters tell."""
    before = max(hit.start - 1, 0)
    text = hit.undo(data[before : hit.start + _ID_BYTES + 1], hit.key)
    return _ID.match(text, hit.start - before) is not None


_NO_ID = re.compile(rb"A[KS]IA(?![A-Z2-7]{16})|.{4}(?![0-9A-Za-z]{16})")
"""What goes on differently than the keys with so short a beginning all do."""


def _is_key(key: re.Pattern[bytes], text: bytes, literal: bytes) -> bool:
    """
    Whether a key begins here, not a table: bytes that differ in a few bits give the
    short beginnings under some key, and then go on with a few characters.
    """
    if not key.match(text) or (len(literal) == _SHORTEST and _NO_ID.match(text)):
        return False
    rest = text[len(literal) : len(literal) + _REST]
    few = len(rest) < _REST or _HEX.fullmatch(rest)
    different = len(set(rest)) >= (_FEWEST_IN_HEX if few else _FEWEST)
    return different and max(map(rest.count, set(rest))) * _SAME <= len(rest)


def _near(source: Source, start: int) -> bytes:
    """What stands before and behind a place, a key there left out."""
    data, stop = source.data, start + _KEY_LETTERS
    return data[max(0, start - _NEAR_BYTES) : start] + data[stop : stop + _NEAR_BYTES]


def _is_like_all(rest: bytes, near: bytes) -> bool:
    """
    Whether letters are drawn from what stands round them rather than from an alphabet:
    coordinates of a font differ in a few bits, and under some byte are a few letters,
    everywhere. Compared are the bits it takes to tell them, knowing the one or other.
    """
    found = _DRAWN.match(rest)
    letters = found[0] if found else b""
    bits = next(bits for known, bits in _ALPHABETS if known.fullmatch(letters))
    counts = np.bincount(np.frombuffer(near, np.uint8), minlength=256) + _UNSEEN
    told = log2(counts.sum()) - np.log2(counts[np.frombuffer(letters, np.uint8)])
    more = _AMONG_TEXT_BITS if _is_written(near) else _AMONG_BYTES_BITS
    return float(told.sum()) < bits * len(letters) + more
