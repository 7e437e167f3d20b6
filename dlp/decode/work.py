"""
The worklist: every view is offered to every decoder, and so is what comes out.

Breadth first, so that a limit cuts the deepest and least likely readings. Ordinary
traffic takes the short way: all small views of a message are sieved in one pass, and
what nothing came of before, or nothing that anybody minded, is not read again.

Two depths are bounded: how often something was wrapped (an archive, base64), by
`Limits.depth`, and how often it was spelled otherwise (escapes, percent), by twice it:
a file of tests for a parser of escapes reads as seven spellings, by chance. What was
guessed (`GUESSES`) is read twice as deep: chance goes on in what it made, and dies out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from dlp.decode.beginnings import ARMOUR
from dlp.decode.budget import Budget, Spent
from dlp.decode.ciphers.disguise import STEPS as DISGUISES
from dlp.decode.ciphers.own import NONE as NO_OWN
from dlp.decode.ciphers.own import Own
from dlp.decode.compressed.transfer import undo_codings
from dlp.decode.cuts import cuts
from dlp.decode.documents.across import part_joins
from dlp.decode.documents.leaves import (
    LOOKS_LIKE_JSON,
    json_views,
    read_strings,
    without,
)
from dlp.decode.documents.pdf import coded, settled, shown_streams
from dlp.decode.documents.prose import MARK, middles, shortened
from dlp.decode.documents.structure import (
    JSON,
    Document,
    document,
    document_of,
    raw_view,
)
from dlp.decode.filling import is_filling
from dlp.decode.guesses import GUESSES, TAKEN_APART
from dlp.decode.pieces import Span
from dlp.decode.places import Placed
from dlp.decode.printable import is_text, printable
from dlp.decode.recall import Known, Recall
from dlp.decode.sieve import BETWEEN
from dlp.decode.source import Source
from dlp.decode.table import (
    DECODERS,
    EVERY,
    READ_BINARY,
    READ_JOINS,
    READ_JSON,
    READ_UNDONE,
    RESIDUE,
    SETTLING,
    TESTED,
    by_tests,
    hints_in,
    untested,
)
from dlp.model import Decoded, Limits, Part, View

_SMALL_BYTES = 4 << 10
"""Views up to this size are sieved together first: most have nothing in them."""
_BINARY_BYTES = 4 << 10
"""Of larger ones that are no text only the printable stretches are shown."""
_SHORT_DOCUMENT_BYTES = 1 << 10
"""Of a shorter document nothing is left out."""
_SHORTEST_BYTES = 8
"""Less than this is not worth a view."""
_OMITTING = frozenset({"strings", "ungrouped", "unwrapped"})


def decode(
    parts: Sequence[Part],
    limits: Limits,
    recall: Recall | None = None,
    own: Own = NO_OWN,
    spent: Spent | None = None,
) -> Decoded:
    """
    Every text or byte string a recipient could recover from `parts`.

    Args:
        parts: the pieces of one message, exactly as they would leave.
        limits: bounds on bytes, depth and runs; over one, the result says which.
        recall: what need not be worked out again; it learns what is barren.
        own: what keys begin with that no vendor issues.
        spent: asked now and then.

    Raises:
        UnfinishedError: `spent` says so; nothing else is ever raised.
    """
    size = sum([len(part.data) for part in parts])
    work = _Work(Budget.of(limits, size, spent), recall or Recall())
    work.begin(parts)
    work.run()
    if own:
        work.undo(own)
    budget = work.budget
    budget.go_on()
    return Decoded(
        tuple(work.views),
        budget.truncated,
        tuple(budget.undecodable),
        tuple(budget.residue),
        work.names,
        frozenset(work.direct),
        frozenset(work.repeated),
        cuts(budget.cut),
        frozenset(work.covered),
    )


class _Row(NamedTuple):
    """A view to expand."""

    view: View
    spelled: int
    """How often it was spelled otherwise."""
    name: bytes
    """What it is remembered by; empty: it is not."""


class _Work:
    def __init__(self, budget: Budget, recall: Recall) -> None:
        self.budget = budget
        self._known = Known(recall)
        self.names = self._known.names
        self.views: list[View] = []
        self.direct: dict[int, View] = {}
        """By identity."""
        self.repeated: set[bytes] = set()
        self.covered: set[int] = set()
        self._queue: deque[_Row] = deque()
        self._seen: set[bytes] = set()
        self._spelled: dict[int, int] = {}
        """Of residue, by identity: how often it was spelled otherwise."""
        self._joins: set[bytes] = set()
        self._guessed: set[bytes] = set()
        """What was seen as a join, or as a guess, alone, and is not read as others."""

    def begin(self, parts: Sequence[Part]) -> None:
        """The raw parts, what their codings hide, and joins over parts."""
        raw = [raw_view(index, part) for index, part in enumerate(parts)]
        self.views += raw
        self._seen.update([view.data for view in raw])
        self._add_all(part_joins(parts, raw), 0)
        self.direct.update((id(view), view) for view in self.views)
        for part, view in zip(parts, raw, strict=True):
            if self._known.is_new(view):
                self._enter(view, document_of(part), 0, 0)
                if not is_text(part.data):
                    self._add_all(printable(Source(view, self.budget)), 0)
            if part.encodings and part.data:
                source = Source(view, self.budget)
                coded = undo_codings(source, part.encodings)
                self.direct[id(coded)] = coded
                self._add(coded, 0)

    def run(self) -> None:
        """Decode until nothing new comes out or a limit is reached."""
        first, self._queue = list(filter(self._may, self._queue)), deque()
        small = [row.view for row in first if _is_small(row.view)]
        among = hints_in(BETWEEN.join([v.data for v in small]), ~TESTED)
        tested = [v.data for v in small if TESTED & _readers(v)]
        documents = list(filter(LOOKS_LIKE_JSON.match, tested))
        plain = [data for data in tested if not LOOKS_LIKE_JSON.match(data)]
        for group in (documents, plain):  # what is tested in one is not in the other
            among |= by_tests(BETWEEN.join(group))
        for row in first:
            self._expand(row, among if _is_small(row.view) else EVERY)
        self._drain()
        for view in self.budget.residue.copy():
            if not self.budget.go_on():
                break
            spelled = self._spelled.get(id(view), 0)
            source = Source(view, self.budget)
            for reader in RESIDUE:
                if view.data in self._seen and not reader.reads_shown:
                    continue
                if reader.test is None or reader.test(view.data):
                    below = spelled + (not reader.wraps)
                    self._add_all(reader.run(source), below)
        self._drain()

    def undo(self, own: Own) -> None:
        """What all that was found hides of keys that are no vendor's."""
        for view in (*self.views, *self.budget.residue):
            if not self.budget.go_on():
                break
            found = own.undone(Source(view, self.budget))
            self._add_all(found, self._spelled.get(id(view), 0))
        self._drain()

    def _drain(self) -> None:
        while self._queue and not self.budget.truncated:
            row = self._queue.popleft()
            if self._may(row):
                self._expand(row, EVERY)

    def _queued(self, view: View, spelled: int) -> None:
        if len(view.data) >= _SHORTEST_BYTES:
            self._queue.append(_Row(view, spelled, self._known.name(view)))

    def _enter(
        self, view: View, kind: Document | None, spelled: int, below: int
    ) -> None:
        """Queue a view, and add what it holds as a document, spelled so often."""
        if kind is JSON:
            self._enter_json(view, spelled, below)
            return
        self._queued(view, spelled)
        if kind:
            self._add_all(kind.views(Source(view, self.budget)), below)

    def _enter_json(self, view: View, spelled: int, below: int) -> None:
        """
        What is known of a document is shown, and not decoded again; and a long string
        only as it is meant, not also as it is spelled.
        """
        direct = view.parent is None  # inner documents are read only where they are new
        left_out: list[Span] = []
        if direct:
            view, left_out = self._without_known(view)
        found = read_strings(view.data)
        is_new = partial(self._known.is_new_section, view.part)
        known: set[Span] = set()
        if not found.stray:
            known.update(shortened(found.long, left_out))
            known.update(self._known_strings(view, set(found.long) - known))
        aside = known.union(found.spelled(view.data))
        self._queued(without(view, sorted(aside)) if aside else view, spelled)
        for shown, new in json_views(Source(view, self.budget), found, known, is_new):
            if direct:
                self.direct[id(shown)] = shown
            self._add(shown, below, new)

    def _known_strings(self, view: View, spans: Iterable[Span]) -> list[Span]:
        is_new, text = partial(self._known.is_new_string, view.part), view.data
        return [span for span in spans if not is_new(text[slice(*span)])]

    def _without_known(self, view: View) -> tuple[View, list[Span]]:
        """
        A raw document without known prose, and what is left out; that view is searched
        in its place.
        """
        if len(view.data) < _SHORT_DOCUMENT_BYTES:
            return view, []
        spans = list(middles(view.data, partial(self._known.is_prose, view)))
        if not spans:
            return view, []
        short = without(view, spans, MARK)
        self.covered.add(id(view))
        self.views.append(short)
        self.direct[id(short)] = short
        return short, spans

    def _may(self, row: _Row) -> bool:
        """Whether it is not known that no decoder makes anything of a view."""
        return not self._known.is_barren(row.name)

    def _expand(self, row: _Row, among: int) -> None:
        """Offer a view to every decoder of these whose hint occurs in it."""
        budget, view = self.budget, row.view
        before = _told(budget)
        among &= _readers(view)
        yielded = self._offer(view, row.spelled, among) if among else 0
        quiet = before == _told(budget)
        if quiet and not yielded and not budget.truncated:
            self._known.put_barren(row.name)

    def _offer(self, view: View, spelled: int, among: int) -> int:
        """How many views came out, new or not."""
        hints = (hints_in(view.data, among) | untested(view.step)) & among
        yielded, last = 0, None
        source = Source(view, self.budget)
        found = coded(view.data) if hints & SETTLING else []
        if spans := settled(found):
            for child in shown_streams(source, found):
                self._add(child, spelled)
                yielded += 1
            source = Source(without(view, spans, MARK), self.budget)
            hints &= hints_in(source.data, among & ~SETTLING)
        for index, decoder in enumerate(DECODERS):
            if not hints >> index & 1 or decoder.run is last:
                continue
            last = decoder.run
            if not self.budget.go_on():
                break
            spent, left = self.budget.produced, len(self.budget.residue)
            below = spelled + (not decoder.wraps)
            for child in decoder.read(source):
                self._add(child, below)
                yielded += 1
            for rest in self.budget.residue[left:]:
                self._spelled.setdefault(id(rest), below)
            if self.budget.produced > spent:
                self.budget.expand()
        return yielded

    def _add_all(self, views: Iterable[View], spelled: int) -> None:
        for view in views:
            self._add(view, spelled)

    def _is_too_deep(self, view: View, spelled: int) -> bool:
        limit = self.budget.limits.depth
        wrapped = view.depth - spelled
        if wrapped > limit and view.came_of(GUESSES):
            wrapped -= limit
        deep = wrapped > limit or (
            spelled > 2 * limit and spelled - _omissions(view) > 2 * limit
        )
        if deep and not is_filling(view.data):
            self.budget.over("depth")
        return deep

    def _repeat(self, view: View, spelled: int) -> None:
        """What is no join, or no guess, is read as such, and the latter shown."""
        self.repeated.add(view.data)
        guessed = view.data in self._guessed and not view.came_of(TAKEN_APART)
        if guessed:
            self._guessed.discard(view.data)
            self.views.append(view)
        if guessed or (view.data in self._joins and not view.joined):
            self._joins.discard(view.data)
            self._queued(view, spelled)

    def _add(self, view: View, spelled: int, new: View | None = None) -> None:
        """Show a view and decode it, or if not all of it is to be, `new`."""
        data, budget = view.data, self.budget
        if len(data) < _SHORTEST_BYTES:
            return
        if data in self._seen:
            self._repeat(view, spelled)
            return
        if self._is_too_deep(view, spelled) or not budget.spend(len(data)):
            return
        self._seen.add(data)
        if view.joined:
            self._joins.add(data)
        self._guessed.update([data] if view.came_of(TAKEN_APART) else [])
        kind = None if view.joined else document(data)
        if kind and view.trace is None:
            view = replace(view, trace=Placed(kind.place()))
        text = is_text(data)
        is_new = self._known.is_new(new or view)
        if is_new and not text:
            self._add_all(printable(Source(view, budget)), spelled + 1)
        if text or len(data) <= _BINARY_BYTES:
            self.views.append(view)
        else:
            budget.residue.append(view)
        if is_new and new:
            kind = None if new.joined else document(new.data)
        if is_new:
            self._enter(new or view, kind, spelled, spelled + 1)


def _omissions(view: View | None) -> int:
    """
    How many of its steps did no more than leave something out. That ends by itself, and
    in the files of a large archive these follow on one another by chance.
    """
    steps = 0
    while view is not None:
        steps, view = steps + (view.step in _OMITTING), view.parent
    return steps


def _told(budget: Budget) -> tuple[int, int, int]:
    """How much decoders have said beside the views they made."""
    return len(budget.undecodable), len(budget.residue), len(budget.cut)


def _is_small(view: View) -> bool:
    return len(view.data) <= _SMALL_BYTES


def _readers(view: View) -> int:
    """The decoders that read such a view."""
    readers = READ_JOINS if view.joined else EVERY
    if view.step in DISGUISES and ARMOUR not in view.data:
        readers &= READ_UNDONE
    if not is_text(view.data):
        return readers & READ_BINARY
    return readers & READ_JSON if LOOKS_LIKE_JSON.match(view.data) else readers
