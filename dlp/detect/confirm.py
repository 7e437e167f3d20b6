"""
From a place hyperscan points at to a match, or none.

Strategy: `Detector` is one rule made ready. `anchored` takes the ends hyperscan
reported for the rule's own pattern, `contextual` the ends of its keywords; both search
a window of the view with `regex`, judge what they find with the rule's checks, and go
on behind it. A match that fails its checks is passed by one byte, so that no decoy can
swallow a secret. All work is charged to one `Budget`; over it the scan is `flooded`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import regex

from dlp.decode.guesses import TAKEN_APART
from dlp.decode.pieces import Span
from dlp.detect.context.placeholder import is_example, is_placeholder
from dlp.detect.context.siblings import siblings
from dlp.detect.pattern import searcher
from dlp.detect.proof.checks import Candidate, Check, Outcome, resolve
from dlp.detect.proof.noise import hangs_on_noise, in_noise, is_written
from dlp.detect.rule import Rule, in_words
from dlp.detect.syntax import group_width, prefixes
from dlp.model import Tier, View, noun

_NAME_BYTES = 24
"""Bytes before a match in which the beginning of its name may stand."""

_WHOLE_NAME = rb"(?<![a-z])(?:%s)(?:(?![a-z])|api|key|token|secret|access|auth|client)"
"""A name that stands in another as a word of it: `persona_key`, not `personal_key`."""

_PREFIX = regex.compile(rb"[A-Za-z][0-9A-Za-z]{0,15}[_.:+-]")
"""What a vendor sets before a token, up to its first sign."""

_SEARCH_S = 0.25
"""Seconds one search may take; only a hostile text gets near."""

_STRETCH_BYTES = 64 << 10
"""Windows are searched as one up to this length."""

_JUDGING_BYTES = 256
"""What judging a match costs beside finding it, in bytes searched."""

_BEHIND = 16
"""Bytes behind a value that tell where it ends."""
_GOES_ON = re.compile(rb"[\w+/=.~%$@#!^*?:-]+")
"""As base64, hexadecimal digits and tokens of several parts do."""
_LONGEST_VALUE = 64 << 10

_OF_ANYTHING = frozenset({Tier.LIKELY, Tier.WEAK})
"""Rules of these may take any bytes for a value; noise has those, too."""
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


Found = regex.Match[bytes]
Following = Callable[[int], Found | None]


class Window(NamedTuple):
    """A stretch of a view to search; all three may lie outside of it."""

    first: int
    last: int
    """Where a match may begin at the earliest and at the latest."""
    stop: int
    """How far it may reach."""


class Detector:
    """One rule, its expression compiled when first needed."""

    def __init__(self, rule: Rule, *, examples: bool) -> None:
        self.rule = rule
        self._examples = examples

    @cached_property
    def _search(self) -> regex.Pattern[bytes]:
        return searcher(self.rule.pattern.exact)

    @cached_property
    def _glued_search(self) -> regex.Pattern[bytes]:
        return searcher(self.rule.pattern.glued or self.rule.pattern.exact)

    @cached_property
    def _longest_head(self) -> int:
        return max(map(len, self.rule.pattern.heads))

    @cached_property
    def _group(self) -> str | int:
        return "secret" if "secret" in self._search.groupindex else 0

    @cached_property
    def _longest(self) -> int:
        """Bytes that a secret can have by the rule, unless all have as many."""
        least, most = group_width(self.rule.pattern.exact, "secret")
        return most if least < most else sys.maxsize

    @cached_property
    def _prefixes(self) -> tuple[bytes, ...]:
        return prefixes(self.rule.pattern.exact)

    @cached_property
    def _checks(self) -> tuple[Check, ...]:
        found = (resolve(name, number) for name, number in self.rule.checks)
        return tuple(check for check in found if check is not None)

    @cached_property
    def _unless(self) -> regex.Pattern[bytes] | None:
        either = "|".join(f"(?:{each})" for each in self.rule.unless)
        return regex.compile(either.encode()) if either else None

    @cached_property
    def _aside(self) -> regex.Pattern[bytes] | None:
        return _any_of(self.rule.aside)

    @cached_property
    def _prefixed(self) -> regex.Pattern[bytes] | None:
        return _any_of(self.rule.prefixed)

    def anchored(
        self, view: View, ends: Iterable[tuple[int, int]], budget: Budget
    ) -> Iterator[Match]:
        """
        Matches that end where hyperscan said, or up to the pattern's tail after.

        `ends`: the first and the last of some that stand side by side, in order.
        """
        reach, tail = self.rule.pattern.reach, self.rule.pattern.tail + 1
        windows = (Window(first - reach, last, last + tail) for first, last in ends)
        return self._matches(view, windows, budget)

    def contextual(
        self, view: View, keywords: Iterable[tuple[int, int]], budget: Budget
    ) -> Iterator[Match]:
        """
        Matches that begin within `context` bytes after a keyword's span.

        Or one byte before it, which is what a pattern that begins with the keyword
        takes to see that a word starts there.
        """
        after, most = self.rule.context, self.rule.pattern.most + 1
        windows = (
            Window(first - 1, last + after, last + after + most)
            for first, last in keywords
        )
        return self._matches(view, windows, budget)

    def anywhere(self, view: View, budget: Budget) -> Iterator[Match]:
        """Matches in the whole view: what `anchored` gives for any set of ends."""
        return self._matches(view, [Window(0, size := len(view.data), size)], budget)

    def _matches(
        self, view: View, windows: Iterable[Window], budget: Budget
    ) -> Iterator[Match]:
        r"""
        What the expression matches in ordered windows and the checks let pass.

        A window is one byte longer than a match can be: one that reaches its end met
        `$` or `\b` there, not in the text.
        """
        size = len(view.data)
        pattern = self._search if view.came_of(TAKEN_APART) else self._glued_search
        done = 0
        for window in _merged(windows):
            first, stop = max(window.first, done), min(window.stop, size)
            if first > window.last:
                continue
            budget.charge(stop - first)
            within = Window(first, window.last, stop)
            following = self._search_in(pattern, view.data, within)
            while found := following(first):
                first = found.start() + 1
                if found.end() == stop < size:
                    continue
                budget.charge(_JUDGING_BYTES)
                if match := self._judge(view, found):
                    first = done = max(found.end(), match.stop)
                    yield match
                    yield from self._beside(match, found.start(), budget)

    def _beside(self, match: Match, opening: int, budget: Budget) -> Iterator[Match]:
        """What stands in a list with a match, each judged as if it stood first."""
        view = match.view
        if match.tier not in _OF_ANYTHING or view.joined:
            return
        name = view.data[max(0, opening - _NAME_BYTES) : match.start]
        begin = len(name) - (match.start - opening)
        for start, stop in siblings(view.data, (match.start, match.stop)):
            budget.charge(_JUDGING_BYTES + stop - start)
            text = View(name + view.data[start : stop + _BEHIND], view.part)
            found = self._run(self._search.match, text.data, begin, len(text.data))
            alike = self._judge(text, found) if found is not None else None
            if alike is not None and alike.start == len(name):
                size = alike.stop - alike.start
                yield Match(self.rule, view, start, start + size, alike.tier)

    def _search_in(
        self, exact: regex.Pattern[bytes], data: bytes, window: Window
    ) -> Following:
        """
        Gives the leftmost match from a place on; asked for them in ascending order.

        Where every match begins with a literal, those are looked for first: trying
        eighty names at each of four hundred bytes takes fifty times as long.
        """
        begin, last, stop = window
        pattern = self.rule.pattern

        def anywhere(start: int) -> Found | None:
            found = self._run(exact.search, data, start, stop)
            return found if found is not None and found.start() <= last else None

        if not pattern.heads:
            return anywhere
        text = data[begin : last + pattern.lead + self._longest_head].lower()
        places = iter(_places(text, pattern.heads, pattern.lead))

        def following(start: int) -> Found | None:
            near = (begin + place for place in places if start <= begin + place <= last)
            found = (self._run(exact.match, data, place, stop) for place in near)
            return next(filter(None, found), None)

        return following

    def _run(
        self, way: Callable[..., Found | None], data: bytes, start: int, stop: int
    ) -> Found | None:
        try:
            return way(data, start, stop, timeout=_SEARCH_S)
        except TimeoutError as error:
            raise Flooded from error

    def _judge(self, view: View, found: Found) -> Match | None:
        start, stop = found.span(self._group)
        if start < 0:
            start, stop = found.span()
        secret = view.data[start:stop]
        written = self.rule.tier not in _OF_ANYTHING or is_written(secret)
        if not written or not self._has_keyword(view.data, found):
            return None
        tier = self.rule.tier
        prefix = self._prefix(secret)
        candidate = Candidate(secret, view.data, start, stop, found.start(), prefix)
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
        if _in_noise(tier, view.data, start, stop):
            return None
        if self._is_aside(view.data, found.start(), start, secret):
            return None
        return Match(self.rule, view, *self._whole(view.data, (start, stop)), tier)

    def _whole(self, data: bytes, secret: Span) -> Span:
        """A value of anything with what goes on where its rule could take no more."""
        start, stop = secret
        if self.rule.tier not in _OF_ANYTHING or stop - start < self._longest:
            return secret
        more = _GOES_ON.match(data, stop, stop + _LONGEST_VALUE)
        return start, more.end() if more else stop

    def _prefix(self, secret: bytes) -> int:
        """Bytes at the start of a secret that are the same for all of its kind."""
        head = secret[: len(self._prefixes[0])].lower() if self._prefixes else b""
        return next((len(p) for p in self._prefixes if head.startswith(p)), 0)

    def _is_aside(self, data: bytes, opening: int, start: int, secret: bytes) -> bool:
        """Whether the name is one whose values the vendor's own rule judges."""
        known = [self._aside, self._prefixed if _PREFIX.match(secret) else None]
        if not any(known):
            return False
        name = in_words(data[max(0, opening - _NAME_BYTES) : start])
        return b"pass" not in name and any(
            names and names.search(name) for names in known
        )

    def _stands_for_one(self, secret: bytes) -> bool:
        """Whether it is a placeholder or an example, not a secret."""
        if is_placeholder(secret):
            return True
        said = secret.rstrip(b".,:;!?")
        return not self._examples and (is_example(secret) or is_example(said))

    def _is_excepted(self, secret: bytes) -> bool:
        """Whether the rule says of such a secret that it does not count."""
        if self._unless is None:
            return False
        try:
            return bool(self._unless.search(secret, timeout=_SEARCH_S))
        except TimeoutError as error:
            raise Flooded from error

    def _has_keyword(self, data: bytes, found: Found) -> bool:
        if self.rule.context or not self.rule.keywords:
            return True
        text = data[found.start() : found.end()].lower()
        return any(keyword in text for keyword in self.rule.keywords)


