"""Filters of betterleaks: what looks at the secret alone is read, the rest is told."""

import pytest
import regex

from dlp.detect.imported.exclusions import Filter, read_filter

SECRET = 'finding["secret"]'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Filter()),
        (f"entropy({SECRET}) < 3.5", Filter(3.5)),
        (f"entropy({SECRET}) <= 3 // why", Filter(3.0)),
        (f"entropy({SECRET}) < 3 || tokenRatio({SECRET}) >= 2", Filter(3.0, (), False)),
        (f"entropy({SECRET}) < 3 && tokenRatio({SECRET}) >= 2", Filter(0, (), False)),
        (f"(entropy({SECRET}) < 3 || x)", Filter(0, (), False)),
        (f"let a = b; entropy({SECRET}) < 3", Filter(0, (), False)),
        (f"!(entropy({SECRET}) < 3)", Filter(0, (), False)),
        (f'matchesAny({SECRET}, [`a//b`, "c\\\\d||"])', Filter(0, ("a//b", r"c\d||"))),
        (f'containsAny({SECRET}, [\n  "a.b",\n])', Filter(0, (r"a\.b",))),
        ('matchesAny(attributes["path"], [`a`])', Filter(0, (), False)),
        (f"matchesAny({SECRET}, list)", Filter(0, (), False)),
    ],
)
def test_what_of_a_filter_is_read(text, expected):
    assert read_filter(text) == expected


@pytest.mark.parametrize(("secret", "dropped"), [("ab", True), ("a1", False)])
def test_what_a_secret_must_hold_is_an_expression_it_must_not(secret, dropped):
    (expression,) = read_filter(f'!matchesAny({SECRET}, ["[0-9]", `z`])').unless
    assert bool(regex.search(expression, secret)) is dropped
