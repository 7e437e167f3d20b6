"""
Values that stand for a secret: placeholders, and examples out of documentation.

A placeholder (`xxxx`, `<token>`, `${TOKEN}`, `1234567890`) is nobody's secret. An
example (AWS's access key that ends in EXAMPLE, the token on jwt.io) is a real shape
that the world knows; `examples: block` in policy makes those count. Examples are known
by what all vendors write into them, or by digest, never by their text.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_EXAMPLE = re.compile(rb"(?i)example|sample|dummy|fake|placeholder|changeme|change_me")

_EXAMPLE_DIGESTS: frozenset[bytes] = frozenset()

_PLACEHOLDER = re.compile(
    rb"(?ix)"
    rb"^[<\[{(].*[>\]})]$"  # <token> [token] {token}
    rb"|^\$\(?(?:[a-z_]+|(?-i:[A-Z0-9_]+))\)?$|^%\w+%$"  # $TOKEN $(TOKEN) %TOKEN%
    rb"|\{\{|\}\}|\$\{|<%|%>"  # {{ token }} ${TOKEN}
    rb"|redacted|censored|your[_.\- ]?(?:api|key|token|secret|password|own)"
    rb"|insert[_-]?|replace[_-]?(?:me|with)|(?:my|the)[_-](?:api|key|token|secret)"
    rb"|\.{3}"
)

_FILLING = re.compile(rb"(?i)x{5,}|\*{4,}|_{6,}|-{6,}|#{4,}|0{8,}|1{8,}|a{8,}")
_FILLED = 4
"""A filling counts from this fraction of the secret: zeros are common inside DER."""

_HEAD = 128
"""Bytes at the start in which a long secret would say that it is an example."""

_SEQUENCES = (
    b"01234567890123456789",
    b"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    b"qwertyuiopasdfghjklzxcvbnm",
    b"0123456789abcdef0123456789abcdef",
)
_RUN = 8
"""Characters of a keyboard or counting sequence that nobody draws by chance."""

_RUNS: frozenset[bytes] = frozenset(
    text[start : start + _RUN]
    for line in _SEQUENCES
    for text in (line, line[::-1])
    for start in range(len(text) - _RUN + 1)
)


def is_placeholder(secret: bytes) -> bool:
    """Whether the text stands for a secret without being one."""
    return (
        bool(_PLACEHOLDER.search(secret))
        or _is_filled(secret)
        or _is_monotonous(secret)
    )


def is_counted(secret: bytes) -> bool:
    """
    Whether it is mostly runs of a well-known sequence, as `abcdef1234567890`.

    Such a value proves nothing under a name that anything may have. In a vendor's full
    shape it still counts: test credentials are written like that.
    """
    low = secret.lower()
    covered = 0
    start = 0
    while start <= len(low) - _RUN:
        if low[start : start + _RUN] in _RUNS:
            covered += _RUN
            start += _RUN
        else:
            start += 1
    return covered * 2 >= len(low) > 0


def is_example(secret: bytes) -> bool:
    """Whether it is known from documentation."""
    return bool(_EXAMPLE.search(secret, 0, _HEAD)) or digest(secret) in _EXAMPLE_DIGESTS


def digest(secret: bytes) -> bytes:
    """What `_EXAMPLE_DIGESTS` holds of an example."""
    return blake2b(secret, digest_size=8).digest()


def _is_filled(secret: bytes) -> bool:
    """Padded out with one character."""
    fillings = _FILLING.finditer(secret)
    return any(len(filling[0]) * _FILLED >= len(secret) for filling in fillings)


def _is_monotonous(secret: bytes) -> bool:
    """A few characters, or one short piece, over and over."""
    size = len(secret)
    if size >= 12 and len(set(secret)) * 5 <= min(size, 40):
        return True
    return any(
        secret[step:] == secret[:-step] for step in range(1, min(size // 3, 12) + 1)
    )
