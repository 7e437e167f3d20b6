"""
Lists of numbers of which each is the place of a letter in an alphabet: one that
everybody has (`string.printable`, that of base64), or one that stands beside the list.

Why not in alphabets.py: there letters are drawn otherwise, here they are counted.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence

_LOWER, _UPPER = string.ascii_lowercase, string.ascii_uppercase
_ALPHABETS = tuple(
    text.encode()
    for text in (
        string.printable,
        _LOWER + _UPPER + string.digits + string.punctuation,
        _UPPER + _LOWER + string.digits + "+/=",
        _UPPER + _LOWER + string.digits + "-_=",
        _LOWER + _UPPER + string.digits + "-_=",
        string.digits + _UPPER + _LOWER + "-_",
        string.digits + _LOWER + _UPPER + "-_",
    )
)
_GIVEN = re.compile(rb"[^\s\"'`]{10,100}")
_LONGEST = max(map(len, _ALPHABETS))
_FEWEST = 8
"""Numbers of a list; and those that are different, of one with its own alphabet."""
_MOST = 400
_MOST_GIVEN = 8
_LARGEST_BYTES = 16 << 10


def letters(values: Sequence[int], data: bytes) -> Iterator[bytes]:
    """What a list says, counted from 0 and from 1; `data`: where it stands."""
    high = max(values)
    if not _FEWEST <= len(values) <= _MOST or high > _LONGEST:
        return
    if len(set(values)) < _FEWEST:
        return
    for alphabet in (*_ALPHABETS, *_given(data)):
        for first in (0, 1):
            if min(values) >= first and high - first < len(alphabet):
                yield bytes(alphabet[value - first] for value in values)


def _given(data: bytes) -> list[bytes]:
    """Words in which no letter comes twice."""
    words = dict.fromkeys(_GIVEN.findall(data[:_LARGEST_BYTES]))
    return [word for word in words if len(set(word)) == len(word)][:_MOST_GIVEN]
