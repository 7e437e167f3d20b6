"""The built-in detectors as a set; `test_rules` runs the samples they carry."""

import json
from collections import Counter

import pytest

from dlp.decode import decode
from dlp.detect.engine import Engine
from dlp.detect.rules import DetectorFile, Rule, load_rules
from dlp.detect.samples import verify
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind, Tier, View
from dlp.rulefile import builtin_folder, load_model

RULES = load_rules()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.build(RULES)


def found(engine: Engine, template: str) -> set[str]:
    view = View(expand(template).encode(), 0)
    return {match.rule.id for match in engine.scan([view]).matches}


def every_rule() -> list[Rule]:
    return [rule for rule in RULES if rule.family != "generic"]


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.id)
def test_a_rule_is_described_and_has_samples_of_both_kinds(rule):
    assert rule.description
    assert len(set(rule.matches)) >= 2
    assert len(set(rule.ignores)) >= 2


def test_descriptions_are_distinct():
    counts = Counter(rule.description for rule in every_rule())
    assert [text for text, count in counts.items() if count > 1] == []


def test_only_a_checksum_or_a_signature_makes_a_rule_certain():
    certain = {rule.id for rule in RULES if rule.tier is Tier.CERTAIN}
    assert certain == {
        "azure-ai-services-key",
        "azure-devops-pat",
        "azure-identifiable-key",
        "azure-storage-key-checksummed",
        "bip32-private-key",
        "bitcoin-wif-key",
        "github-token",
        "npm-token",
        "stellar-secret-seed",
    }


def test_a_value_that_only_its_name_gives_away_is_at_most_likely():
    folder = builtin_folder() / "detectors"
    named = {
        rule.id
        for path in folder.glob("*.yaml")
        for rule in load_model(path, DetectorFile).value.rules
        if rule.names
    }
    strong = {rule.id for rule in RULES if rule.tier in {Tier.CERTAIN, Tier.STRONG}}
    assert named & strong == set()


LONGER = {
    "huggingface-token": "hf_{alnum:60}",
    "aws-access-key-id": "AKIA{base32:30}",
    "google-api-key": "AIza{base64url:60}",
    "zhipu-api-key": "{hex:32}.{alnum:40}",
}


@pytest.mark.parametrize("rule", LONGER)
def test_a_longer_token_is_not_cut_to_fit(engine, rule):
    assert rule not in found(engine, LONGER[rule])


OFF = {"pii": 30, "seeds": 3}
"""Families that one line of an operator's file turns on, and how many rules at least."""


@pytest.mark.parametrize("family", OFF)
def test_one_line_turns_a_family_on(family, tmp_path):
    (tmp_path / "detectors").mkdir()
    own = tmp_path / "detectors" / "own.yaml"
    own.write_text(f"version: 1\nenable: [{family}]\n")
    assert not [rule for rule in RULES if rule.family == family]
    rules = [rule for rule in load_rules(tmp_path) if rule.family == family]
    assert len(rules) >= OFF[family]
    verify(rules)
    engine = Engine.build(rules)
    silent = [
        (rule.id, template)
        for rule in rules
        for template in rule.matches
        if rule.id not in found(engine, template)
    ]
    assert silent == []


def test_several_private_keys_in_one_message_are_no_flood(engine):
    """A key ends the pattern at each of its bytes: that is one hit, not hundreds."""
    template = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----"
    body = "\n".join("{base64:64}" for _ in range(12))
    keys = [expand(template.replace("{}", body), seed=seed) for seed in range(4)]
    parts = [*keys, *(key.split("-----")[2] for key in keys), json.dumps(keys)]
    data = json.dumps({"messages": [{"content": part} for part in parts]}).encode()
    views = decode((Part(PartKind.BODY, data),), Limits()).views
    scanned = engine.scan(views)
    assert not scanned.flooded
    assert {match.rule.id for match in scanned.matches} == {"private-key"}
