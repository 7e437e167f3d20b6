"""
How often one kind of character follows another: what is drawn by lot changes at two
places of three, names of any style at every word.

Why not in `shape.py` or `runs.py`: those ask for certain symbols, this for none.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

KINDS = bytes(
    1 if 48 <= b < 58 else 2 if 65 <= b < 91 else 3 if 97 <= b < 123 else 0
    for b in range(256)
)
"""A digit, upper case, lower case, a sign."""
DRAWN = re.compile(rb"[a-z][A-Z0-9]|[0-9][A-Za-z]|[A-Z][0-9]|[A-Z][a-z][A-Z]")
"""One change of kind that names seldom have."""


def changes(data: bytes, without: bytes = b"") -> npt.NDArray[np.bool_]:
    """Where another kind follows; as if the signs of `without` were not there."""
    kinds = np.frombuffer(data.translate(KINDS, without), np.uint8)
    found: npt.NDArray[np.bool_] = kinds[1:] != kinds[:-1]
    return found


def is_drawn(data: bytes, often: float, without: bytes = b"") -> bool:
    """Whether there are `often` changes for each character; of none there are."""
    found = changes(data, without)
    size = len(data.translate(None, without))
    return int(np.count_nonzero(found)) >= size * often
