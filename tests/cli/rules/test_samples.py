"""`dlp rules test`, as a user calls it."""

import json

import pytest
from typer.testing import CliRunner

from dlp.cli import app

RULE = """\
version: 1
family: own
rules:
  - id: acme-key
    pattern: 'acme_[a-z0-9]{20}'
    matches: ["acme_{loweralnum:20}", "x acme_{loweralnum:20} y"]
    ignores: ["acme_{loweralnum:19}"]
"""


@pytest.fixture
def own(tmp_path):
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "own.yaml").write_text(RULE)
    return tmp_path


def run(folder, *words):
    return CliRunner().invoke(app, ["rules", "test", "--rules", str(folder), *words])


def test_all_rules_are_tested_and_counted_by_family(own):
    told = run(own)
    assert told.exit_code == 0
    (line,) = [row for row in told.stdout.splitlines() if " own " in row]
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "own",
        "1",
        "3",
        "0",
    ]


def test_one_rule_shows_each_sample(own):
    told = run(own, "acme-key")
    assert told.exit_code == 0
    assert told.stdout.count("acme-key") == 3


def test_json_names_every_rule(own):
    told = json.loads(run(own, "acme-key", "--json").stdout)
    assert told == {
        "ok": True,
        "rules": [{"id": "acme-key", "family": "own", "samples": 3, "faults": []}],
    }


def test_a_rule_that_does_not_exist_is_said(own):
    told = run(own, "acme-kex")
    assert told.exit_code != 0
    assert "acme-kex" in str(told.exception)


def test_a_sample_that_lies_exits_with_its_place(own):
    path = own / "detectors" / "own.yaml"
    path.write_text(RULE.replace("_{loweralnum:19}", "_{loweralnum:29}"))
    told = run(own)
    assert told.exit_code != 0
    assert "own.yaml:5:14: rule acme-key" in str(told.exception)
