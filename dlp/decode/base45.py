"""Base45 (RFC 9285) and basE91: two and thirteen bits to a symbol pair or so, rare."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from dlp.decode.magic import CONTAINERS
from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.printable import TEXT_BYTES, readable
from dlp.decode.source import Source
from dlp.model import View

_DIGITS = string.digits + string.ascii_uppercase
_BASE45 = (_DIGITS + " $%*+-./:").encode()
_BASE91 = (
    string.ascii_uppercase
    + string.ascii_lowercase
    + string.digits
    + '!#$%&()*+,./:;<=>?@[]^_`{|}~"'
).encode()
_VALUES45 = {symbol: value for value, symbol in enumerate(_BASE45)}
_VALUES91 = {symbol: value for value, symbol in enumerate(_BASE91)}
_LONGEST = 4096
_MARK = re.compile(rb"[=:\"']")
_NEAR_BYTES = 64
"""In which what stands before a value may end."""

_HEAD_SYMBOLS, _HEAD_BYTES = 8, 4
_CONTAINER_HEADS = tuple(signature[:_HEAD_BYTES] for signature in CONTAINERS)

HINTS = (r"[0-9A-Z$%*+./:\-]{16}",)
_RUN45 = re.compile(rb"[0-9A-Z $%*+./:\-]{24,}+")
_RUN91 = re.compile(rb"[!-~]{20,}+")
_SIGNS = re.compile(rb"[!#$%&*+;<>?@^`|~(){}\[\]]")
_LETTERS_AND_SIGNS = re.compile(rb"[A-Z][0-9]|[0-9][A-Z]|[$%*]")


def base45(source: Source) -> Iterator[View]:
    """What runs of base45 decode to, at any offset."""
    found: list[tuple[Span, bytes]] = []
    for match in _RUN45.finditer(source.data):
        run = match[0][:_LONGEST]
        if not _LETTERS_AND_SIGNS.search(run):
            continue
        for lead in range(3):
            text = _from45(run[lead:])
            if readable(text):
                found.append((match.span(), text))
    yield from _gathered(source, "base45", found)


def _from45(run: bytes) -> bytes:
    out = bytearray()
    values = [_VALUES45[symbol] for symbol in run]
    for at in range(0, len(values) - 1, 3):
        group = values[at : at + 3]
        number = sum(value * 45**place for place, value in enumerate(group))
        size = len(group) - 1
        out += (number & (1 << 8 * size) - 1).to_bytes(size)
    return bytes(out)


def base91(source: Source) -> Iterator[View]:
    """What words decode to in basE91, whose symbols mean nothing but from the first."""
    found: list[tuple[Span, bytes]] = []
    for match in _RUN91.finditer(source.data):
        word = match[0][:_LONGEST]
        if len(_SIGNS.findall(word)) * 6 < len(word):
            continue
        marks = _MARK.finditer(word, 0, _NEAR_BYTES)
        for begin in (0, *(mark.end() for mark in marks)):
            if not _begins_well(_from91(word[begin : begin + _HEAD_SYMBOLS])):
                continue
            text = _from91(word[begin:])
            if readable(text[:40]) or text.startswith(CONTAINERS):
                found.append((match.span(), text))
                break
    yield from _gathered(source, "base91", found)


def _begins_well(head: bytes) -> bool:
    """Whether the first bytes of a text, or of a container, may be these."""
    first = head[:_HEAD_BYTES]
    return not first.translate(None, TEXT_BYTES) or first.startswith(_CONTAINER_HEADS)


def _from91(word: bytes) -> bytes:
    """http://base91.sourceforge.net: 13 or 14 bits in two symbols, low bits first."""
    out = bytearray()
    held = bits = 0
    first = -1
    for symbol in word:
        value = _VALUES91.get(symbol)
        if value is None:
            break
        if first < 0:
            first = value
            continue
        pair = first + value * 91
        first = -1
        held |= pair << bits
        bits += 13 if pair & 8191 > 88 else 14
        while bits > 7:
            out.append(held & 255)
            held >>= 8
            bits -= 8
    if first >= 0:
        out.append((held | first << bits) & 255)
    return bytes(out)


def _gathered(
    source: Source, step: str, found: list[tuple[Span, bytes]]
) -> Iterator[View]:
    if found:
        spans, texts = [span for span, _ in found], [text for _, text in found]
        yield source.gather(
            step, texts, Pieces(spans, list(map(len, texts)), inner=whole)
        )
