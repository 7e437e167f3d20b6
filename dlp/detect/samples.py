"""
Runs the samples a rule carries: each of `matches` must fire it, none of `ignores` may.

Stands apart from `rules` because it needs the confirming half of the engine. The
automaton is not needed: its scan form can only find more (`tests/detect/test_engine`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import regex

from dlp.detect.confirm import Budget, Detector
from dlp.detect.rule import Rule
from dlp.detect.templates import TemplateError, expand
from dlp.errors import Problem, RuleError
from dlp.model import View

_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Trial:
    """What a sample was to show, and whether it did."""

    rule: Rule
    template: str
    wanted: bool
    """True: it must fire the rule; false: it must not."""
    fault: str = ""
    """Why it does not hold; empty when it does."""

    def problem(self) -> Problem:
        """The fault at the rule's place."""
        remedy = "correct the pattern, the checks or the sample"
        if self.rule.imported:
            remedy = f"it stays in force; {remedy}, or import it again"
        return self.rule.problem(f"sample {self.template!r} {self.fault}", remedy)


def verify(rules: Iterable[Rule]) -> None:
    """
    Run all samples of all rules.

    Raises:
        RuleError: every sample that does not do what it claims.
    """
    problems = [problem for rule in rules for problem in faults(rule)]
    if problems:
        raise RuleError(*problems)


def faults(rule: Rule) -> Iterator[Problem]:
    """The samples of one rule that do not do what they claim."""
    return (trial.problem() for trial in trials(rule) if trial.fault)


def trials(rule: Rule) -> Iterator[Trial]:
    """Every sample of one rule, tried."""
    detector = Detector(rule, examples=False)
    for wanted, templates in ((True, rule.matches), (False, rule.ignores)):
        for template in templates:
            fault = _fault(detector, template, wanted=wanted)
            yield Trial(rule, template, wanted, fault)


def _fault(detector: Detector, template: str, *, wanted: bool) -> str:
    try:
        fired = fires(detector, expand(template).encode())
    except TemplateError as error:
        return f"cannot be expanded: {error}"
    except regex.error as error:  # `re` reads `a{b::c}` as letters, `regex` does not
        return f"cannot be tried: {error}"
    if fired == wanted:
        return ""
    return "must fire it but does not" if wanted else "must not fire it but does"


def fires(detector: Detector, data: bytes) -> bool:
    """Whether the rule finds something in `data`, without the automaton's help."""
    view = View(data, 0)
    rule = detector.rule
    budget = Budget(_SAMPLE_BYTES)
    if rule.context:
        spans = sorted(
            (start, start + len(word))
            for word in rule.keywords
            for start in _occurrences(data.lower(), word)
        )
        return any(True for _ in detector.contextual(view, spans, budget))
    return any(True for _ in detector.anywhere(view, budget))


def _occurrences(data: bytes, word: bytes) -> Iterator[int]:
    start = data.find(word)
    while start >= 0:
        yield start
        start = data.find(word, start + 1)
