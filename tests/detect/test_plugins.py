"""Plugins of detect-secrets load as rules; other kinds only when told so."""

import random
import string

import pytest

from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.errors import RuleError
from dlp.model import Tier, View
from dlp.rulefile import builtin_folder


def secret(alphabet, size):
    return "".join(random.Random(size).choices(alphabet, k=size))


ALNUM = string.ascii_letters + string.digits


def load(folder, text, files=()):
    (folder / "detectors").mkdir()
    for name, content in files:
        (folder / "detectors" / name).write_text(content)
    (folder / "detectors" / "own.yaml").write_text("version: 1\n" + text)
    empty = folder / "none"
    return load_rules(folder, builtin=empty)


def found(rules, data):
    views = [View(b"something before", 0), View(data.encode(), 1)]
    result = Engine.build(rules).scan(views)
    return [(m.rule.id, m.secret.decode(), m.view.part, m.tier) for m in result.matches]


def test_a_denylist_becomes_rules(tmp_path):
    rules = load(tmp_path, "plugins:\n  - {name: SendGridDetector, tier: strong}\n")
    token = f"SG.{secret(ALNUM, 22)}.{secret(ALNUM, 43)}"
    assert found(rules, f"key {token}") == [("ds-send-grid-1", token, 1, Tier.STRONG)]


def test_look_around_and_open_repeats_of_a_denylist_work(tmp_path):
    rules = load(tmp_path, "plugins:\n  - {name: GitLabTokenDetector}\n")
    token = "glpat" + "-" + secret(ALNUM, 26)
    assert found(rules, token)[0][:2] == ("ds-git-lab-token-1", token)
    assert found(rules, "glimt" + "-" + secret(ALNUM, 26)) == []


def test_a_filter_serves_as_check(tmp_path):
    text = (
        "plugins:\n  - {name: TwilioKeyDetector, checks: ['ds:is_sequential_string']}\n"
    )
    rules = load(tmp_path, text)
    assert found(rules, "AC" + secret("0123456789abcdef", 32))
    assert rules[0].checks == (("ds:is_sequential_string", None),)


def test_every_plugin_that_ships_loads_once_its_family_is_on(tmp_path):
    (tmp_path / "detectors").mkdir()
    own = tmp_path / "detectors" / "own.yaml"
    own.write_text("version: 1\nenable: [detect-secrets]\n")
    rules = load_rules(tmp_path, builtin=_only_detect_secrets(tmp_path))
    assert len([rule for rule in rules if rule.family == "detect-secrets"]) > 30
    Engine.build(rules)


def _only_detect_secrets(folder):
    target = folder / "shipped" / "detectors"
    target.mkdir(parents=True)
    source = builtin_folder() / "detectors" / "detect-secrets.yaml"
    (target / source.name).write_bytes(source.read_bytes())
    return folder / "shipped"


OWN_REGEX = """
import re
from detect_secrets.plugins.base import RegexBasedDetector

class AcmeDetector(RegexBasedDetector):
    secret_type = "Acme key"
    denylist = (re.compile(r"acme:([a-z]{12,})", re.IGNORECASE),)
"""
OWN_CODE = """
from detect_secrets.plugins.base import BasePlugin

class AcmeDetector(BasePlugin):
    secret_type = "Acme key"

    def analyze_string(self, string):
        if "acme" in string:
            yield string.split("acme ")[1].split()[0]

    def verify(self, secret):
        raise AssertionError("nothing is ever verified")
"""


def test_an_operators_regex_plugin_becomes_rules(tmp_path):
    rules = load(
        tmp_path,
        "plugins:\n  - {name: AcmeDetector, file: acme.py}\n",
        [("acme.py", OWN_REGEX)],
    )
    word = secret(string.ascii_lowercase, 20)
    assert found(rules, f"ACME:{word}") == [("ds-acme-1", word, 1, Tier.LIKELY)]


def test_a_plugin_that_runs_code_needs_slow(tmp_path):
    with pytest.raises(RuleError, match=r"own.yaml:3:12: .*slow: true"):
        load(
            tmp_path,
            "plugins:\n  - {name: AcmeDetector, file: acme.py}\n",
            [("acme.py", OWN_CODE)],
        )


def test_a_slow_plugin_is_asked_about_every_line(tmp_path):
    rules = load(
        tmp_path,
        "plugins:\n  - {name: AcmeDetector, file: acme.py, slow: true}\n",
        [("acme.py", OWN_CODE)],
    )
    word = secret(string.ascii_lowercase, 21)
    data = f"one\ntwo é\nthe acme {word} stands here\n"
    assert found(rules, data) == [("ds-acme", word, 1, Tier.LIKELY)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plugins:\n  - {name: NoDetector}\n", "no plugin class NoDetector"),
        ("plugins:\n  - {name: X, file: no.py}\n", "no plugin file"),
        ("plugins:\n  - {name: X, file: bad.py}\n", "invalid syntax"),
        ("plugins:\n  - {name: JwtTokenDetector}\n", "slow: true"),
        ("plugins:\n  - {name: NpmDetector, checks: [magic]}\n", "unknown check"),
        ("plugins:\n  - {name: NpmDetector, checks: ['ds:magic']}\n", "unknown check"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_a_fault_with_its_place(tmp_path, text, words):
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text, [("bad.py", "class X(:\n")])
    assert words in str(caught.value)
    assert "own.yaml:3:" in str(caught.value)
