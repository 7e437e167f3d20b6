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

from dlp.decode.ciphers.drawn import sudden
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON, joins
from dlp.decode.source import Source
from dlp.model import View

_FIRST = r'"[^"\\\n]{0,64}"\s?[,:]\s?["\[{0-9]'
"""The first string of a document, and what follows it."""
HINTS = (r"[\[{]\s{0,16}" + _FIRST,)
_OPENS = re.compile(rb"(?:[\[{]\s{0,16}){1,4}" + _FIRST.encode())
_BETWEEN = re.compile(r"[\s,]{0,8}(?=[\[{])")
"""What stands between documents that follow each other, as lines of JSON do."""
_MOST = 8
_LONGEST = 8 << 10
_FEWEST_SUDDEN = 6
"""Changes of kind that names and prose have not."""
_DECODER = json.JSONDecoder(strict=False)


def embedded(source: Source) -> Iterator[View]:
    """The joins of the first documents that look drawn by lot."""
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
        text = head.decode("utf-8", "replace")
        end = _end(text)
        if not end:
            continue
        stop = start + len(text[:end].encode())
        at = max(at, stop)
        for view in joins(Source(source.slice("", (start, stop)), source.budget)):
            if np.count_nonzero(sudden(view.data)) >= _FEWEST_SUDDEN:
                yield view


def _end(text: str) -> int:
    """Where the documents end that follow each other from the beginning on, or 0."""
    end = 0
    while more := _BETWEEN.match(text, end):
        try:
            _, end = _DECODER.raw_decode(text, more.end())
        except (ValueError, RecursionError):
            break
    return end
