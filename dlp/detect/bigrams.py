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

from functools import cache

import numpy as np
import numpy.typing as npt

from dlp.detect.words import WORDS

RANDOM = 0.35
"""Score from which a string counts as random."""

_DIGIT, _OTHER, _SIZE = 26, 27, 28
_FLIP_COST = 1.2
"""Bits a capital inside a word speaks for randomness, a common start of a word not."""


@cache
def _codes() -> npt.NDArray[np.uint8]:
    codes = np.full(256, _OTHER, np.uint8)
    codes[ord("a") : ord("z") + 1] = np.arange(26)
    codes[ord("A") : ord("Z") + 1] = np.arange(26)
    codes[ord("0") : ord("9") + 1] = _DIGIT
    return codes


@cache
def _table() -> npt.NDArray[np.float32]:
    counts = np.full((_SIZE, _SIZE), 0.25)
    codes = _codes()
    for index, word in enumerate(WORDS):
        other = WORDS[(index * 7 + 3) % len(WORDS)]
        for text in (word, word, word, f"{word}_{other}", f"{word}{other}"):
            line = codes[np.frombuffer(text.encode(), np.uint8)]
            np.add.at(counts, (line[:-1], line[1:]), 1.0)
    letters = counts[:26, :26].sum(axis=1)
    counts[:26, _DIGIT] = letters * 0.04
    counts[:26, _OTHER] = letters * 0.12
    counts[_DIGIT] = np.concatenate([np.full(26, 0.15 / 26), [0.7, 0.15]])
    counts[_OTHER] = np.concatenate([letters / letters.sum() * 0.8, [0.15, 0.05]])
    ordinary = counts / counts.sum(axis=1, keepdims=True)
    random = np.concatenate([np.full(26, 0.8 / 26), [0.18, 0.02]])
    table: npt.NDArray[np.float32] = np.log2(ordinary / random).astype(np.float32)
    return table


def randomness(data: bytes) -> float:
    """Bits per pair of characters for a random key, against ordinary text."""
    if len(data) < 2:
        return 0.0
    raw = np.frombuffer(data, np.uint8)
    line = _codes()[raw]
    score = -float(_table()[line[:-1], line[1:]].sum())
    score += _FLIP_COST * _odd_capitals(raw)
    return score / (len(data) - 1)


def _odd_capitals(raw: npt.NDArray[np.uint8]) -> int:
    """Capitals after a small letter that no small letter follows, and the reverse."""
    upper = (raw >= ord("A")) & (raw <= ord("Z"))
    lower = (raw >= ord("a")) & (raw <= ord("z"))
    into = lower[:-2] & upper[1:-1] & ~lower[2:]
    out = upper[:-2] & upper[1:-1] & lower[2:]
    return int(into.sum() + out.sum())
