"""What `make fuzz` searches for holds at least where the search begins."""

import pytest

from tests.fuzz.targets import TARGETS, seeds

EVERY = 7
"""All of them are no news: their encoders have tests of their own."""


@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_for_what_the_search_begins_with(name):
    inputs = list(seeds(name))[::EVERY]
    assert inputs
    for data in inputs:
        TARGETS[name](data)
