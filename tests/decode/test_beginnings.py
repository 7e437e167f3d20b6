"""What vendors' keys begin with is what the rules say."""

import codecs
from pathlib import Path

import pytest

from dlp import Inspector
from dlp.decode.beginnings import BEGINNINGS, KEY, USUAL
from dlp.detect.confirm import prefixes
from dlp.detect.templates import expand

RULES = Path(__file__).parents[2] / "rules"
SHORTEST = 4
CHANCE = {b"AAAA"}
"""Zeros in base64."""


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load(RULES)


def fixed(inspector):
    """What rules that are sure fix of the beginning, as it is written."""
    found = set()
    for rule in inspector.engine.rules:
        texts = prefixes(rule.pattern.exact, folded=False)
        if rule.tier in {"certain", "strong"}:
            found.update(text for text in texts if len(text) >= SHORTEST)
    return found - CHANCE


def test_every_beginning_that_a_rule_is_sure_of_is_here(inspector):
    known = tuple(BEGINNINGS)
    missing = [t for t in fixed(inspector) if not t.decode().startswith(known)]
    assert sorted(missing) == []


def test_none_is_here_twice_or_said_by_a_shorter_one():
    others = BEGINNINGS[len(USUAL) :]
    assert len(set(BEGINNINGS)) == len(BEGINNINGS)
    for text in others:
        assert not [o for o in BEGINNINGS if o != text and text.startswith(o)], text


@pytest.mark.parametrize("beginning", ["sntrys_eyJ", "glsa_", "pcsk_", "shpca_"])
def test_a_key_is_its_beginning_and_enough_more(beginning):
    assert KEY.match(beginning.encode() + b"a" * 12)
    assert not KEY.match(beginning.encode() + b"a" * 11)
    assert not KEY.match(b"x" + beginning.encode() + b"a" * 12)


WAYS = {
    "reversed": lambda b: b[::-1],
    "rot13": lambda b: codecs.encode(b.decode(), "rot13").encode(),
    "rot47": lambda b: bytes(33 + (x + 14) % 94 if 33 <= x < 127 else x for x in b),
    "other case": bytes.swapcase,
    "one-byte XOR": lambda b: bytes(x ^ 0xDC for x in b),
}
KEYS = {
    "grafana": "glsa_{alnum:32}_{hex:8}",
    "pinecone": "pcsk_{alnum:6}_{alnum:63}",
    "databricks": "dapi{hex:32}",
    "sendgrid": "SG.{alnum:22}.{alnum:43}",
    "postman": "PMAK-{hex:24}-{hex:34}",
    "supabase": "sbp_{hex:40}",
    "doppler": "dp.pt.{alnum:43}",
    "rubygems": "rubygems_{hex:48}",
}


HIDDEN = [
    (key, way)
    for key in KEYS
    for way in WAYS
    if way != "one-byte XOR" or len(KEYS[key].partition("{")[0]) >= SHORTEST
]
"""All but `SG.` under a byte: two steps from byte to byte are chance."""


@pytest.mark.parametrize(("key", "way"), HIDDEN)
def test_any_vendors_key_is_known_in_what_everybody_can_undo(inspector, key, way):
    hidden = WAYS[way](expand(KEYS[key], seed=8).encode())
    assert inspector.scan(b"keep " + hidden + b" for me")
