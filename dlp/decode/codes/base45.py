"""Base45 (RFC 9285) and basE91: two and thirteen bits to a symbol pair or so, rare."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import numpy as np

from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES, readable
from dlp.decode.runs import Alphabet, words
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
_VALUES45 = bytes(max(0, _BASE45.find(b)) for b in range(256))
_VALUES91 = {symbol: value for value, symbol in enumerate(_BASE91)}
_LONGEST = 4096
_MARK = re.compile(rb"[=:\"']")
_NEAR_BYTES = 64
"""In which what stands before a value may end."""

_HEAD_SYMBOLS, _HEAD_BYTES = 8, 4
_FIRST_BYTES = frozenset(TEXT_BYTES) | {signature[0] for signature in CONTAINERS}
_CONTAINER_HEADS = tuple(signature[:_HEAD_BYTES] for signature in CONTAINERS)

HINTS = (r"[0-9A-Z$%*+./:\-]{16}",)
_RUNS45 = Alphabet(_BASE45, 24)
_RUNS91 = words(20)
_SIGNS = b"!#$%&*+;<>?@^`|~(){}[]"
_NO_SIGNS = bytes(set(range(256)) - set(_SIGNS))
_LETTERS_AND_SIGNS = re.compile(rb"[A-Z][0-9]|[0-9][A-Z]|[$%*]")


def base45(source: Source) -> Iterator[View]:
    """What runs of base45 decode to, at any offset."""
    data = source.data
    spans = [
        span
        for span in _RUNS45.runs(data)
        if _LETTERS_AND_SIGNS.search(data, span[0], min(span[1], span[0] + _LONGEST))
    ]
    runs = [data[start : min(stop, start + _LONGEST)] for start, stop in spans]
    read = zip(*(_from45(runs, lead) for lead in range(3)), strict=True)
    found = [
        (span, text)
        for span, texts in zip(spans, read, strict=True)
        for text in texts
        if readable(text)
    ]
    yield from source.found("base45", found)


def _from45(runs: list[bytes], lead: int) -> Iterator[bytes]:
    """Each run without its first `lead` symbols; a rest of two is one byte."""
    filled = [run[lead:] + b"0" * (-(len(run) - lead) % 3) for run in runs]
    values = np.frombuffer(b"".join(filled).translate(_VALUES45), np.uint8)
    groups = values.reshape(-1, 3).astype(np.uint32)
    numbers = groups[:, 0] + groups[:, 1] * 45 + groups[:, 2] * 2025
    decoded = numbers.astype(">u2").tobytes()
    at = 0
    for run, padded in zip(runs, filled, strict=True):
        count, rest = divmod(len(run) - lead, 3)
        stop = at + 2 * count
        yield decoded[at:stop] + (decoded[stop + 1 : stop + 2] if rest == 2 else b"")
        at += len(padded) // 3 * 2


def base91(source: Source) -> Iterator[View]:
    """What words decode to in basE91, whose symbols mean nothing but from the first."""
    found: list[tuple[Span, bytes]] = []
    heads: dict[bytes, bool] = {}
    for start, stop in _RUNS91.runs(source.data):
        word = source.data[start : min(stop, start + _LONGEST)]
        if len(word.translate(None, _NO_SIGNS)) * 6 < len(word):
            continue
        marks = _MARK.finditer(word, 0, _NEAR_BYTES)
        for begin in (0, *(mark.end() for mark in marks)):
            head = word[begin : begin + _HEAD_SYMBOLS]
            if head not in heads:
                heads[head] = _begins_well(head)
            if not heads[head]:
                continue
            text = _from91(word[begin:])
            if readable(text[:40]) or text.startswith(CONTAINERS):
                found.append(((start, stop), text))
                break
    yield from source.found("base91", found)


def _begins_well(symbols: bytes) -> bool:
    """Whether the first bytes of a text, or of a container, may be these."""
    low, high = (_VALUES91.get(symbol, -1) for symbol in symbols[:2].ljust(2))
    if low < 0 or high < 0 or low + high * 91 & 255 not in _FIRST_BYTES:
        return False
    first = _from91(symbols)[:_HEAD_BYTES]
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
