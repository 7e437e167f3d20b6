"""
Listings of bytes with their offsets, of whatever tool: rows of words in any base, each
of which begins where the one before ended.

That the offsets grow by what each row holds tells a listing from other tables, and of
how many bytes a word is; so words may be hexadecimal, octal, decimal, binary, or a
character each, as od, hexdump, xxd, gdb, LLDB and WinDbg write them, in lines that
something else stands before.

Why not in notation.py: there digits are told by their notation, here by their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dlp.decode.printable import readable_for_its_size
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

_OFFSET = r"x[0-9a-fA-F]{4,16}|[0-9a-fA-F]{3,15}(?:`[0-9a-fA-F]{8})?"
"""Behind the zero that all begin with."""
_PLACE = rf"0(?:{_OFFSET})(?: <[^>\n]{{1,60}}>)?:?"
HINTS = (rf"(?:{START}|[^0-9A-Za-z]){_PLACE}[ \t]{{1,8}}[^ \t\n][^\n]{{3}}",)
_ROW = re.compile(
    rf"(?m)0(?<![0-9A-Za-z]0)(?P<offset>{_OFFSET})(?: <[^>\n]{{1,60}}>)?:?"
    r"(?:[ \t]+(?P<words>.*))?$".encode()
)
"""With a sign first that can be searched for: each word was tried, and took longer."""
_PARTED = re.compile(rb"(?<=[0-9a-fA-F]{2})-(?!\S{3})")
_SIZES = (1, 2, 4, 8)
_MOST_BYTES = 64
"""Of a row."""
_LONGEST = 20
"""Digits of a decimal word of eight bytes."""
_DIGITS = {2: b"01", 8: b"01234567", 10: b"0123456789", 16: b"0123456789abcdefABCDEF"}
_NAMED = {b"nl": 10, b"sp": 32, b"ht": 9, b"cr": 13}
"""As `od -ta` calls them."""
_ESCAPED = {b"\\n": 10, b"\\t": 9, b"\\r": 13, b"\\0": 0}


@dataclass(frozen=True, slots=True)
class _Words:
    """How words of one kind look, and what they are."""

    looks: Callable[[bytes, int], bool]
    """Whether a word may be one of so many bytes."""
    value: Callable[[bytes], int]


def _hex(word: bytes, size: int) -> bool:
    digits = word.removeprefix(b"0x")
    return len(digits) == 2 * size and _is(digits, 16)


def _octal(word: bytes, size: int) -> bool:
    if len(word) != -(-size * 8 // 3) or not _is(word, 8):
        return False
    return int(word, 8) < 1 << 8 * size


def _binary(word: bytes, size: int) -> bool:
    return len(word) == 8 * size and _is(word, 2)


def _decimal(word: bytes, size: int) -> bool:
    return _is(word, 10) and len(word) <= _LONGEST and int(word) < 1 << 8 * size


def _character(word: bytes, size: int) -> bool:
    return size == 1 and (len(word) == 1 or word in _NAMED or word in _ESCAPED)


def _is(word: bytes, base: int) -> bool:
    """Whether it is a number and nothing else: `int` takes signs and underscores."""
    return bool(word) and not word.translate(None, _DIGITS[base])


_KINDS = (
    _Words(_binary, lambda word: int(word, 2)),
    _Words(_octal, lambda word: int(word, 8)),
    _Words(_hex, lambda word: int(word, 16)),
    _Words(_decimal, int),
    _Words(_character, lambda word: {**_NAMED, **_ESCAPED}.get(word, word[0])),
)


def listings(source: Source) -> Iterator[View]:
    """The bytes of the listings; of words, in both orders."""
    rows = list(_ROW.finditer(source.data))
    found = []
    for base in (16, 8, 10):
        for some in _in_order(rows, base):
            span = some[0].start(), some[-1].end()
            texts = {text for text in _said(some, base) if readable_for_its_size(text)}
            found += [(span, text) for text in sorted(texts)]
    yield from source.found("hexdump", found)


def _offset(row: re.Match[bytes], base: int) -> int:
    digits = row["offset"].replace(b"`", b"")
    if base == 16:
        digits = digits.removeprefix(b"x")
    return int(digits, base) if _is(digits, base) else -1


def _in_order(
    rows: Sequence[re.Match[bytes]], base: int
) -> Iterator[list[re.Match[bytes]]]:
    """Rows that each begin as far behind the one before."""
    some: list[re.Match[bytes]] = []
    step = 0
    for row in rows:
        new = _offset(row, base) - _offset(some[-1], base) if some else 0
        short = row["words"] is None and 0 < new < step
        if some and not (short or (0 < new <= _MOST_BYTES and step in {0, new})):
            if step:
                yield some
            some, step = [], 0
        elif some:
            step = step or new
        some.append(row)
    if step:
        yield some


def _said(rows: Sequence[re.Match[bytes]], base: int) -> Iterator[bytes]:
    step = _offset(rows[1], base) - _offset(rows[0], base)
    words = [_PARTED.sub(b" ", row["words"]).split() for row in rows if row["words"]]
    for size in _SIZES:
        for kind in _KINDS if step % size == 0 else ():
            found = list(_bytes(words, step // size, size, kind))
            if found:
                yield b"".join(found)
                yield b"".join(word[::-1] for word in found)


def _bytes(
    rows: Sequence[Sequence[bytes]], width: int, size: int, kind: _Words
) -> Iterator[bytes]:
    """
    The words of all rows, of which the last may be shorter; none if one is other.

    The last word may be no whole one: in hexadecimal that shows.
    """
    for row in rows[:-1]:
        if not all(kind.looks(word, size) for word in row[:width]) or len(row) < width:
            return
    for count, row in enumerate(rows, 1):
        for word in row[:width]:
            if kind.looks(word, size):
                yield kind.value(word).to_bytes(size)
            elif count == len(rows) and kind.looks is _hex and _is(word, 16):
                yield bytes.fromhex(word.decode()[: len(word) & ~1])
                return
            else:
                return
