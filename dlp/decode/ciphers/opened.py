"""
The beginning of a vendor's key, and words elsewhere in the text that may be its rest:
the second half before the first, pieces as long as the first among other words, pieces
drawn by lot among plain ones.

Why not in picked.py: there words are chosen for all that may be hidden in a text, here
by what a beginning asks for. Only for short stretches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlp.decode.beginnings import BLANK, ENDS_WORD, USUAL
from dlp.decode.kinds import DRAWN
from dlp.decode.sieve import Locator

OPENINGS = tuple(
    prefix.encode()
    for prefix in USUAL
    if len(prefix) > 3
    and not prefix.endswith(("://", "BEGIN", "secret_", "eyJhbGciOi"))
)
_OPENS = Locator(OPENINGS)
_MOST_OPENED = 8
_CUT_SOON = re.compile(rb"[0-9A-Za-z_\-]{0,47}(?![0-9A-Za-z_\-])")
"""Behind the beginning of a key that does not go on as one."""
_WORDS = (re.compile(rb"[A-Za-z0-9_\-]+"), re.compile(rb"[A-Za-z0-9_\-+/=.]+"))
_BEFORE_BYTES, _AFTER_BYTES = 512, 1 << 10
"""Round a beginning: where its rest is looked for."""
_FEWEST = 3
"""Pieces as long as the first."""
_MOST_TAILS = 16
"""Words behind these that may be what is left, shorter than a piece."""
_SHORTEST, _LONGEST = 20, 256
"""Bytes of a key."""


def openings(data: bytes) -> Iterator[tuple[int, int]]:
    """Where such a beginning stands, and where it ends; some of them."""
    done = 0
    for which, stop in _OPENS.find(data, _MOST_OPENED):
        start = stop - len(OPENINGS[which])
        if start < done or BLANK.match(data, start):
            continue
        if ENDS_WORD.search(data, max(0, start - 2), stop):
            continue
        if _CUT_SOON.match(data, stop):
            done = stop
            yield start, stop


def begins(data: bytes) -> bool:
    """Whether one stands here with some of what follows it."""
    return any(data[stop : stop + 1].isalnum() for _, stop in openings(data))


def continued(data: bytes, start: int, stop: int) -> Iterator[bytes]:
    """The texts that the beginning in [start, stop) and other words may be."""
    low, high = max(0, start - _BEFORE_BYTES), start + _AFTER_BYTES
    for pattern in _WORDS:
        found = pattern.match(data, start)
        assert found is not None
        if found.end() == stop:
            continue
        before = pattern.findall(data, low, start)
        after = pattern.findall(data, found.end(), high)
        for text in _with(found[0], before, after):
            if len(text) >= _SHORTEST:
                yield text


def _with(
    first: bytes, before: Sequence[bytes], after: Sequence[bytes]
) -> Iterator[bytes]:
    yield from _as_long(first, after)
    for words in (after, before):
        drawn = [word for word in words if len(word) > 2 and DRAWN.search(word)]
        if drawn:
            yield first + drawn[0]
            yield first + drawn[-1]
            yield (first + b"".join(drawn))[:_LONGEST]


def _as_long(first: bytes, after: Sequence[bytes]) -> Iterator[bytes]:
    """All words that are as long, and the next that is shorter."""
    places = [at for at, word in enumerate(after) if len(word) == len(first)]
    if len(places) + 1 < _FEWEST:
        return
    whole, last = first, 0
    for at in places:
        whole += after[at]
        if len(whole) > _LONGEST:
            return
        yield whole
        last = at
    tails = after[last + 1 : last + 1 + _MOST_TAILS]
    yield from (whole + tail for tail in tails if len(tail) < len(first))
