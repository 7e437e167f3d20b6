"""
From a place hyperscan points at to a match, or none.

Strategy: `Detector` is one rule made ready. `anchored` takes the ends hyperscan
reported for the rule's own pattern, `contextual` the ends of its keywords; both search
a window of the view with `regex`, judge what they find with the rule's checks, and go
on behind it. A match that fails its checks is passed by one byte, so that no decoy can
swallow a secret. All work is charged to one `Budget`; over it the scan is `flooded`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import regex

from dlp.detect.checks import Candidate, Check, Outcome, resolve
from dlp.detect.placeholder import is_example, is_placeholder
from dlp.detect.rule import Rule, run_together
from dlp.model import Tier, View, noun

_NAME_BYTES = 24
"""Bytes before a match in which the beginning of its name may stand."""

_SEARCH_S = 0.25
"""Seconds one search may take; only a hostile text gets near."""

_GLANCE_BYTES = 64
"""What it costs to see that nothing begins in a few hundred bytes."""

_FEW_HEADS = 4
"""So many are looked for in less time than the expression takes."""

_DEMOTED = {
    Tier.CERTAIN: Tier.LIKELY,
    Tier.STRONG: Tier.LIKELY,
    Tier.LIKELY: Tier.WEAK,
    Tier.WEAK: Tier.WEAK,
}


class Flooded(Exception):  # noqa: N818  # a signal between the two files of this pass
    """The text has more candidates than its size justifies."""


@dataclass(slots=True)
class Budget:
    """Bytes that confirming may still search."""

    left: int

    def charge(self, size: int) -> None:
        """
        Take `size` bytes.

        Raises:
            Flooded: they are not there.
        """
        self.left -= size
        if self.left < 0:
            raise Flooded


@noun
class Match:
    """A rule's secret in a view."""

    rule: Rule
    view: View
    start: int
    stop: int
    """Half-open span of the secret in `view.data`."""
    tier: Tier

    @property
    def secret(self) -> bytes:
        """The matched bytes."""
        return self.view.data[self.start : self.stop]


