"""
How random a string looks, by which character follows which.

A letter of a word predicts the next one; a letter of a key does not. For each pair of
neighbours the model has log2(p(next | this) in ordinary text / p(next) in a random
key); a string's score is minus the mean, so that random strings score above zero.

The table is made, on first use, from `WORDS`: every word alone, with a capital, and
joined to another with the separators of code; digits come in runs, as they do in names
and numbers. Letters are folded, all digits are one symbol, all else is another, and a
change of case in the middle of a word is a symbol of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from math import log2
from string import ascii_lowercase, ascii_uppercase, digits

from dlp.detect.context.words import WORDS

RANDOM = 0.35
"""Score from which a string counts as random."""

_DIGIT, _OTHER, _SIZE = 26, 27, 28
_FLIP_COST = 1.2
"""Bits a capital inside a word speaks for randomness, a common start of a word not."""


_LETTERS = range(26)
_CODES = bytes(
    ascii_lowercase.find(sign.lower())
    if (sign := chr(code)) in ascii_lowercase + ascii_uppercase
    else _DIGIT
    if sign in digits
    else _OTHER
    for code in range(256)
)


@cache
def _table() -> list[list[float]]:
    seen: Counter[tuple[int, int]] = Counter()
    for index, word in enumerate(WORDS):
        other = WORDS[(index * 7 + 3) % len(WORDS)]
        for text in (word, word, word, f"{word}_{other}", f"{word}{other}"):
            seen.update(pairwise(text.encode().translate(_CODES)))
    counts = [[seen[a, b] + 0.25 for b in range(_SIZE)] for a in range(_SIZE)]
    letters = [sum(counts[letter][:26]) for letter in _LETTERS]
    for letter in _LETTERS:
        counts[letter][_DIGIT] = letters[letter] * 0.04
        counts[letter][_OTHER] = letters[letter] * 0.12
    counts[_DIGIT] = [0.15 / 26] * 26 + [0.7, 0.15]
    counts[_OTHER] = [each / sum(letters) * 0.8 for each in letters] + [0.15, 0.05]
    random = [0.8 / 26] * 26 + [0.18, 0.02]
    return [
        [
            log2(count / sum(row) / by_chance)
            for count, by_chance in zip(row, random, strict=True)
        ]
        for row in counts
    ]


_ODD_CAPITAL = re.compile(
    rb"(?<=[a-z])[A-Z](?=[^a-z])|(?<=[A-Z])[A-Z](?=[a-z])", re.DOTALL
)
"""A capital after a small letter that no small letter follows, and the reverse."""


def randomness(data: bytes) -> float:
    """Bits per pair of characters for a random key, against ordinary text."""
    if len(data) < 2:
        return 0.0
    table = _table()
    score = -sum([table[a][b] for a, b in pairwise(data.translate(_CODES))])
    score += _FLIP_COST * len(_ODD_CAPITAL.findall(data))
    return score / (len(data) - 1)


_KINDS = (ascii_lowercase, ascii_uppercase, digits)
_CLASSES = bytes(
    next((number for number, kind in enumerate(_KINDS, 1) if chr(code) in kind), 0)
    for code in range(256)
)


def mixture(value: bytes) -> int:
    """How many of: small letters, capitals, digits, other bytes."""
    return len(set(value.translate(_CLASSES)))
