"""A sample made from a pattern's tree is matched by the pattern."""

import re

import pytest

from dlp.detect.imported.exemplar import exemplars
from dlp.detect.templates import expand

PATTERNS = [
    r"\bacme_[a-z0-9]{32}\b",
    r"acme-[A-Fa-f0-9]{8,40}",
    r"(?:live|test)_(?P<secret>[A-Z]{20})x?",
    r"acme\{[^}]{10}\}",
    r"(?i)acme(?:.|\n){0,9}\bkey[\s=]{1,3}[a-z]{20}",
    r"[QPZRY9X8GF2T]{30}-end",
    r"a[\x00-\x1f]{2}b(?!c)",
    r"acme.{3}x[^a-z]{4}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_one_of_the_templates_matches(pattern):
    texts = [expand(template) for template in exemplars(pattern)]
    assert any(re.search(pattern, text) for text in texts)


def test_random_parts_are_templates():
    assert next(exemplars(r"acme_[a-z0-9]{32}")) == "acme_{loweralnum:32}"