class Detector:
    """One rule, its expression compiled when first needed."""

    def __init__(self, rule: Rule, *, examples: bool) -> None:
        self.rule = rule
        self._examples = examples

    @cached_property
    def _search(self) -> regex.Pattern[bytes]:
        return regex.compile(self.rule.pattern.exact, regex.MULTILINE)

    @cached_property
    def _group(self) -> str | int:
        return "secret" if "secret" in self._search.groupindex else 0

    @cached_property
    def _checks(self) -> tuple[Check, ...]:
        found = (resolve(name, number) for name, number in self.rule.checks)
        return tuple(check for check in found if check is not None)

    @cached_property
    def _unless(self) -> regex.Pattern[bytes] | None:
        either = "|".join(f"(?:{each})" for each in self.rule.unless)
        return regex.compile(either.encode()) if either else None

    @cached_property
    def _aside(self) -> regex.Pattern[bytes]:
        return regex.compile(b"|".join(map(regex.escape, self.rule.aside)))

    def anchored(
        self, view: View, ends: Iterable[int], budget: Budget
    ) -> Iterator[Match]:
        """Matches that end where hyperscan said, or up to the pattern's tail after."""
        pattern = self.rule.pattern
        done = 0
        for end in ends:
            if end <= done:
                continue
            start = max(done, end - pattern.reach)
            if self._begins_nowhere(view.data, start, end):
                # One of the many ends of what was judged before: a key has hundreds.
                budget.charge(_GLANCE_BYTES)
                continue
            stop = min(len(view.data), end + pattern.tail + 1)
            for found, match in self._windows(view, start, stop, budget):
                done = found.start() + 1 if match is None else found.end()
                if match is not None:
                    yield match
                if done >= end:
                    break
            else:
                if stop == len(view.data):
                    return  # nothing begins in all that is left

    def _begins_nowhere(self, data: bytes, start: int, end: int) -> bool:
        """Whether no match of a rule with few begins can begin before this end."""
        heads = self.rule.pattern.heads
        few = 0 < len(heads) <= _FEW_HEADS
        return few and not _places(data[start:end].lower(), heads)

    def contextual(
        self, view: View, keywords: Iterable[tuple[int, int]], budget: Budget
    ) -> Iterator[Match]:
        """
        Matches that begin within `context` bytes after a keyword's span.

        Or one byte before it, which is what a pattern that begins with the keyword
        takes to see that a word starts there.
        """
        rule = self.rule
        done = 0
        for first, last in keywords:
            limit = last + rule.context
            start = max(done, first - 1)
            stop = min(len(view.data), limit + rule.pattern.most + 1)
            for found, match in self._windows(view, start, stop, budget):
                if found.start() > limit:
                    break
                done = found.start() + 1 if match is None else found.end()
                if match is not None:
                    yield match

    def anywhere(self, view: View, budget: Budget) -> Iterator[Match]:
        """Matches in the whole view: what `anchored` gives for any set of ends."""
        for _, match in self._windows(view, 0, len(view.data), budget):
            if match is not None:
                yield match

    def _windows(
        self, view: View, start: int, stop: int, budget: Budget
    ) -> Iterator[tuple[regex.Match[bytes], Match | None]]:
        r"""
        Every match of the expression in a window, with its judgement.

        A window is one byte longer than a match can be: one that reaches its end met
        `$` or `\b` there, not in the text.
        """
        while start < stop:
            budget.charge(stop - start)
            found = self._first(view.data, start, stop)
            if found is None:
                return
            if found.end() == stop < len(view.data):
                start = found.start() + 1
                continue
            match = self._judge(view, found)
            yield found, match
            start = found.start() + 1 if match is None else found.end()

    def _first(self, data: bytes, start: int, stop: int) -> regex.Match[bytes] | None:
        """
        The leftmost match in a window.

        Where every match begins with a literal, those are looked for first: trying
        eighty names at each of four hundred bytes takes fifty times as long.
        """
        pattern = self.rule.pattern
        try:
            if not pattern.heads:
                return self._search.search(data, start, stop, timeout=_SEARCH_S)
            for place in _places(data[start:stop].lower(), pattern.heads):
                found = self._search.match(data, start + place, stop, timeout=_SEARCH_S)
                if found is not None:
                    return found
        except TimeoutError as error:
            raise Flooded from error
        return None

    def _judge(self, view: View, found: regex.Match[bytes]) -> Match | None:
        start, stop = found.span(self._group)
        if start < 0:
            start, stop = found.span()
        secret = view.data[start:stop]
        if not self._has_keyword(view.data, found):
            return None
        tier = self.rule.tier
        candidate = Candidate(secret, view.data, start, stop, found.start())
        for check in self._checks:
            outcome = check(candidate)
            if outcome is Outcome.DROP:
                return None
            if outcome is Outcome.CERTAIN:
                tier = Tier.CERTAIN
            elif outcome is Outcome.DEMOTE:
                tier = _DEMOTED[tier]
        if self._stands_for_one(secret) or self._is_excepted(secret):
            return None
        if self.rule.aside and self._is_aside(view.data, found.start(), start):
            return None
        return Match(self.rule, view, start, stop, tier)

    def _is_aside(self, data: bytes, opening: int, start: int) -> bool:
        """Whether the name is one whose values the vendor's own rule judges."""
        name = run_together(data[max(0, opening - _NAME_BYTES) : start])
        return b"pass" not in name and bool(self._aside.search(name))

    def _stands_for_one(self, secret: bytes) -> bool:
        """Whether it is a placeholder or an example, not a secret."""
        return is_placeholder(secret) or (not self._examples and is_example(secret))

    def _is_excepted(self, secret: bytes) -> bool:
        """Whether the rule says of such a secret that it does not count."""
        if self._unless is None:
            return False
        try:
            return bool(self._unless.search(secret, timeout=_SEARCH_S))
        except TimeoutError as error:
            raise Flooded from error

    def _has_keyword(self, data: bytes, found: regex.Match[bytes]) -> bool:
        if self.rule.context or not self.rule.keywords:
            return True
        text = data[found.start() : found.end()].lower()
        return any(keyword in text for keyword in self.rule.keywords)


def _places(text: bytes, heads: frozenset[bytes]) -> list[int]:
    """Where in a lower-case text a match can begin, in order."""
    places: set[int] = set()
    for head in heads:
        place = text.find(head)
        while place >= 0:
            places.add(place)
            if place:
                places.add(place - 1)
            place = text.find(head, place + 1)
    return sorted(places)
