"""Detector files: the built-in set works, and every fault has its place and remedy."""

from pathlib import Path

import pytest

from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.detect.samples import verify
from dlp.detect.templates import expand
from dlp.errors import RuleError
from dlp.model import View


def write(folder: Path, text: str, name: str = "own.yaml") -> Path:
    (folder / "detectors").mkdir(parents=True, exist_ok=True)
    (folder / "detectors" / name).write_text(text)
    return folder


RULE = """\
version: 1
rules:
  - id: acme-key
    pattern: 'acme_[a-z0-9]{20}'
    matches: ["acme_{loweralnum:20}"]
    ignores: ["acme_{loweralnum:19}"]
"""


def test_every_built_in_rule_keeps_the_promises_of_its_samples():
    verify(load_rules())


def test_the_engine_finds_every_positive_sample_of_every_built_in_rule():
    rules = load_rules()
    engine = Engine.build(rules)
    silent = [
        (rule.id, template)
        for rule in rules
        for template in rule.matches
        if not engine.scan([View(expand(template).encode(), 0)]).matches
    ]
    assert silent == []


def test_an_operators_rule_is_added(tmp_path):
    rules = load_rules(write(tmp_path, RULE))
    verify(rules)
    assert "acme-key" in {rule.id for rule in rules}
    assert len(rules) == len(load_rules()) + 1


def test_an_operators_rule_replaces_a_built_in_one_and_can_switch_it_off(tmp_path):
    known = load_rules()[0].id
    own = load_rules(write(tmp_path, RULE.replace("acme-key", known)))
    assert {r.id: r for r in own}[known].pattern.exact == b"acme_[a-z0-9]{20}"
    write(tmp_path, f"version: 1\nrules:\n  - {{id: {known}, enabled: false}}\n")
    write(tmp_path, RULE, "z.yaml")
    assert known not in {rule.id for rule in load_rules(tmp_path)}


def test_one_line_switches_a_family_off_and_on(tmp_path):
    write(tmp_path, "version: 1\nfamily: x\nenabled: false\n" + RULE[11:])
    assert "acme-key" not in {rule.id for rule in load_rules(tmp_path)}
    write(tmp_path, "version: 1\nenable: [x]\n", "z.yaml")
    assert "acme-key" in {rule.id for rule in load_rules(tmp_path)}
    write(tmp_path, "version: 1\ndisable: [x]\n", "zz.yaml")
    assert "acme-key" not in {rule.id for rule in load_rules(tmp_path)}


FAULTS = {
    "bad expression": ("'acme_[a-z0-9]{20}'", "'acme_([a-z]'", "4:14", "bad pattern"),
    "look-around": ("acme_[a-z", "acme_(?=x)[a-z", "4:14", "look-around"),
    "back-reference": ("'acme_[a-z0-9]{20}'", r"'(acme)\1xx'", "4:14", "back-refer"),
    "unbounded": ("{20}'", "+'", "4:14", "unbounded repeat"),
    "unbounded inside": ("[a-z0-9]{20}", "(?:ab*){3}", "4:14", "write {0,N}"),
    "too wide": ("{20}'", "{20,30000}'", "4:14", "limit is"),
    "can be empty": ("'acme_[a-z0-9]{20}'", "'a{0,9}'", "4:14", "match nothing"),
    "matches everything": ("acme_[a-z0-9]{20}", r"\w{3,5}", "4:14", "ordinary text"),
    "flag": ("'acme", "'(?s)acme", "4:14", "flag other than"),
    "no sample": ('    matches: ["acme_{loweralnum:20}"]\n', "", "3:5", "no sample"),
    "two shapes": (
        "ignores:",
        "names: [acme]\n    value: '[a-z]{9}'\n    ignores:",
        "7:12",
        "no shape, or two",
    ),
    "a name without value": (
        "pattern: 'acme_[a-z0-9]{20}'",
        "names: [acme]",
        "3:5",
        "no shape, or two",
    ),
    "unknown check": ("ignores:", "checks: [magic]\n    ignores:", "6:14", "unknown"),
    "check without number": (
        "ignores:",
        "checks: [entropy]\n    ignores:",
        "6:14",
        "needs a number",
    ),
    "unknown slot": ("ignores:", "slots: [header]\n    ignores:", "6:13", "slot"),
    "context alone": ("ignores:", "context: 9\n    ignores:", "6:14", "keywords"),
    "twice": (
        "version: 1\nrules:\n",
        "version: 1\nrules:\n" + RULE[18:],
        "7:9",
        "also",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_with_its_place(tmp_path, name):
    old, new, place, words = FAULTS[name]
    assert old in RULE
    with pytest.raises(RuleError) as caught:
        load_rules(write(tmp_path, RULE.replace(old, new)))
    text = str(caught.value)
    assert f"own.yaml:{place}: " in text
    assert words in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("_{loweralnum:20}", "_{loweralnum:18}", "must fire it but does not"),
        ("_{loweralnum:19}", "_{loweralnum:29}", "must not fire it"),
        ("_{loweralnum:20}", "_{nonsense:20}", "unknown template"),
        ("_{loweralnum:20}", "_{loweralnum:x}", "not a length"),
        ("_{loweralnum:20}", "_{loweralnum:20", "stray"),
    ],
)
def test_a_sample_that_lies_is_a_fault(tmp_path, old, new, words):
    with pytest.raises(RuleError) as caught:
        verify(load_rules(write(tmp_path, RULE.replace(old, new))))
    assert words in str(caught.value)
    assert "own.yaml:4:14: rule acme-key" in str(caught.value)


def test_all_faults_of_all_files_come_at_once(tmp_path):
    write(tmp_path, RULE.replace("{20}'", "+'"))
    write(tmp_path, RULE.replace("acme-key", "b").replace("{20}'", "*'"), "p.yaml")
    with pytest.raises(RuleError) as caught:
        load_rules(tmp_path)
    assert [Path(p.file).name for p in caught.value.problems] == ["own.yaml", "p.yaml"]
