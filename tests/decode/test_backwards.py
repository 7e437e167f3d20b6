"""Base64 that is text from its end, among much that is text from its begin."""

import base64
import json
import random

import pytest

from dlp.decode.budget import Budget
from dlp.decode.codes import base64 as decoder
from dlp.decode.source import Source
from dlp.detect.templates import expand
from dlp.model import Limits, View

HONEST = [
    base64.b64encode(
        json.dumps({"uptime": n / 7, "rss": n * 977, "dirs": {"n": n}}).encode()
    )
    for n in range(3000)
]
"""What coding agents tell of themselves; read backwards, chance makes text of some."""


def turned(data):
    budget = Budget.of(Limits(), len(data))
    return list(decoder.backwards(Source(View(data, 0), budget)))


def test_what_is_text_as_it_stands_is_not_turned():
    assert turned(b"\n".join(HONEST)) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_is_text_from_its_end_is_turned_wherever_it_stands(seed):
    rng = random.Random(seed)
    secret = expand("{alnum:40}", seed=seed).encode()
    coded = base64.b64encode(secret)
    lines = [*rng.sample(HONEST, 50), coded[::-1]]
    rng.shuffle(lines)
    found = turned(b"\n".join(lines))
    assert any(coded.strip(b"=") in view.data for view in found)


def test_one_run_may_be_text_from_both_ends():
    secret = expand("{alnum:40}", seed=3).encode()
    coded = base64.b64encode(secret).strip(b"=")
    run = base64.b64encode(b"a plain beginning of many words") + coded[::-1]
    assert any(coded in view.data for view in turned(run))