def _any_of(names: Iterable[bytes]) -> regex.Pattern[bytes] | None:
    """What finds any of some names as a word of another; None for no names."""
    either = b"|".join(regex.escape(name).replace(b"_", b"_?") for name in names)
    return regex.compile(_WHOLE_NAME % either) if either else None


def _in_noise(tier: Tier, data: bytes, start: int, stop: int) -> bool:
    """Whether it, or what names it, is a piece of something longer."""
    if tier in _OF_ANYTHING and hangs_on_noise(data, start):
        return True
    return tier is not Tier.CERTAIN and in_noise(data, start, stop)


def _merged(windows: Iterable[Window]) -> Iterator[Window]:
    """Those that meet as one, so that no text is searched twice; none grows long."""
    open_: Window | None = None
    for window in windows:
        if open_ is None:
            open_ = window
        elif window.first <= open_.last and window.stop - open_.first <= _STRETCH_BYTES:
            first, last, stop = window
            open_ = Window(
                min(open_.first, first), max(open_.last, last), max(open_.stop, stop)
            )
        else:
            yield open_
            open_ = window
    if open_ is not None:
        yield open_


def _places(text: bytes, heads: frozenset[bytes], lead: int) -> list[int]:
    """
    Where in a lower-case text a match can begin, in order.

    `lead`: bytes that may stand before its literal.
    """
    places: set[int] = set()
    for head in heads:
        place = text.find(head)
        while place >= 0:
            places.update(range(max(0, place - lead), place + 1))
            place = text.find(head, place + 1)
    return sorted(places)
