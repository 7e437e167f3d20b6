"""
The worklist: every view is offered to every decoder, and so is what comes out.

Breadth first, so that a limit cuts the deepest and least likely readings. Ordinary
traffic takes the short way: all small views of a message are sieved in one pass.

Two depths are bounded: how often something was wrapped (an archive, base64), by
`Limits.depth`, and how often it was spelled otherwise (escapes, percent), by twice it:
a file of tests for a parser of escapes reads as seven spellings, by chance.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from dlp.decode.across import header_joins
from dlp.decode.budget import Budget
from dlp.decode.leaves import LOOKS_LIKE_JSON
from dlp.decode.places import Placed
from dlp.decode.printable import is_text, printable
from dlp.decode.shifted import shifted
from dlp.decode.sieve import BETWEEN
from dlp.decode.source import Source
from dlp.decode.streams import streams
from dlp.decode.structure import Document, document, document_of
from dlp.decode.table import (
    DECODERS,
    EVERY,
    READ_BINARY,
    READ_JOINS,
    READ_JSON,
    TESTED,
    hints_in,
)
from dlp.decode.transfer import undo_codings
from dlp.memory import LONGEST, Memory
from dlp.model import Decoded, Limits, Part, PartKind, View

_SMALL_BYTES = 64 << 10
"""Views up to this size are sieved together, and read as text whatever they hold."""
_BINARY_BYTES = 4 << 10
"""Of larger ones that are no text only the printable stretches are shown."""
_SHORTEST_BYTES = 8
"""Less than this is not worth a view."""


def decode(
    parts: Sequence[Part], limits: Limits, barren: Memory[bool] | None = None
) -> Decoded:
    """
    Every text or byte string a recipient could recover from `parts`. Never raises.

    Args:
        parts: the pieces of one message, exactly as they would leave.
        limits: bounds on bytes, depth and runs; over one, the result says which.
        barren: the texts that no decoder makes anything of.
    """
    size = sum(len(part.data) for part in parts)
    work = _Work(Budget.of(limits, size), Memory() if barren is None else barren)
    work.begin(parts)
    work.run()
    budget = work.budget
    return Decoded(
        tuple(work.views),
        budget.truncated,
        tuple(budget.undecodable),
        tuple(budget.residue),
    )


class _Work:
    def __init__(self, budget: Budget, barren: Memory[bool]) -> None:
        self.budget = budget
        self._barren = barren
        self.views: list[View] = []
        self._queue: deque[tuple[View, int]] = deque()
        """Views to expand, with how often they were spelled otherwise."""
        self._seen: set[bytes] = set()

    def begin(self, parts: Sequence[Part]) -> None:
        """The raw parts, what their codings hide, and joins over parts."""
        documents = [document_of(part) for part in parts]
        raw = [
            _raw_view(index, part, kind)
            for index, (part, kind) in enumerate(zip(parts, documents, strict=True))
        ]
        self.views += raw
        self._seen.update(view.data for view in raw)
        self._queue.extend(
            (view, 0) for view in raw if len(view.data) >= _SHORTEST_BYTES
        )
        self._add_all(header_joins(parts, raw), 0)
        for part, view, kind in zip(parts, raw, documents, strict=True):
            if kind:
                self._add_all(kind.views(Source(view, self.budget)), 0)
            if not is_text(part.data):
                self._add_all(printable(Source(view, self.budget)), 0)
            if part.encodings and part.data:
                source = Source(view, self.budget)
                self._add(undo_codings(source, part.encodings), 0)

    def run(self) -> None:
        """Decode until nothing new comes out or a limit is reached."""
        first, self._queue = [row for row in self._queue if self._may(row[0])], deque()
        small = [view for view, _ in first if _is_small(view)]
        among = hints_in(BETWEEN.join([v.data for v in small]), ~TESTED)
        tested = [v.data for v in small if TESTED & _readers(v)]
        documents = list(filter(LOOKS_LIKE_JSON.match, tested))
        plain = [data for data in tested if not LOOKS_LIKE_JSON.match(data)]
        for group in (documents, plain):  # what is tested in one is not in the other
            among |= hints_in(BETWEEN.join(group), TESTED)
        for view, spelled in first:
            self._expand(view, spelled, among if _is_small(view) else EVERY)
        self._drain()
        for view in self.budget.residue.copy():
            source = Source(view, self.budget)
            self._add_all(shifted(source), 0)
            if view.data not in self._seen:
                self._add_all(streams(source), 0)
        self._drain()

    def _drain(self) -> None:
        while self._queue and not self.budget.truncated:
            view, spelled = self._queue.popleft()
            if self._may(view):
                self._expand(view, spelled, EVERY)

    def _may(self, view: View) -> bool:
        """Whether it is not known that no decoder makes anything of a view."""
        return len(view.data) > LONGEST or not self._barren.get(self._name(view))

    def _name(self, view: View) -> bytes:
        return self._barren.name(view.data, b"joined" if view.joined else b"")

    def _expand(self, view: View, spelled: int, among: int) -> None:
        """Offer a view to every decoder of these whose hint occurs in it."""
        budget = self.budget
        before = len(budget.undecodable), len(budget.residue)
        among &= _readers(view)
        yielded = self._offer(view, spelled, among) if among else 0
        quiet = before == (len(budget.undecodable), len(budget.residue))
        if quiet and not yielded and not budget.truncated and len(view.data) <= LONGEST:
            self._barren.put(self._name(view), True)  # noqa: FBT003  # an answer, no flag

    def _offer(self, view: View, spelled: int, among: int) -> int:
        """How many views came out, new or not."""
        hints = hints_in(view.data, among) & among
        yielded = 0
        last = None
        source = Source(view, self.budget)
        for index, decoder in enumerate(DECODERS):
            if not hints >> index & 1 or decoder.run is last:
                continue
            last = decoder.run
            spent = self.budget.produced
            for child in decoder.run(source):
                self._add(child, spelled + (not decoder.wraps))
                yielded += 1
            if self.budget.produced > spent:
                self.budget.expand()
        return yielded

    def _add_all(self, views: Iterable[View], spelled: int) -> None:
        for view in views:
            self._add(view, spelled)

    def _add(self, view: View, spelled: int) -> None:
        data, budget = view.data, self.budget
        if len(data) < _SHORTEST_BYTES or data in self._seen:
            return
        if max(view.depth - spelled, spelled / 2) > budget.limits.depth:
            budget.over("depth")
            return
        if not budget.spend(len(data)):
            return
        self._seen.add(data)
        kind = None if view.joined else document(data)
        if kind and view.trace is None:
            view = replace(view, trace=Placed(kind.place()))
        text = is_text(data)
        if not text:
            self._add_all(printable(Source(view, budget)), spelled + 1)
        if text or len(data) <= _BINARY_BYTES:
            self.views.append(view)
        else:
            budget.residue.append(view)
        self._queue.append((view, spelled))
        if kind:
            self._add_all(kind.views(Source(view, budget)), spelled + 1)


def _is_small(view: View) -> bool:
    return len(view.data) <= _SMALL_BYTES


def _readers(view: View) -> int:
    """The decoders that read such a view."""
    readers = READ_JOINS if view.joined else EVERY
    if not is_text(view.data):
        return readers & READ_BINARY
    return readers & READ_JSON if LOOKS_LIKE_JSON.match(view.data) else readers


def _raw_view(index: int, part: Part, kind: Document | None) -> View:
    trace = Placed(kind.place()) if kind else None
    step = str(part.kind)
    if part.kind in (PartKind.HEADER, PartKind.TRAILER):
        step = f"{step}:{part.name}"
    return View(
        part.data, index, step, span=(0, len(part.data)), exact=True, trace=trace
    )
