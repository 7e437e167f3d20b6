"""
Texts in which nothing stood that anybody minds: they need not be read again.

An agent sends its headers, and the words of its conversation, with every request. What
comes out of them is the same each time, so of a text in whose readings stood neither a
pattern nor a piece of a known or issued secret that is remembered, by keyed digest.
The text itself is searched each time; of a long one in a document, and of joins of its
strings, only the ends and what is new, if nothing stood in the text itself either.

Why not in `dlp.decode`: it cannot tell what is minded. Why not in `Inspector`: that is
immutable, and what is issued comes and goes while one lives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence

from dlp.detect.confirm import Match
from dlp.detect.known.fingerprint import SecretIndex
from dlp.detect.known.learned import LearnedIndex
from dlp.memory import Memory
from dlp.model import Decoded, View

MOST_NEWS = 4096
"""Names that one process keeps for another."""


class Quiet:
    """The memory of one generation of rules and secrets. Threads may share it."""

    __slots__ = ("_news", "_now")

    def __init__(self) -> None:
        self._now: tuple[tuple[SecretIndex, ...], Memory[bool]] = (), Memory()
        self._news: deque[bytes] = deque(maxlen=MOST_NEWS)

    def under(self, learned: LearnedIndex) -> Memory[bool]:
        """What is quiet while just these tokens are known; all else is forgotten."""
        known, memory = self._now
        if known is not learned.parts:
            memory = Memory()
            self._now = learned.parts, memory
            self._news.clear()
        return memory

    def add(self, learned: LearnedIndex, names: Iterable[bytes]) -> None:
        """These were found quiet here."""
        self.join(learned, names)
        self._news.extend(names)

    def join(self, learned: LearnedIndex, names: Iterable[bytes]) -> None:
        """These were found quiet by another process that knows the same."""
        memory = self.under(learned)
        for name in names:
            memory.put(name, True)  # noqa: FBT003  # an answer, no flag

    def news(self, learned: LearnedIndex) -> list[bytes]:
        """What was found quiet here since this was asked last: the latest of it."""
        self.under(learned)
        news = []
        while self._news:
            news.append(self._news.popleft())
        return news


def quiet_names(decoded: Decoded, matches: Sequence[Match]) -> Iterator[bytes]:
    """
    The names of texts that were read whole, and in whose readings nothing matched.

    `matches`: all there were in the views, before those of one thing became one. To be
    asked only where no piece of a known secret was met.
    """
    if decoded.truncated or decoded.undecodable or decoded.cut:
        return
    if any(_came_again(match.view, decoded.repeated) for match in matches):
        return  # of what is no view, nobody knows what it came out of
    loud = {match.view.part for match in matches if match.view.parent}
    yield from (name for name, part in decoded.names.views if part not in loud)
    deep = {m.view.part for m in matches if id(m.view) not in decoded.direct}
    yield from (name for name, part in decoded.names.strings if part not in deep)
    deep.update(match.view.part for match in matches if match.view.joined)
    yield from (name for name, part in decoded.names.sections if part not in deep)
    if decoded.names.prose:
        yield from _quiet_prose(decoded, matches)


def _quiet_prose(decoded: Decoded, matches: Sequence[Match]) -> Iterator[bytes]:
    """The names of long strings in which nothing matched, nor across their ends."""
    found: dict[int, list[tuple[int, int] | None]] = {}
    for match in matches:
        origin = match.view.origin(match.start, match.stop)
        found.setdefault(origin.part, []).append(origin.span)
    for name, part, (start, stop) in decoded.names.prose:
        spans = found.get(part, [])
        if not any(s is None or (s[0] < stop and start < s[1]) for s in spans):
            yield name


def _came_again(view: View | None, repeated: Collection[bytes]) -> bool:
    while view is not None and repeated:
        if view.data in repeated:
            return True
        view = view.parent
    return False
