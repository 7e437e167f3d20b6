"""
The worklist: every view is offered to every decoder, and so is what comes out.

Breadth first, so that a limit cuts the deepest and least likely readings. Ordinary
traffic takes the short way: all small views of a message are sieved in one pass.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from dlp.decode.budget import Budget
from dlp.decode.leaves import LOOKS_LIKE_JSON, json_strings
from dlp.decode.source import Source
from dlp.decode.table import DECODERS, sieve
from dlp.decode.transfer import undo_codings
from dlp.model import Decoded, Limits, Part, PartKind, View

_GROUP_BYTES = 64 << 10
"""Views up to this size together are sieved in one pass."""


def decode(parts: Sequence[Part], limits: Limits) -> Decoded:
    """
    Every text or byte string a recipient could recover from `parts`. Never raises.

    Args:
        parts: the pieces of one message, exactly as they would leave.
        limits: bounds on bytes, depth and runs; over one, the result says which.
    """
    work = _Work(limits)
    for index, part in enumerate(parts):
        work.add_part(index, part)
    work.run()
    budget = work.budget
    return Decoded(tuple(work.views), budget.truncated, tuple(budget.undecodable))


class _Work:
    def __init__(self, limits: Limits) -> None:
        self.budget = Budget(limits)
        self.views: list[View] = []
        self._inner: list[View] = []
        self._queue: deque[View] = deque()
        self._seen: set[bytes] = set()

    def add_part(self, index: int, part: Part) -> None:
        """The raw view of a part, and what its declared codings hide."""
        data = part.data
        view = View(data, index, _step(part), span=(0, len(data)), exact=True)
        self.views.append(view)
        self._seen.add(data)
        if part.encodings and data:
            inner = undo_codings(Source(view), part.encodings, self.budget)
            if inner is not view:
                self._inner.append(inner)

    def run(self) -> None:
        """Decode until nothing new comes out or a limit is reached."""
        self._queue.extend(self.views)
        for view in self._inner:
            self._add(view)
        small = [view.data for view in self._queue if len(view.data) < _GROUP_BYTES]
        quiet = not sieve().scan(b"\n".join(small))
        for view in list(self._queue):
            self._structure(view)
        while self._queue and not self.budget.truncated:
            view = self._queue.popleft()
            if quiet and len(view.data) < _GROUP_BYTES and not view.depth:
                continue
            for child in self._children(view):
                self._add(child)

    def _structure(self, view: View) -> None:
        if LOOKS_LIKE_JSON.match(view.data):
            for child in json_strings(Source(view)):
                self._add(child)

    def _children(self, view: View) -> Iterator[View]:
        hints = sieve().scan(view.data)
        source = Source(view, hints)
        index = 0
        while hints:
            if hints & 1:
                yield from DECODERS[index].run(source, self.budget)
            hints >>= 1
            index += 1

    def _add(self, view: View) -> None:
        budget = self.budget
        data = view.data
        if not data or data in self._seen:
            return
        if view.depth > budget.limits.depth:
            budget.over("depth")
            return
        budget.expansions += 1
        budget.produced += len(data)
        if budget.expansions > budget.limits.expansions:
            budget.over("expansions")
        if budget.produced > budget.limits.decoded:
            budget.over("decoded")
        self._seen.add(data)
        self.views.append(view)
        self._queue.append(view)


def _step(part: Part) -> str:
    if part.kind in (PartKind.HEADER, PartKind.TRAILER):
        return f"{part.kind}:{part.name}"
    return str(part.kind)
