"""Honest traffic raises no alarm: no block-tier finding in any class of it."""

import pytest

from dlp.decode import decode
from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind, Tier, View
from tests.detect.honest import CLASSES, ROWS, honest, rows

BLOCKING = {Tier.CERTAIN, Tier.STRONG, Tier.LIKELY}


@pytest.fixture(scope="module")
def engine():
    return Engine.build(load_rules())


@pytest.mark.parametrize("name", CLASSES)
def test_honest_text_raises_no_alarm(engine, name):
    alarms = []
    for seed in range(40):
        part = Part(PartKind.BODY, honest(name, seed).encode())
        result = engine.scan(decode([part], Limits()).views)
        assert not result.flooded
        alarms += [
            (match.rule.id, match.secret)
            for match in result.matches
            if match.tier in BLOCKING
        ]
    assert alarms == []


LIST_BYTES = 1 << 20


@pytest.mark.parametrize("name", ROWS)
def test_of_a_long_honest_list_nothing_is_found_but_the_secret_in_it(engine, name):
    """Tens of thousands of names of secrets, with values that are none, are no flood."""
    secret = expand("{alnum:40}", seed=7).encode()
    half = rows(name, LIST_BYTES // 2).encode()
    result = engine.scan([View(half + b'"api_key": "' + secret + b'",\n' + half, 0)])
    assert not result.flooded
    assert {m.secret for m in result.matches if m.tier in BLOCKING} == {secret}


def test_the_classes_differ_from_seed_to_seed():
    same = {name for name in CLASSES if honest(name, 1) == honest(name, 2)}
    assert same == set()
