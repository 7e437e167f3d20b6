"""
Base32 in its alphabets and base16 (RFC 4648, 6 to 8), at any offset in a longer run.

Every alignment of a run is decoded and kept where text or a known magic comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from dlp.decode.compressed.headless import codec_of
from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.magic import CONTAINERS, MAGICS
from dlp.decode.pieces import Span
from dlp.decode.printable import (
    TEXT_BYTES,
    are_floats,
    is_wide_text,
    readable,
    readable_for_its_size,
)
from dlp.decode.runs import Alphabet
from dlp.decode.shape import NUL, TEXT, literal, shape
from dlp.decode.source import Source
from dlp.model import View

_BASE32 = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "0123456789ABCDEFGHIJKLMNOPQRSTUV",
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ",  # Crockford
    "ybndrfg8ejkmcpqxot1uwisza345h769",  # z-base-32
    "0123456789bcdefghjkmnpqrstuvwxyz",  # geohash
    "qpzry9x8gf2tvdw0s3jn54khce6mua7l",  # Bech32 (BIP 173)
    "0123456789abcdfghijklmnpqrsvwxyz",  # Nix
)
_SHORTEST = 20
_LEADS = 8
"""Symbols after which groups begin at a whole byte again (RFC 4648, 6)."""
_NO_WORD = 40
"""Letters alone are a word, if they are no more than this."""
_FEWEST_SYMBOLS = 5
"""Of texts of three characters, drawn by lot, none has fewer; DNA has four."""
_DIGITS = b"0123456789"
_SELDOM = 16
"""One in so many digits of text is a letter, or more."""
_NO_CHANCE = re.compile(
    rb"[ -~]{24}|[^\0]\0[^\0]\0[^\0]\0|(?:[^\0]\0{3}){4}|"
    + b"|".join(map(re.escape, MAGICS))
)
"""Text, in one byte a character or in more, or a container."""
_HEX = b"0123456789abcdefABCDEF"
_PYTHON_DIGITS = "0123456789abcdefghijklmnopqrstuv"


_SYMBOLS = Alphabet(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", _SHORTEST
)
_HEX_RUNS = Alphabet(_HEX, 16)
_LONG_HEX = 40
_LONG_HEX_RUNS = Alphabet(_HEX, 24)
_HEX_LETTERS = Alphabet(b"abcdefghijklmnopqrstuvwxyz", 40)
_ROWS = [
    bytes.maketrans(bytes(range(first, first + 16)), _HEX[:16])
    for first in range(ord("a"), ord("k") + 1)
]
"""Sixteen letters in a row as digits: `tr 0-9a-f g-v`."""
_HEADLESS_BYTES = 1 << 20
_CASES = ("0123456789abcdef", "0123456789ABCDEF")


@dataclass(frozen=True, slots=True)
class Radix:
    """One alphabet of 32 symbols, in either case."""

    digits: bytes
    """Symbol to what `int` reads as a digit of base 32."""
    foreign: bytes
    """What is no symbol of it."""

    def decoded(self, run: bytes, leads: int) -> Iterator[bytes]:
        """
        The symbols of a run from each of the first `leads` on, most significant bit
        first; a rest is dropped.
        """
        number = int(run.translate(self.digits), 32)
        for lead in range(leads):
            size = (len(run) - lead) * 5
            rest = number & ((1 << size) - 1)
            yield (rest >> size % 8).to_bytes(size // 8)


def _radix(alphabet: str) -> Radix:
    members = (alphabet.lower() + alphabet.upper()).encode()
    digits = bytearray(256)
    for symbol, digit in zip(alphabet, _PYTHON_DIGITS, strict=True):
        digits[ord(symbol.lower())] = digits[ord(symbol.upper())] = ord(digit)
    return Radix(bytes(digits), bytes(b for b in range(256) if b not in members))


_RADIXES = tuple(map(_radix, _BASE32))

LOWER_HINTS = (r"[a-z0-9]{20}",)
UPPER_HINTS = (r"[A-Z0-9]{20}",)
OTHER_LOWER_HINTS = (r"[0-9a-f]{24}", r"[a-z]{40}")
OTHER_UPPER_HINTS = (r"[0-9A-F]{24}",)
"""No shape: those of four alphabets would cost more than all other hints together."""
BASE16_HINTS = (
    shape(_CASES, [TEXT], 10),
    shape(_CASES, [TEXT, NUL], 5),
    *(pattern for magic in MAGICS for pattern in literal(_CASES, magic)),
)


def base32(source: Source) -> Iterator[View]:
    """What base32 runs decode to, in every alphabet that gives text."""
    data, barren = source.data, source.budget.barren
    words = [span for span in _SYMBOLS.runs(data) if _may_be_base32(data, *span)]
    if not words:
        return
    fresh = {span for span in words if ("base32", data[slice(*span)]) not in barren}
    found: set[Span] = set()
    for radix in _RADIXES:
        runs = [
            (start, stop)
            for start, stop in words
            if len(data[start:stop].translate(None, radix.foreign)) == stop - start
        ]
        rows = {
            span: list(
                radix.decoded(data[slice(*span)], _LEADS if span in fresh else 1)
            )
            for span in runs
        }
        for lead in range(_LEADS):
            texts = [
                ((start + lead, stop), row[lead])
                for (start, stop), row in rows.items()
                if (start, stop) in fresh and readable_for_its_size(row[lead])
            ]
            found.update((start - lead, stop) for (start, stop), _ in texts)
            yield from source.found("base32", texts)
        if not source.view.joined:
            rest = [row[0] for row in rows.values() if not readable(row[0])]
            if rest:
                source.budget.remains(source.child("base32", b"\n".join(rest)))
    barren.update(("base32", data[slice(*span)]) for span in fresh - found)


def _may_be_base32(data: bytes, start: int, stop: int) -> bool:
    """Letters of one case and digits, not few, and not hexadecimal."""
    run = data[start:stop]
    return (
        (run.islower() or run.isupper())
        and (len(run) >= _NO_WORD or not run.isalpha() or data[stop : stop + 1] == b"=")
        and len(run.translate(None, _HEX)) * 4 >= len(run)
        and len(set(run)) >= _FEWEST_SYMBOLS
    )


def base16(source: Source) -> Iterator[View]:
    """What runs of hexadecimal digits decode to."""
    data, barren = source.data, source.budget.barren
    runs = _HEX_RUNS.runs(data)
    fresh = [span for span in runs if ("base16", data[slice(*span)]) not in barren]
    found: set[Span] = set()
    for lead in range(2):
        texts = _texts(data, fresh, lead, _unhex)
        found.update((start - lead, stop) for (start, stop), _ in texts)
        yield from source.found("hex", texts)
    barren.update(("base16", data[slice(*s)]) for s in fresh if s not in found)


def other_base16(source: Source) -> Iterator[View]:
    """Runs of sixteen digits that are no text as they are, read in other ways."""
    data, barren = source.data, source.budget.barren
    runs = _LONG_HEX_RUNS.runs(data)
    fresh = [span for span in runs if ("hex", data[slice(*span)]) not in barren]
    plain = _texts(data, fresh, 0, _unhex)
    yield from source.found("hex", plain)
    as_it_is = {span for span, _ in plain}
    found = as_it_is.copy()
    for reading in (_backwards, _nibbles_swapped, _headless):
        texts = _texts(data, fresh, 0, reading)
        found.update(span for span, _ in texts)
        yield from source.found("hex", texts)
    for span in _HEX_LETTERS.runs(data):
        run = data[slice(*span)]
        for row in _rows_of(run):
            texts = _texts(data, [span], 0, partial(_from_letters, row))
            yield from source.found("hex", [t for t in texts if _is_of_row(row, t[1])])
    barren.update(("hex", data[slice(*span)]) for span in fresh if span not in found)
    rest: dict[bool, list[bytes]] = {}  # a boundary of 32 digits is in no key's way
    for start, stop in runs:
        if (start, stop) not in as_it_is:
            some = rest.setdefault(stop - start < _LONG_HEX, [])
            some.append(_unhex(data[start:stop]))
    for some in rest.values():
        source.budget.remains(source.child("hex", b"\n".join(some)))


def _backwards(run: bytes) -> bytes:
    return _unhex(run[::-1])


def _nibbles_swapped(run: bytes) -> bytes:
    digits = bytearray(run[: len(run) & ~1])
    digits[::2], digits[1::2] = digits[1::2], digits[::2]
    return bytes.fromhex(digits.decode())


def _headless(run: bytes) -> bytes:
    text = _unhex(run)
    codec = codec_of(text)
    return inflate(text, codec, _HEADLESS_BYTES).data if codec else b""


def _rows_of(run: bytes) -> list[bytes]:
    """The tables by which letters of one row of sixteen are digits."""
    first, last = min(run) - ord("a"), max(run) - ord("a")
    return _ROWS[max(0, last - 15) : first + 1] if last - first < 16 else []


def _is_of_row(row: bytes, text: bytes) -> bool:
    """One of many rows gives a bit of text by chance; `a` to `p` is a usual one."""
    return row == _ROWS[0] or not text.translate(None, TEXT_BYTES)


def _from_letters(row: bytes, run: bytes) -> bytes:
    return _unhex(run.translate(row))


def _unhex(run: bytes) -> bytes:
    return bytes.fromhex(run[: len(run) & ~1].decode())


def _texts(
    data: bytes, runs: list[Span], lead: int, decode: Callable[[bytes], bytes]
) -> list[tuple[Span, bytes]]:
    """The runs that decode to text."""
    decoded = [decode(data[start + lead : stop]) for start, stop in runs]
    return [
        ((start + lead, stop), text)
        for (start, stop), text in zip(runs, decoded, strict=True)
        if readable_for_its_size(text) and _is_meant(data[start:stop], text)
    ]


def _is_meant(run: bytes, text: bytes) -> bool:
    """
    Whether digits of text are no chance: in long numbers, which have hardly a letter,
    every hundredth byte begins ten that are printable.
    """
    letters = len(run.translate(None, _DIGITS))
    return (
        letters * _SELDOM >= len(run)
        or not text.translate(None, TEXT_BYTES)
        or is_wide_text(text)
        or text.startswith(CONTAINERS)
        or _NO_CHANCE.search(text) is not None
        or are_floats(text)
    )
