"""rules/README.md: its examples load, and it names all that a file may hold."""

import re
from pathlib import Path

import pytest

from dlp.detect.proof.checks import CHECKS, MEASURED
from dlp.detect.proof.identifiers import IDENTIFIERS
from dlp.detect.rules import load_rules
from dlp.detect.rulespec import DetectorFile, PluginSpec, RuleSpec
from dlp.detect.templates import _FILLS, ALPHABETS
from dlp.policy import load_policy
from dlp.policy.schema import (
    CageModel,
    InspectionModel,
    PolicyModel,
    StatementModel,
    UpstreamModel,
)

README = Path(__file__).parents[1] / "rules" / "README.md"
TEXT = README.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n# (\S+)\n(.*?)```", TEXT, re.DOTALL)
"""Name of the file that each example is, and its text."""


@pytest.fixture
def folder(tmp_path):
    for name, text in BLOCKS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_there_is_an_example_of_both_kinds_of_file():
    assert [name for name, _ in BLOCKS] == ["policy.yaml", "detectors/acme.yaml"]


def test_the_policy_loads(folder):
    policy = load_policy(folder)
    assert len(policy.statements) == 6
    assert policy.cage.writable == ("~/.claude",)


def test_the_detectors_load_with_their_samples(folder):
    rules = {rule.id for rule in load_rules(folder)}
    assert {"acme-deploy-key", "acme-legacy-secret", "acme-ticket"} <= rules
    assert "slack-bot-token" not in rules


@pytest.mark.parametrize(
    "model",
    [
        PolicyModel, StatementModel, UpstreamModel, InspectionModel, CageModel,
        DetectorFile, RuleSpec, PluginSpec,
    ],
)  # fmt: skip
def test_every_field_is_named(model):
    absent = {"slow"}  # for plugins that run code; rules/schema says what it does
    missing = [
        name
        for name in set(model.model_fields) - absent
        if not re.search(rf"\b{name}\b", TEXT)
    ]
    assert missing == []


def test_every_check_and_every_form_of_a_sample_is_named():
    checks = [name for name in (*CHECKS, *MEASURED) if name not in IDENTIFIERS]
    assert [name for name in checks if f"`{name}`" not in TEXT] == []
    forms = [*ALPHABETS, *_FILLS]
    assert [name for name in forms if f"`{{{name}" not in TEXT] == []
