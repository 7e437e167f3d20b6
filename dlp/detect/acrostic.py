"""
Secrets hidden among words: the first letter of every word or line, letters alone.

Small views only, for people and agents hide a key in a message, not in a file. What
is picked out is scanned for known secrets like any view; no pattern would mean
anything in it.

Why not in `dlp.decode`: a recipient can read any text this way, so as a decoder it
would double every message; only the exact match of a registered secret bears it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlp.model import View

SMALL = 8 << 10
"""Bytes of a view that is looked at."""
_SHORTEST = 16
"""Letters that no secret could hide in."""
_NEWLINE = 10
_KEPT = bytes(chr(c).isalnum() and c < 128 for c in range(256))


def acrostics(views: Sequence[View]) -> Iterator[View]:
    """
    What the small views give when one letter of each word is read.

    JSON is left to its leaves. The views have no span: their letters lie apart.
    """
    split = {id(v.parent) for v in views if v.parent and v.step.startswith("$")}
    small = [v for v in views if len(v.data) <= SMALL and id(v) not in split]
    if not small:
        return
    joined = b"\n".join([b"", *[v.data for v in small], b""])
    text = np.frombuffer(joined, np.uint8)
    kept = np.frombuffer(joined.translate(_KEPT), np.bool_)
    first = (kept[1:] > kept[:-1]).nonzero()[0] + 1
    for step, places in (
        ("first letters of words", first),
        ("letters alone", first[~kept[first + 1]]),
        ("first letters of lines", first[text[first - 1] == _NEWLINE]),
    ):
        if len(places) >= _SHORTEST:
            yield View(text[places].tobytes(), small[0].part, step)
