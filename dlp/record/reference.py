"""
Reference ids: what a refused agent is told and an operator looks up.

Nine characters of time, so that ids sort as their decisions did, and eleven random
ones (55 bits), so that nobody can guess another's. The alphabet is Crockford's base32
(https://www.crockford.com/base32.html) in lower case: no i, l, o, u to misread.
"""

from __future__ import annotations

from base64 import b32hexencode

from dlp.errors import UsageError

PREFIX = "dlp-"
ENTROPY_BYTES = 7
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SPELLING = bytes.maketrans(b"0123456789ABCDEFGHIJKLMNOPQRSTUV", _ALPHABET.encode())
_TIME, _RANDOM = 9, 11


def reference(at: float, entropy: bytes) -> str:
    """The id of a decision made `at` (epoch seconds) from `ENTROPY_BYTES` of chance."""
    chance = int.from_bytes(entropy[:ENTROPY_BYTES]) >> 1
    bits = int(at * 1000) << 5 * _RANDOM | chance
    spelt = b32hexencode((bits << 4).to_bytes(13))[: _TIME + _RANDOM]
    return PREFIX + spelt.translate(_SPELLING).decode()


def reference_at(text: str) -> float:
    """
    When the decision behind a reference was made, in epoch seconds.

    Raises:
        UsageError: the text is not a reference.
    """
    body = text.removeprefix(PREFIX)
    if len(body) != _TIME + _RANDOM or not set(body) <= set(_ALPHABET):
        raise UsageError(f"{text[:40]!a} is not a reference (dlp- and 20 letters)")
    value = 0
    for letter in body[:_TIME]:
        value = value * 32 + _ALPHABET.index(letter)
    return value / 1000
