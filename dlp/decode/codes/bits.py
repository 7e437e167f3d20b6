"""
Bits written with two symbols, or four: digits, letters, blanks and tabs, invisible
characters, pictures, words as `true` and `false`.

Eight or seven to a character, from either end, and either symbol may be the one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations

import numpy as np

from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES, readable_for_its_size
from dlp.decode.runs import Alphabet
from dlp.decode.source import Source
from dlp.model import View

_PAIRS = (
    *("01", "abAB", "xXoO", "lI", ".\\-", "+\\-", "_\\-", " \\t"),
    *("hHtT", "tTfF", "yYnN", "lLrR", "uUdD", "#.", "*.", "|."),
)
_FOURS = ("ACGT", "acgt", "0123")
"""Two bits a symbol."""
_INVISIBLE = r"(?:\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf)"
_WORD_PAIRS = ("true|false", "yes|no", "on|off", "one|zero", "high|low", "heads|tails")
_APART = r"[^A-Za-z0-9]{1,6}"
HINTS = (
    *(f"[{pair}]{{72}}" for pair in _PAIRS),
    *(f"[{four}]{{48}}" for four in _FOURS),
    r"(?:(?:0b)?[01]{6,8}[^0-9]{1,6}){8}",
    r"(?:[ \t]{7,8}\r?\n){8}",
)
APART_HINTS = (
    r"(?:(?:0b|2#)[01]{1,4}_?[01]{1,4}[^0-9]{1,6}){8}",
    r"(?:[01]{1,6}[^0-9A-Za-z]{1,3}){18}",
)
WORD_HINTS = tuple(f"(?i)(?:(?:{pair}){_APART}){{6}}" for pair in _WORD_PAIRS)
INVISIBLE_HINTS = (
    f"{_INVISIBLE}{{48}}",
    r"(?:(?:\xe2..|\xf0...)(?:\xef\xb8\x8f)?[ \n]?){48}",
)

_RUNS = tuple(
    Alphabet(pair.replace("\\t", "\t").replace("\\", "").encode(), 72)
    for pair in _PAIRS
)
_FOUR_RUNS = tuple(Alphabet(four.encode(), 48) for four in _FOURS)
_TWO_WORDS = re.compile(
    "|".join(
        f"(?:(?:{pair}){_APART}){{55,}}+(?:{pair})?" for pair in _WORD_PAIRS
    ).encode(),
    re.IGNORECASE,
)
_PICTURES = re.compile(
    rb"(?:(?:\xe2[\x80-\xbf]{2}|\xf0[\x80-\xbf]{3})(?:\xef\xb8\x8f)?[ \n]?){48,}+"
)
_UNSEEN = re.compile(f"{_INVISIBLE}{{48,}}+".encode())
_WORDS = re.compile(
    rb"[01](?:b[01]{6,8}|[01]{5,7})(?![01])[^0-9]{1,6}"
    rb"(?:(?:0b)?[01]{6,8}(?![01])[^0-9]{1,6}){6,}+[01b]{0,10}"
)
_BLANK_LINES = re.compile(rb"(?:[ \t]{7,8}\r?\n){8,}+(?:[ \t]{7,8})?")
"""Of two blanks a line each character."""
_ONE = rb"(?:0b|2#)(?:[01]{6,8}|[01]{1,4}_[01]{4})(?![01])"
_PREFIXED = re.compile(rb"(?:%b[^0-9]{1,6}){7,}+(?:%b)?" % (_ONE, _ONE))
_APART_BITS = re.compile(rb"[01]{1,6}(?:[^0-9A-Za-z]{1,3}[01]{1,6}){17,}+(?![01])")
_FEWEST_BITS = 72
_FEWEST_OF_ONE = 10
"""One of so many symbols is the rarer: of eight of ASCII one to six are ones."""
_FOUR_HEAD = 48
_IGNORED = {0x20: None, 0x0A: None, 0xFE0F: None}
_LONGEST = 1 << 16
"""Symbols of a run that are read: thousands of characters."""


def bits(source: Source) -> Iterator[View]:
    """What runs of two symbols, and lists of binary numbers, say."""
    data = source.data
    found = [
        (span, text)
        for alphabet in (*_RUNS, *_FOUR_RUNS)
        for span in alphabet.runs(data)
        for text in _new(data[slice(*span)], source.budget.barren)
    ]
    found += _numbers_in(source, _WORDS)
    for match in _BLANK_LINES.finditer(data):
        run = match[0].translate(None, b"\r\n")
        found += [(match.span(), text) for text in _new(run, source.budget.barren)]
    yield from source.found("binary", found)


def _numbers_in(
    source: Source, pattern: re.Pattern[bytes]
) -> Iterator[tuple[Span, bytes]]:
    for match in pattern.finditer(source.data):
        words = re.findall(rb"[01]{6,}", match[0].replace(b"_", b""))
        text = bytes(int(word, 2) & 255 for word in words)
        if readable_for_its_size(text):
            yield match.span(), text
        elif not text.translate(None, TEXT_BYTES):
            source.budget.remains(source.child("binary", text, match.span()))


def apart(source: Source) -> Iterator[View]:
    """The same of bits in groups of any size, and of `0b110000, 0b110_0001, 2#11`."""
    found = list(_numbers_in(source, _PREFIXED))
    for match in _APART_BITS.finditer(source.data):
        run = re.sub(rb"[^01]+", b"", match[0])
        if len(run) >= _FEWEST_BITS:
            found += [(match.span(), t) for t in _new(run, source.budget.barren)]
    yield from source.found("binary", found)


def words(source: Source) -> Iterator[View]:
    """What long rows of two words say."""
    found: list[tuple[Span, bytes]] = []
    for match in _TWO_WORDS.finditer(source.data):
        seconds = re.findall(rb"[a-z]([a-z])[a-z]*", match[0].lower())
        run = b"".join(seconds).decode()
        found += [(match.span(), text) for text in _read(run)]
    yield from source.found("binary", found)


def invisible(source: Source) -> Iterator[View]:
    """What runs of two characters that are no letters say."""
    found = [
        (match.span(), text)
        for pattern in (_UNSEEN, _PICTURES)
        for match in pattern.finditer(source.data)
        for text in _read(match[0].decode("utf-8", "ignore").translate(_IGNORED))
    ]
    yield from source.found("binary", found)


def _new(run: bytes, barren: set[tuple[str, bytes]]) -> Iterator[bytes]:
    """What a run says; lines of tables come again and again, and say nothing."""
    if ("binary", run) in barren:
        return
    silent = True
    for text in _read(run.decode()):
        silent = False
        yield text
    if silent:
        barren.add(("binary", run))


def _read(run: str) -> Iterator[bytes]:
    """The texts that a run of two symbols may be."""
    run = run[:_LONGEST]
    symbols = sorted(set(run))
    if len(symbols) == 4:
        yield from _read_four(run, symbols)
    if len(symbols) != 2:
        return
    first = run.count(symbols[0])
    if min(first, len(run) - first) * _FEWEST_OF_ONE < len(run):
        return
    zeros = run.translate({ord(symbols[0]): "0", ord(symbols[1]): "1"})
    ones = zeros.translate({48: "1", 49: "0"})
    for digits in (zeros, ones, zeros[::-1], ones[::-1]):
        for width in (8, 7):
            for text in {
                _whole(digits, width),
                _whole(digits.zfill(-(-len(digits) // width) * width), width),
            }:
                if readable_for_its_size(text):
                    yield text


def _read_four(run: str, symbols: list[str]) -> Iterator[bytes]:
    """The same of four symbols, in any order: what its beginning says tells."""
    if len(set(run[:_FOUR_HEAD:4])) > 2:
        return  # the first bit of a byte of text is none
    for order in permutations(("00", "01", "10", "11")):
        digits = dict(zip(map(ord, symbols), order, strict=True))
        head = _whole(run[:_FOUR_HEAD].translate(digits), 8)
        if not head.translate(None, TEXT_BYTES):
            yield _whole(run.translate(digits), 8)


def _whole(digits: str, width: int) -> bytes:
    """Each `width` digits as one byte, what is left over not."""
    last = len(digits) // width * width
    if width == 8:
        return int(digits[:last], 2).to_bytes(last // 8)
    rows = np.frombuffer(digits[:last].encode(), np.uint8).reshape(-1, width) & 1
    return (np.packbits(rows, axis=1) >> (8 - width)).tobytes()
