"""
No expression of the core takes exponential time: `re` knows no deadline, and a message
that keeps one busy would keep the worker.

What repeats is what makes an expression backtrack, so every one is tried on every pair
of two pieces, repeated, with an end that fits nothing.
"""

import importlib
import itertools
import pkgutil
import re

import pytest

from dlp.detect.context.assignment import _SHAPES

PACKAGES = ("decode", "detect", "inspector", "policy", "record", "redact")
PIECES = (
    "a",
    "abcdef",
    "A",
    "1",
    "ab1",
    "-",
    "_",
    ".",
    "/",
    ":",
    "=",
    " ",
    '"',
    "\n",
    "+",
    "<",
)
SIZE = 300


def patterns_in(value: object, depth: int = 0):
    match value:
        case re.Pattern():
            yield value
        case tuple() | list() if depth < 3:
            for each in value:
                yield from patterns_in(each, depth + 1)
        case dict() if depth < 3:
            yield from patterns_in(list(value.values()), depth + 1)
        case _ if isinstance(getattr(value, "pattern", None), re.Pattern):
            yield value.pattern


def every_pattern() -> set[re.Pattern]:
    names = [f"dlp.{name}" for name in PACKAGES]
    found = [importlib.import_module(name) for name in names]
    for package in tuple(found):
        for info in pkgutil.walk_packages(
            getattr(package, "__path__", ()), package.__name__ + "."
        ):
            found.append(importlib.import_module(info.name))
    return {p for module in found for p in patterns_in(list(vars(module).values()))}


def test_they_are_all_there():
    patterns = every_pattern()
    assert len(patterns) > 120
    assert {shape for shape, _ in _SHAPES} <= patterns


@pytest.mark.timeout(120)
def test_repetition_takes_no_pattern_long():
    """A hang is the failure: an exponential one would take years, not seconds."""
    texts = [
        ((one + two) * SIZE)[:SIZE] + "\0"
        for one, two in itertools.product(PIECES, PIECES)
    ]
    coded = [text.encode() for text in texts]
    for pattern in every_pattern():
        for text in texts if isinstance(pattern.pattern, str) else coded:
            pattern.fullmatch(text)
            pattern.search(text)
