"""Rules of other scanners load as ours, and the report names what was left behind."""

import pytest

from dlp.detect.engine import Engine
from dlp.detect.imported.imports import import_rules
from dlp.detect.rules import load_rules
from dlp.detect.templates import expand
from dlp.errors import UsageError
from dlp.model import Tier, View

GITLEAKS = r"""
title = "x"
[[rules]]
id = "acme.api_key"
description = "Acme key"
regex = '''(?i)[\w.-]{0,50}?(?:acme)(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=)[\x60'"\s=]{0,5}([a-z0-9]{32})(?:[\x60'"\s;]|\\[nr]|$)'''
entropy = 3.5
keywords = ["acme"]
[[rules.allowlists]]
regexes = ['''xyz''']
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''\b(acme_(?:live|test)_[[:alnum:]]+)\b'''
[[rules]]
id = "second-group"
regex = '''two([0-9]{9,})-([a-f0-9]{20})\z'''
secretGroup = 2
[[rules]]
id = "by-path"
path = '''\.p12$'''
[[rules]]
id = "remembers"
regex = '''(['"])[a-z]{8}\1secret'''
"""
KINGFISHER = r"""
rules:
  - name: Bolt key
    id: kingfisher.bolt.1
    pattern: |
      (?xi)
      \b
      bolt
      (?:.|[\n\r]){0,16}?
      \b
      (?P<TOKEN>blt-[A-Z0-9]{20,30})   # the key
      \b
    min_entropy: 3.0
    confidence: medium
    examples: [bolt = blt-XXXX]
    validation: {type: Http}
"""


def sources(imported):
    return dict(imported.sources)


def secrets_of(imported):
    """What each rule finds in its own sample."""
    return {
        rule.id: Engine.build([rule])
        .scan([View(expand(rule.matches[0]).encode(), 0)])
        .matches[0]
        .secret.decode()
        for rule in imported.rules
    }


def test_gitleaks_rules_are_taken_over():
    imported = import_rules(GITLEAKS.encode(), "gitleaks.toml")
    found = secrets_of(imported)
    assert list(found) == ["acme-api-key", "acme-token", "second-group"]
    assert len(found["acme-api-key"]) == 32
    assert found["acme-token"].startswith("acme_live_")
    assert len(found["second-group"]) == 20
    assert imported.rules[0].checks == (("entropy", 3.5),)
    assert [rule.tier for rule in imported.rules] == [
        Tier.LIKELY,
        Tier.STRONG,
        Tier.LIKELY,
    ]


def test_the_report_names_what_was_not_taken_over():
    imported = import_rules(GITLEAKS.encode(), "gitleaks.toml")
    assert imported.partly == {}
    assert imported.rules[0].unless == ("xyz",)
    assert set(imported.left) == {"by-path", "remembers"}
    assert "match nothing" in imported.left["by-path"]
    assert "one pass" in imported.left["remembers"]


def test_kingfisher_rules_are_taken_over():
    imported = import_rules(KINGFISHER.encode(), "bolt.yml")
    assert next(iter(secrets_of(imported).values())).startswith("blt-")
    assert imported.partly == {"kingfisher-bolt-1": ("validation over the network",)}


def test_no_example_is_copied():
    assert "XXXX" not in import_rules(KINGFISHER.encode(), "bolt.yml").text("bolt")


@pytest.mark.parametrize(
    ("data", "name"), [(GITLEAKS, "a.toml"), (KINGFISHER, "a.yaml")]
)
def test_what_is_written_loads_again(tmp_path, data, name):
    imported = import_rules(data.encode(), name)
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "imported.yaml").write_text(imported.text("imported"))
    again = load_rules(tmp_path, builtin=tmp_path / "none")
    assert {rule.id: rule.pattern for rule in again} == {
        rule.id: rule.pattern for rule in imported.rules
    }


def test_ids_are_made_to_fit_and_to_differ():
    twice = (
        GITLEAKS
        + GITLEAKS.partition("[[rules]]")[1]
        + ("\nid = 'Acme  Token'\nregex = '''acme-tok-[0-9]{20}'''\n")
    )
    ids = [rule.id for rule in import_rules(twice.encode(), "a.toml").rules]
    assert ids[-1] == "acme-token-2"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"[[rules", "a.toml", "cannot be read"),
        (b"rules: [", "a.yaml", r"a\.yaml:1:\d+ cannot be read: "),
        (b"rules:\n- ? - {a: b}\n", "a.yaml", "cannot be read: unhashable"),
        (b"a\0b", "a.yaml", "cannot be read: [^\\n]* not allowed$"),
        (b"\xff\xfe", "a.toml", "cannot be read"),
        (b"x: 1", "a.yaml", "no list `rules`"),
        (b"- a", "a.yaml", "no list `rules`"),
    ],
)
def test_a_file_that_is_none_of_these_is_refused(data, name, words):
    with pytest.raises(UsageError, match=words):
        import_rules(data, name)
