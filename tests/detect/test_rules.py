"""Detector files: the built-in set works, and every fault has its place and remedy."""

from pathlib import Path

import pytest

from dlp.detect.engine import Engine
from dlp.detect.pattern import prepare
from dlp.detect.rules import load_rules
from dlp.detect.samples import faults, verify
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


BUILT_IN = """\
version: 1
family: stock
rules:
  - id: stock-key
    pattern: 'stock_[a-z0-9]{20}'
    matches: ["stock_{loweralnum:20}"]
    ignores: ["stock_{loweralnum:19}"]
"""


@pytest.fixture
def load(tmp_path_factory):
    """`load_rules` over a built-in set of one rule: the real one takes a second."""
    builtin = write(tmp_path_factory.mktemp("builtin"), BUILT_IN, "stock.yaml")
    return lambda folder=None: load_rules(folder, builtin=builtin)


def ids(rules):
    return {rule.id for rule in rules}


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


def test_a_pattern_that_comes_again_is_not_read_again():
    rules = load_rules()
    read = prepare.cache_info().misses
    assert load_rules() == rules
    assert prepare.cache_info().misses == read


def test_an_operators_rule_is_added(load, tmp_path):
    assert ids(load(write(tmp_path, RULE))) == {"acme-key", "stock-key"}


def test_an_operators_rule_replaces_a_built_in_one(load, tmp_path):
    own = load(write(tmp_path, RULE.replace("acme-key", "stock-key")))
    assert [rule.pattern.exact for rule in own] == [b"acme_[a-z0-9]{20}"]


def test_an_operator_switches_a_built_in_rule_off(load, tmp_path):
    write(
        tmp_path, "version: 1\nrules:\n  - {id: stock-key, enabled: false}\n", "z.yaml"
    )
    assert ids(load(write(tmp_path, RULE))) == {"acme-key"}


def test_one_line_switches_a_family_off_and_on(load, tmp_path):
    write(tmp_path, "version: 1\nfamily: x\nenabled: false\n" + RULE[11:])
    assert ids(load(tmp_path)) == {"stock-key"}
    write(tmp_path, "version: 1\nenable: [x]\n", "z.yaml")
    assert ids(load(tmp_path)) == {"acme-key", "stock-key"}
    write(tmp_path, "version: 1\ndisable: [x, stock]\nenable: [x]\n", "zz.yaml")
    write(tmp_path, "version: 1\ndisable: [x]\nenable: [stock]\n", "zzz.yaml")
    assert ids(load(tmp_path)) == {"stock-key"}


def test_a_folder_that_is_the_built_in_one_is_read_once(tmp_path):
    folder = write(tmp_path, RULE)
    assert ids(load_rules(folder, builtin=folder)) == {"acme-key"}


def test_a_rule_set_that_is_all_off_is_a_fault(load, tmp_path):
    with pytest.raises(RuleError, match="no rule is on"):
        load(write(tmp_path, "version: 1\ndisable: [stock]\n"))


