"""
Tokens that are one number: base58, base62, base52, any base up to 36. Only whole ones
decode, so what stands round one in a path or a list is taken off.

Most tokens are no such number. The first symbols of one give its first bytes, which
are those of a text or a container once in fifty times: only then all is worked out.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.pieces import Span
from dlp.decode.runs import Alphabet, unwrapped_only
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"[0-9A-Za-z]{16}",)

_SHORTEST, _LONGEST = 16, 2600
_MIXED_BYTES = 22
"""A shorter token has letters of both cases and digits, as no name has."""
_MOST_PIECES = 12
"""A run that falls into more words is base64."""
_UPPER, _LOWER, _DIGITS = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
)
_ALPHABETS = (
    _DIGITS + _UPPER + _LOWER,
    _DIGITS + _LOWER + _UPPER,
    _UPPER + _LOWER + _DIGITS,
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",  # Bitcoin
    "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ",  # Flickr
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",  # Ripple
    _LOWER + _UPPER,
    _UPPER + _LOWER,
)
_LETTERS_ONLY = bytes.maketrans(
    _LOWER.encode(), (_DIGITS + _LOWER)[: len(_LOWER)].encode()
)
"""Where `a` is nothing, as digits that `int` reads."""
_RUNS = Alphabet((_UPPER + _LOWER + _DIGITS + "+/_-").encode(), _SHORTEST)
_WORD = re.compile(rb"[0-9A-Za-z]+")
_OCTAL = re.compile(rb"(?:0[oO])?([0-7]{48,})")
_TEXT = re.compile(rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3}){12,}")
_CHECKED = re.compile(rb"(?s:.)??([\x20-\x7e]{12,})(?s:....)")
"""Base58Check: a version or none, text, four bytes of checksum."""
_FIRST_BYTES = 4
_FIRST = re.compile(
    rb"(?s:.)[\x20-\x7e]{3}|[ -~][\xc2-\xf4][\x80-\xbf]{2}|[\xe2-\xf0][\x80-\xbf]{2}."
    rb"|(?:[\xc2-\xdf][\x80-\xbf]){2}",
    re.DOTALL,
)
_HEAD = 10
"""Symbols that give the first bytes: 58**10 is more than 2**58."""


@dataclass(frozen=True, slots=True)
class _Radix:
    base: int
    values: bytes
    """Symbol to value."""
    foreign: bytes
    """What is no symbol."""

    def decode(self, token: bytes) -> bytes:
        """The bytes of a token; empty when they begin like nothing we read."""
        digits = token.translate(self.values)
        number = _folded(digits[:_HEAD], self.base)
        rest = digits[_HEAD:]
        high = number * _power(self.base, len(rest))
        size = (high.bit_length() + 7) // 8
        if size <= _FIRST_BYTES:
            return b""
        if not _promising((high >> 8 * (size - _FIRST_BYTES)).to_bytes(_FIRST_BYTES)):
            return b""
        for at in range(0, len(rest), _HEAD):
            part = rest[at : at + _HEAD]
            number = number * _power(self.base, len(part)) + _folded(part, self.base)
        return _bytes(number)


def _radix(alphabet: str) -> _Radix:
    symbols = alphabet.encode()
    values = bytes(max(0, symbols.find(b)) for b in range(256))
    foreign = bytes(b for b in range(256) if b not in symbols)
    return _Radix(len(symbols), values, foreign)


_RADIXES = tuple(map(_radix, _ALPHABETS))
_CROCKFORD_SYMBOLS = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD = _radix(_CROCKFORD_SYMBOLS.decode())
"""Of a number, whose digits end with the last bit; radix.py reads those of bytes."""


@cache
def _power(base: int, exponent: int) -> int:
    power: int = base**exponent
    return power


def _folded(digits: bytes, base: int) -> int:
    number = 0
    for digit in digits:
        number = number * base + digit
    return number


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _promising(first: bytes) -> bool:
    return _FIRST.match(first) is not None or first.startswith(CONTAINERS)


def bignum(source: Source) -> Iterator[View]:
    """What tokens that are a number of text, or of a container, decode to."""
    found: list[tuple[Span, bytes]] = []
    done: set[bytes] = set()
    barren = source.budget.barren
    for start, stop in _tokens(source.data):
        token = source.data[start:stop]
        if token in done or ("number", token) in barren:
            continue
        done.add(token)
        if len(token) < _MIXED_BYTES and not _is_mixed(token):
            continue
        texts = [((start, stop), text) for text in _texts(token)]
        found += texts
        if not texts:
            barren.add(("number", token))
    yield from source.found("base58", found)


def _is_mixed(token: bytes) -> bool:
    both = not token.islower() and not token.isupper()
    return both and not token.isalpha() and not token.isdigit()


def _tokens(data: bytes) -> Iterator[Span]:
    for start, stop in unwrapped_only(_RUNS.runs(data)):
        if stop - start > _LONGEST:
            continue
        if data[start:stop].isalnum():
            yield start, stop
            continue
        words = [match.span() for match in _WORD.finditer(data, start, stop)]
        if len(words) <= _MOST_PIECES:
            yield from (word for word in words if word[1] - word[0] >= _SHORTEST)


def _texts(token: bytes) -> Iterator[bytes]:
    for decoded in (*_decoded(token), *_decoded(token[::-1])):
        if _TEXT.fullmatch(decoded) or decoded.startswith(CONTAINERS):
            yield decoded
        elif checked := _CHECKED.fullmatch(decoded):
            yield checked[1]


def _decoded(token: bytes) -> Iterator[bytes]:
    if octal := _OCTAL.fullmatch(token):
        yield _bytes(int(octal[1], 8))
    if token.isdigit():
        yield _bytes(int(token))
    if token[:-1].isdigit() and token.endswith(b"n"):  # as JavaScript writes it
        yield _bytes(int(token[:-1]))
    if token.islower() or token.isupper() or token.isdigit():
        fewest = max(int(chr(max(token.lower())), 36) + 1, 2)  # of zeros: base 2
        yield from (_bytes(int(token, base)) for base in {*range(fewest, 37)[:2], 36})
        if not token.upper().translate(None, _CROCKFORD_SYMBOLS):
            yield _CROCKFORD.decode(token.upper())
        if token.isalpha():
            yield _bytes(int(token.lower().translate(_LETTERS_ONLY), 26))
        return
    for radix in _RADIXES:
        if len(token.translate(None, radix.foreign)) == len(token):
            yield radix.decode(token)
