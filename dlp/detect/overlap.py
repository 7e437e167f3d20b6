"""
One match per thing found.

The same secret is seen in several views (the body, its JSON leaf) and by several rules
(the vendor's, the generic one). Of matches that overlap in the raw bytes of one part,
the strongest tier wins, then the less nested view, then the longer one. A match in a
view without an exact place says nothing new when its bytes were found in that part.
Where letters were moved about a name stands beside its value by chance, and a vendor's
key is mostly a scramble of the one that stands in plain view: neither counts there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from dlp.detect.confirm import Match
from dlp.detect.rule import GENERIC
from dlp.model import Tier

_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def strongest(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches to report, best first."""
    taken: dict[int, list[tuple[int, int]]] = {}
    seen: set[tuple[int, bytes]] = set()
    kept: list[Match] = []
    ordered = sorted(matches, key=_order)
    plain = {
        (m.view.part, m.rule.id) for m in ordered if not m.view.came_of(_REARRANGING)
    }
    for match in ordered:
        view = match.view
        known = match.rule.family == GENERIC or (view.part, match.rule.id) in plain
        if known and view.came_of(_REARRANGING):
            continue
        if view.exact or view.parent is None:
            span = view.raw_span(match.start, match.stop) or (match.start, match.stop)
            if not _claim(taken.setdefault(view.part, []), span):
                continue
        elif (view.part, match.secret) in seen:
            continue
        seen.add((view.part, match.secret))
        kept.append(match)
    return tuple(kept)


_REARRANGING = frozenset({"drawn", "picked"})
"""Steps of the decoders that put letters in another order."""


def _order(match: Match) -> tuple[int, bool, int, int, int]:
    size = match.stop - match.start
    generic = match.rule.family == GENERIC
    return _RANK[match.tier], generic, match.view.depth, -size, match.start


def _claim(taken: list[tuple[int, int]], span: tuple[int, int]) -> bool:
    """Enter a span among the ordered ones, unless a neighbour takes up most of it."""
    place = bisect_left(taken, span)
    for start, stop in taken[max(0, place - 1) : place + 1]:
        if (min(stop, span[1]) - max(start, span[0])) * 2 > span[1] - span[0]:
            return False
    taken.insert(place, span)
    return True
