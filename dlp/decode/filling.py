"""
What says nothing: one thing over and over, as in a picture of one colour.

Why not in `printable`: that asks whether bytes are text; filling may be either.
"""

from __future__ import annotations

import re
from math import log2

_FILLING = re.compile(rb"(?s)(.{1,4}?)\1{7,}")
_LEAST_SAID = 16
"""Bytes between fillings in which something could stand."""
_MOST_SYMBOLS = 4
_LEAST_BITS = 64
"""What eight letters take, however they are written."""


def is_filling(data: bytes) -> bool:
    """
    Whether it is next to nothing but repetitions of one to four bytes, or too few of
    such bytes for a word to be written in them.

    What a picture is filled with may be digits, which are digits again when they were
    decoded, and so on to any depth; no secret is left in what this takes for filling.
    """
    count = len(set(data))
    if count <= _MOST_SYMBOLS and len(data) * log2(max(count, 1)) < _LEAST_BITS:
        return True
    return len(_FILLING.sub(b"", data)) < _LEAST_SAID