SWITCHES = {
    "family to switch on": ("version: 1\nenable: [stok]\n", "2:10", "no family stok"),
    "family to switch off": ("version: 1\ndisable: [stok]\n", "2:11", "use stock"),
    "rule to switch off": (
        "version: 1\nrules:\n  - {id: stok-key, enabled: false}\n",
        "3:10",
        "no rule stok-key",
    ),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_for_what_does_not_exist_is_a_fault(load, tmp_path, name):
    text, place, words = SWITCHES[name]
    with pytest.raises(RuleError) as caught:
        load(write(tmp_path, text))
    assert f"own.yaml:{place}: " in str(caught.value)
    assert words in str(caught.value)


FAULTS = {
    "bad expression": ("'acme_[a-z0-9]{20}'", "'acme_([a-z]'", "4:14", "bad pattern"),
    "back-reference": ("'acme_[a-z0-9]{20}'", r"'(acme)\1xx'", "4:14", "back-refer"),
    "unbounded": ("{20}'", "+'", "4:14", "unbounded repeat"),
    "unbounded inside": ("[a-z0-9]{20}", "(?:ab*){3}", "4:14", "write {0,N}"),
    "too wide": ("{20}'", "{20,30000}'", "4:14", "limit is"),
    "can be empty": ("'acme_[a-z0-9]{20}'", "'a{0,9}'", "4:14", "match nothing"),
    "matches everything": ("acme_[a-z0-9]{20}", r"\w{3,5}", "4:14", "ordinary text"),
    "no shape": ("    pattern: 'acme_[a-z0-9]{20}'\n", "", "3:5", "states no shape"),
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
    "check without name": (
        "ignores:",
        "checks: [{}]\n    ignores:",
        "6:14",
        "a check without a name; name one",
    ),
    "check without number": (
        "ignores:",
        "checks: [entropy]\n    ignores:",
        "6:14",
        "needs a number",
    ),
    "unknown slot": ("ignores:", "slots: [header]\n    ignores:", "6:13", "slot"),
    "a URL as host": (
        "ignores:",
        "hosts: ['https://acme.example']\n    ignores:",
        "6:13",
        "is a URL; write `acme.example`",
    ),
    "everybody as host": ("ignores:", "hosts: ['*']\n    ignores:", "6:13", "nobody's"),
    "a blank name": (
        "pattern: 'acme_[a-z0-9]{20}'",
        "names: [acme, ' ']\n    value: '[a-z]{9}'",
        "4:19",
        "is blank",
    ),
    "a blank keyword": ("ignores:", "keywords: ['']\n    ignores:", "6:16", "is blank"),
    "read in two ways": ("[a-z0-9]{20}'", "[a-z]{same::3}'", "4:14", "cannot be tried"),
    "context alone": ("ignores:", "context: 9\n    ignores:", "6:14", "keywords"),
    "twice": (
        "version: 1\nrules:\n",
        "version: 1\nrules:\n" + RULE[18:],
        "7:9",
        "also",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_reported_with_its_place(load, tmp_path, name):
    old, new, place, words = FAULTS[name]
    assert old in RULE
    with pytest.raises(RuleError) as caught:
        load(write(tmp_path, RULE.replace(old, new)))
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
        ("_{loweralnum:20}", "_{loweralnum:20-9}", "not a length"),
        ("_{loweralnum:20}", "_{from::20}", "wrong arguments"),
        ("_{loweralnum:20}", "_{loweralnum:20", "stray"),
    ],
)
def test_a_sample_that_lies_is_a_fault(load, tmp_path, old, new, words):
    with pytest.raises(RuleError) as caught:
        load(write(tmp_path, RULE.replace(old, new)))
    assert words in str(caught.value)
    assert "own.yaml:4:14: rule acme-key" in str(caught.value)


def test_a_name_may_hold_what_means_something_in_expressions(load, tmp_path):
    text = RULE.replace("ignores:", "aside: ['c++', '(x']\n    ignores:")
    rule = next(r for r in load(write(tmp_path, text)) if r.id == "acme-key")
    assert not any(faults(rule))


def test_a_folder_that_cannot_be_read_is_a_fault(load, tmp_path):
    """It gave no rule and no word: what an operator looks for was looked for no more."""
    (tmp_path / "detectors").write_text("a file where a folder should be")
    with pytest.raises(RuleError, match="detectors:0:0: cannot be read"):
        load(tmp_path)


def test_a_file_of_nearly_the_right_name_is_a_fault(load, tmp_path):
    write(tmp_path, RULE, "acme.yml")
    with pytest.raises(RuleError, match=r"is not read; rename it to acme\.yaml"):
        load(tmp_path)


def test_other_files_may_lie_beside(load, tmp_path):
    write(tmp_path, "words", "README.md")
    assert "acme-key" in ids(load(write(tmp_path, RULE)))


def test_all_faults_of_all_files_come_at_once(load, tmp_path):
    write(tmp_path, RULE.replace("{20}'", "+'"))
    write(tmp_path, RULE.replace("acme-key", "b").replace("{20}'", "*'"), "p.yaml")
    with pytest.raises(RuleError) as caught:
        load(tmp_path)
    assert [Path(p.file).name for p in caught.value.problems] == ["own.yaml", "p.yaml"]


IMPORTED = RULE.replace("version: 1", "version: 1\nimported: true")


def test_an_imported_rule_stays_in_force_when_its_sample_no_longer_holds(
    load, tmp_path
):
    """A later version may take the sample for a placeholder; it starts all the same."""
    lying = IMPORTED.replace('["acme_{loweralnum:20}"]', '["acme_{x:20}"]')
    write(tmp_path, lying.replace("{x:20}", "your_key_goes_here1"))
    rules = {rule.id: rule for rule in load(tmp_path)}
    assert [p.what for p in faults(rules["acme-key"])]
    key = expand("acme_{loweralnum:20}").encode()
    (match,) = Engine.build(tuple(rules.values())).scan([View(key, 0)]).matches
    assert match.rule.id == "acme-key"


def test_an_imported_rule_does_not_replace_a_built_in_one_of_its_name(load, tmp_path):
    write(tmp_path, IMPORTED.replace("acme-key", "stock-key"))
    rules = {rule.id: rule for rule in load(tmp_path)}
    assert not rules["stock-key"].imported
    assert rules["stock-key-imported"].imported


def test_an_imported_rule_that_the_engine_cannot_run_is_a_fault(load, tmp_path):
    write(tmp_path, IMPORTED.replace("{20}'", "{20}('"))
    with pytest.raises(RuleError):
        load(tmp_path)
