"""Honest traffic raises no alarm: no block-tier finding in any class of it."""

import pytest

from dlp.decode import decode
from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.model import Limits, Part, PartKind, Tier
from tests.detect.honest import CLASSES, honest

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


def test_the_classes_differ_from_seed_to_seed():
    same = {name for name in CLASSES if honest(name, 1) == honest(name, 2)}
    assert same == set()
