"""
Runs the samples a rule carries: each of `matches` must fire it, none of `ignores` may.

Stands apart from `rules` because it needs the confirming half of the engine. The
automaton is not needed: its scan form can only find more (`tests/detect/test_engine`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dlp.detect.confirm import Budget, Detector
from dlp.detect.rule import Rule
from dlp.detect.templates import TemplateError, expand
from dlp.errors import Problem, RuleError
from dlp.model import View

_SAMPLE_BYTES = 1 << 20


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
    detector = Detector(rule, examples=False)
    for wanted, templates in ((True, rule.matches), (False, rule.ignores)):
        for template in templates:
            try:
                text = expand(template)
            except TemplateError as error:
                yield rule.problem(f"sample {template!r}: {error}", "correct it")
                continue
            if fires(detector, text.encode()) != wanted:
                claim = "must fire it but does not" if wanted else "must not fire it"
                yield rule.problem(
                    f"sample {template!r} {claim}",
                    "correct the pattern, the checks or the sample",
                )


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
    ends = range(1, len(data) + 1)
    return any(True for _ in detector.anchored(view, ends, budget))


def _occurrences(data: bytes, word: bytes) -> Iterator[int]:
    start = data.find(word)
    while start >= 0:
        yield start
        start = data.find(word, start + 1)
