"""
Ciphers without a key, and of one byte, over keys that the operator's own rules name.

Why not in disguise.py and shifted.py: those know what vendors' keys begin with, always;
this is told what else is looked for, and costs nothing where that is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dlp.decode.beginnings import BEGINNINGS
from dlp.decode.ciphers.disguise import Disguises
from dlp.decode.ciphers.shifted import Shifts
from dlp.decode.source import Source
from dlp.model import View
from dlp.patterns import Patterns

SHORTEST = 4
"""Characters of a beginning; a shorter one is chance, and so is one of few different
ones: under some key every run of blanks is `AAAA`."""
MOST = 64
"""Beginnings that are undone in every way; of more, all only in the usual ones."""


class Own:
    """Beginnings of keys that are no vendor's."""

    def __init__(self, beginnings: Iterable[str] = ()) -> None:
        known = tuple(BEGINNINGS)
        fresh = [text for text in beginnings if _tells(text)]
        fresh = sorted({text for text in fresh if not text.startswith(known)})
        usual = frozenset(fresh if len(fresh) <= MOST else ())
        self._ways = (Disguises(fresh, usual), Shifts(fresh)) if fresh else ()

    def __bool__(self) -> bool:
        return bool(self._ways)

    @property
    def patterns(self) -> tuple[Patterns, ...]:
        """What it looks for."""
        return tuple(each for way in self._ways for each in way.patterns)

    def undone(self, source: Source) -> Iterator[View]:
        """What stands here in disguise."""
        for way in self._ways:
            yield from way.undone(source)


def _tells(beginning: str) -> bool:
    return len(beginning) >= SHORTEST and len(set(beginning)) >= SHORTEST - 1


NONE = Own()
