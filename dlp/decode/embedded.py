"""
JSON documents that stand in a text: the strings of each, joined as those of a body are.

Why not in leaves.py: that reads documents; what stands within a text is shown by it
already, but for what was cut over its strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import numpy as np

from dlp.decode.drawn import sudden
from dlp.decode.leaves import LOOKS_LIKE_JSON, joins
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r'[\[{]\s{0,16}"[^"\\\n]{0,64}"\s?[,:]\s?["\[{]',)
_OPENS = re.compile(HINTS[0].encode())
_MOST = 8
_LONGEST = 8 << 10
_FEWEST_SUDDEN = 6
"""Changes of kind that names and prose have not."""
_DECODER = json.JSONDecoder(strict=False)


def embedded(source: Source) -> Iterator[View]:
    """The joins of the first documents in which something looks drawn by lot."""
    data = source.data
    if LOOKS_LIKE_JSON.match(data):
        return
    at = 0
    for _ in range(_MOST):
        match = _OPENS.search(data, at)
        if match is None:
            return
        start = match.start()
        at = match.end()
        head = data[start : start + _LONGEST]
        if np.count_nonzero(sudden(head)) < _FEWEST_SUDDEN:
            continue
        text = head.decode("utf-8", "replace")
        try:
            _, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            continue
        stop = start + len(text[:end].encode())
        at = max(at, stop)
        yield from joins(Source(source.slice("", (start, stop)), source.budget))
