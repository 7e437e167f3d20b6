"""
Base58, base62 and base36: a whole token is one number, so only whole tokens decode.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.runs import Alphabet
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"\b[0-9A-Za-z]{22}",)

_SHORTEST, _LONGEST = 22, 512
_UPPER, _LOWER, _DIGITS = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
)
_ALPHABETS = tuple(
    alphabet.encode()
    for alphabet in (
        _DIGITS + _UPPER + _LOWER,
        _DIGITS + _LOWER + _UPPER,
        _UPPER + _LOWER + _DIGITS,
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",  # Bitcoin
        "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ",  # Flickr
        "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",  # Ripple
    )
)
_VALUES = tuple(
    (len(alphabet), bytes(max(0, alphabet.find(b)) for b in range(256)))
    for alphabet in _ALPHABETS
)
_FOREIGN = tuple(
    bytes(b for b in range(256) if b not in alphabet) for alphabet in _ALPHABETS
)
_TOKENS = Alphabet((_UPPER + _LOWER + _DIGITS + "+/_-").encode(), _SHORTEST)
_PRINTABLE = re.compile(rb"[\x20-\x7e]{12,}")
_CHUNK = 9
"""Symbols folded at a time: 62^9 fits in a machine word."""


def bignum(source: Source) -> Iterator[View]:
    """Tokens that are a number whose bytes are text."""
    spans: list[Span] = []
    texts: list[bytes] = []
    done: set[bytes] = set()
    for start, stop in _TOKENS.runs(source.data):
        token = source.data[start:stop]
        if stop - start > _LONGEST or token in done or not token.isalnum():
            continue
        done.add(token)
        for text in _texts(token):
            spans.append((start, stop))
            texts.append(text)
    if texts:
        trace = Pieces(spans, list(map(len, texts)), inner=whole)
        yield source.gather("base58", texts, trace)


def _texts(token: bytes) -> Iterator[bytes]:
    if token.islower() or token.isupper() or token.isdigit():
        numbers = [int(token, 36)]
    else:
        numbers = [
            _number(token, *values)
            for values, foreign in zip(_VALUES, _FOREIGN, strict=True)
            if len(token.translate(None, foreign)) == len(token)
        ]
    for number in numbers:
        text = number.to_bytes((number.bit_length() + 7) // 8)
        if _PRINTABLE.fullmatch(text):
            yield text


def _number(token: bytes, radix: int, values: bytes) -> int:
    number = 0
    digits = token.translate(values)
    for at in range(0, len(digits), _CHUNK):
        part = 0
        chunk = digits[at : at + _CHUNK]
        for digit in chunk:
            part = part * radix + digit
        number = number * radix ** len(chunk) + part
    return number
