"""
Lists of fractions behind which characters stand: codes over 255, from -1 to 1, rounded,
with something added.

Of such numbers all that differ do so by multiples of one step, and there are at most
256 of these from the least to the greatest; measured values, weights and embeddings lie
anywhere. What number a character begins with is not known: a known secret is told by
its steps, a vendor's key by its beginning under one of 256 shifts.

Why not in numbers.py: there numbers are whole, and mean what they say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_FRACTION = r"-?[0-9]{0,6}\.[0-9]{1,20}"
_APART = r"[^0-9A-Za-z.\-]{1,8}"
HINTS = (rf"(?:(?:{_FRACTION}|[01]){_APART}){{12}}",)

_NUMBER = rb"(?:-?[0-9]{0,6}\.[0-9]{1,20}|-?[0-9]{1,3}(?![0-9.]))"
_LIST = re.compile(rb"%s(?:[^0-9A-Za-z.\-]{1,8}%s){11,}+" % (_NUMBER, _NUMBER))
_ONE = re.compile(_NUMBER)
_MOST = 4096
_MOST_STEPS = 255
_FEWEST_DIFFERENT = 6
_ALIKE = 1e-9
"""Numbers that differ by less are one."""
_CLOSE = 0.3
"""So far from a multiple of the least step may be what was rounded."""


def scaled(source: Source) -> Iterator[View]:
    """The lists, as how many steps each number is above the least."""
    found: list[tuple[Span, bytes]] = []
    for match in _LIST.finditer(source.data):
        values = list(map(float, _ONE.findall(match[0])[:_MOST]))
        if places := _places(values):
            found.append((match.span(), bytes(places[value] for value in values)))
    for view in source.found("numbers", found):
        source.budget.remains(view)
    yield from ()


def _places(values: Sequence[float]) -> dict[float, int]:
    """Each number's distance from the least, in steps; none where there is no step."""
    ordered = sorted(set(values))
    if len(ordered) > _MOST_STEPS + 1:
        return {}
    gaps = [b - a for a, b in pairwise(ordered)]
    step = min((gap for gap in gaps if gap > _ALIKE), default=0.0)
    if not step or len(gaps) < _FEWEST_DIFFERENT - 1:
        return {}
    places, place = {ordered[0]: 0}, 0
    for value, gap in zip(ordered[1:], gaps, strict=True):
        steps = round(gap / step)
        place += steps
        if abs(gap / step - steps) > _CLOSE or place > _MOST_STEPS:
            return {}
        places[value] = place
    return places
