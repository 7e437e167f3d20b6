"""`dlp rules import`, as a user calls it."""

import re
import subprocess

import pytest
from typer.testing import CliRunner

from dlp.cli import app
from dlp.detect.rules import load_rules
from tests.harness.proxy import DLP

GITLEAKS = r"""
[[rules]]
id = "acme"
description = "Acme"
regex = '''acme_[a-z0-9]{20}'''
path = '''x'''
[[rules]]
id = "mirror"
regex = '''(a)\1b'''
"""
POLICY = """\
version: 1
statements:
  - {id: llm, effect: allow, hosts: [api.example.com]}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "team.toml"
    path.write_text(GITLEAKS)
    return path


def run(*words):
    return CliRunner().invoke(app, ["rules", "import", *map(str, words)])


def test_the_file_written_is_a_detector_file(file, tmp_path):
    (tmp_path / "detectors").mkdir()
    told = run(file, "--output", tmp_path / "detectors" / "team.yaml")
    assert told.exit_code == 0
    (rule,) = load_rules(tmp_path, builtin=tmp_path / "none")
    assert (rule.id, rule.family) == ("acme", "team")


def test_a_sample_that_a_later_version_reads_otherwise_is_a_warning(file, tmp_path):
    (tmp_path / "detectors").mkdir()
    made = tmp_path / "detectors" / "team.yaml"
    run(file, "--output", made)
    text = made.read_text()
    made.write_text(
        re.sub(r"matches: .*", 'matches: ["acme_your_api_key_goes_her"]', text)
    )
    (tmp_path / "policy.yaml").write_text(POLICY)
    told = CliRunner().invoke(app, ["rules", "check", "--rules", str(tmp_path)])
    assert told.exit_code == 0
    place = f"{made}:8:"
    assert f"warning: {place}" in told.stderr
    assert "rule acme: sample" in told.stderr
    assert "it stays in force" in told.stderr
    assert "acme" in {rule.id for rule in load_rules(tmp_path)}


def test_the_report_goes_to_standard_error(file):
    told = run(file, "--family", "ours")
    assert "family: ours" in told.stdout
    assert "mirror" not in told.stdout
    assert "acme: taken over without the path condition" in told.stderr
    assert "mirror: left out: " in told.stderr
    assert "1 rules taken over, 1 left out" in told.stderr


def test_nothing_is_overwritten(file):
    told = run(file, "--output", file)
    assert "exists: name another --output" in str(told.exception)
    assert file.read_text() == GITLEAKS


def test_nothing_taken_over_exits_with_1(tmp_path):
    path = tmp_path / "none.toml"
    path.write_text("rules = []\n")
    assert run(path).exit_code == 1


def test_a_file_that_is_not_there_is_said(tmp_path):
    assert "No such file" in str(run(tmp_path / "no.toml").exception)


VENDORS = r"""
[[rules]]
id = "slack-bot-token"
regex = '''xoxb-[0-9A-Za-z-]{24,}'''
[[rules]]
id = "gitlab-pat"
regex = '''glpat-[\w-]{20}'''
[[rules]]
id = "acme-token"
regex = '''acme_[a-z0-9]{24}'''
"""


def test_a_built_in_rule_stays_and_its_vendor_is_the_imported_rules(tmp_path):
    """Else an agent's own key is refused at its own provider."""
    (tmp_path / "theirs.toml").write_text(VENDORS)
    (tmp_path / "detectors").mkdir()
    told = run(
        *(tmp_path / "theirs.toml", "--output", tmp_path / "detectors" / "theirs.yaml")
    )
    assert "slack-bot-token-2: not slack-bot-token, which is a built-in" in told.stderr
    assert "give them `hosts`: acme-token\n" in told.stderr
    rules = {rule.id: rule for rule in load_rules(tmp_path)}
    own = rules["slack-bot-token"]
    assert own.family == "chat"
    assert rules["slack-bot-token-2"].hosts == own.hosts
    assert "gitlab.com" in rules["gitlab-pat"].hosts
    assert rules["acme-token"].hosts == ()


def test_a_file_that_cannot_be_written_is_not_left(file, tmp_path):
    """An empty one among the detectors would stop the next reload."""
    made = tmp_path / "own.yaml"
    words = f'ulimit -f 0; exec "{DLP}" rules import "{file}" --output "{made}"'
    done = subprocess.run(["sh", "-c", words], capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert str(made) in done.stderr.decode()
    assert not made.exists()
