"""
The forms in which a buffer is searched for grams.

NORMAL is where nearly everything is found. VISIBLE and RAW are only looked at when a
registered secret needs them: one made of punctuation, or the bytes of a private key.

Why not in `grams.py`: that hashes what it is given; this says what to give it.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray


class Domain(Enum):
    """Which form of a buffer the grams of a variant are looked for in."""

    NORMAL = "normal"
    """Lower case; everything but ASCII letters and digits dropped."""
    VISIBLE = "visible"
    """Lower case; everything but printable ASCII dropped, blanks too."""
    RAW = "raw"
    XOR = "xor"
    """`b[i] ^ b[i+1]` of the raw bytes: the same under XOR with any one byte."""
    ADD = "add"
    """`b[i+1] - b[i]`, likewise: the same when one number is added to every byte."""
    ANY_ORDER = "any order"
    SYMBOLS = "symbols"
    """What is no text any more: see `wholes.py`."""


_FOLDED = bytes(range(256)).lower()
_KEPT: dict[Domain, bytes] = {
    Domain.NORMAL: bytes(c for c in range(128) if chr(c).isalnum()),
    Domain.VISIBLE: bytes(range(33, 127)),
}
_DROPPED = {
    domain: bytes(c for c in range(256) if c not in kept)
    for domain, kept in _KEPT.items()
}


def form(data: bytes, domain: Domain) -> bytes:
    """`data` as a domain has it; for XOR and ADD the raw bytes, for steps are taken."""
    if domain not in _DROPPED:
        return data
    return data.translate(_FOLDED, _DROPPED[domain])


def normalise(data: bytes) -> bytes:
    """Lower case, everything but ASCII letters and digits dropped."""
    return data.translate(_FOLDED, _DROPPED[Domain.NORMAL])


def kept(domain: Domain) -> NDArray[np.bool_] | None:
    """For each byte value whether `form` keeps it; None where it keeps all."""
    if domain not in _KEPT:
        return None
    mask = np.zeros(256, np.bool_)
    mask[list(_KEPT[domain])] = True
    return mask
