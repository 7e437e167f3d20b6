"""What a rule of another scanner asks beside its expression is kept, or named."""

import pytest

from dlp.detect.confirm import Detector
from dlp.detect.imported.imports import import_rules
from dlp.detect.rules import load_rules
from dlp.detect.samples import fires
from dlp.detect.templates import expand
from dlp.errors import UsageError

GITLEAKS = r"""
[extend]
useDefault = true
[[allowlists]]
paths = ['''x''']
[[rules]]
id = "acme-token"
regex = '''acme_[a-z0-9]{24}'''
keywords = ["acme_"]
[[rules.allowlists]]
regexes = ['''^acme_0{4}''']
stopwords = ["sandbox"]
[[rules.allowlists]]
paths = ['''_test\.go$''']
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''nolint''']
[[rules]]
id = "bare-hex"
regex = '''\b[a-f0-9]{32}\b'''
keywords = ["Acme"]
[[rules]]
id = "old-style"
regex = '''old_[a-z0-9]{24}'''
validate = "http"
[rules.allowlist]
stopwords = ["demo"]
[[rules]]
id = "broken"
regex = '''bro_[a-z0-9]{24}'''
[rules.allowlist]
regexes = ['''(''']
"""
KINGFISHER = r"""
rules:
  - name: Acme host
    id: kingfisher.acme.1
    visible: false
    pattern: '(?x) \b [a-z]{4,8} [.] acme [.] test \b'
  - name: Acme token
    id: kingfisher.acme.2
    pattern: '(?xi) \b acm- ( [a-z0-9]{20} ) \b'
    min_entropy: 2.5
    confidence: medium
    pattern_requirements:
      min_digits: 2
      min_uppercase: 1
      min_special_chars: 0
      ignore_if_contains: [EXAMPLE, test]
    examples: ['acm-x']
    depends_on_rule:
      - rule_id: kingfisher.acme.1
        variable: HOST
"""
TITUS = r"""
rules:
- name: Acme Key
  id: np.acme.1
  pattern: '\b(acmekey_[A-Za-z0-9]{32})(?:[^A-Za-z0-9]|$)'
  description: a key
  references: [https://acme.test]
  categories: [api, secret]
  examples: ['x']
  negative_examples: ['y']
"""


BETTERLEAKS = r"""
filter = 'true'
[[rules]]
id = "acme-id"
regex = '''\bid-[a-z0-9]{8}\b'''
skipReport = true
[[rules]]
id = "acme-secret"
regex = '''\b(as)-(as-[a-z0-9]{24})\b'''
keywords = ["as-"]
valueGroup = 2
components = [{ id = "acme-id", within = "5L" }]
filter = '''
entropy(finding["secret"]) < 3.5 || matchesAny(finding["secret"], [`^as-sand`]) || other()
'''
"""


@pytest.fixture(scope="module")
def gitleaks():
    return import_rules(GITLEAKS.encode(), "gitleaks.toml")


@pytest.fixture(scope="module")
def kingfisher():
    return import_rules(KINGFISHER.encode(), "acme.yml")


def finds(imported, name, template):
    rule = next(rule for rule in imported.rules if rule.id == name)
    return fires(Detector(rule, examples=False), expand(template).encode())


def test_an_allowlist_of_secrets_is_kept(gitleaks):
    assert finds(gitleaks, "acme-token", "acme_{loweralnum:24}")
    assert not finds(gitleaks, "acme-token", "acme_0000{loweralnum:20}")
    assert not finds(
        gitleaks, "acme-token", "acme_{loweralnum:10}sandbox{loweralnum:7}"
    )
    assert not finds(gitleaks, "old-style", "old_{loweralnum:10}demo{loweralnum:10}")


def test_a_keyword_that_the_expression_does_not_hold_must_stand_near(gitleaks):
    assert finds(gitleaks, "bare-hex", "acme: {hex:32}")
    assert not finds(gitleaks, "bare-hex", "other: {hex:32}")


def test_what_is_not_kept_is_named(gitleaks):
    assert gitleaks.partly == {
        "acme-token": ("allowlists of paths, lines or commits",),
        "old-style": ("validation over the network",),
    }
    assert "no expression" in gitleaks.left["broken"]
    assert gitleaks.beyond == (
        "the rules of the file it extends",
        "the allowlists of the whole file",
    )


def test_requirements_of_kingfisher_are_kept(kingfisher):
    name = "kingfisher-acme-2"
    assert finds(kingfisher, name, "acm-{from:ABCDEFGHKM:8}{from:2345:4}{from:wxyz:8}")
    assert not finds(kingfisher, name, "acm-{from:ABCDEFGHKM:12}2{from:wxyz:7}")
    assert not finds(kingfisher, name, "acm-{from:wxyzqrs:12}{from:2345:8}")
    assert not finds(kingfisher, name, "acm-EXAMPLE{from:2345:4}{from:wxyz:9}")
    assert kingfisher.partly == {name: ("rules it depends on",)}


def test_a_rule_that_only_helps_others_is_left_out(kingfisher):
    assert set(kingfisher.left) == {"kingfisher.acme.1"}
    assert "helps" in kingfisher.left["kingfisher.acme.1"]


def test_titus_rules_are_taken_over():
    imported = import_rules(TITUS.encode(), "titus.yaml")
    assert finds(imported, "np-acme-1", "key acmekey_{alnum:32};")
    assert (imported.partly, imported.left) == ({}, {})


@pytest.mark.parametrize(
    ("text", "name"), [(GITLEAKS, "a.toml"), (KINGFISHER, "a.yaml"), (TITUS, "t.yml")]
)
def test_what_is_written_asks_the_same_of_a_secret(tmp_path, text, name):
    imported = import_rules(text.encode(), name)
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "own.yaml").write_text(imported.text("own"))
    again = {r.id: r for r in load_rules(tmp_path, builtin=tmp_path / "none")}
    for rule in imported.rules:
        read = again[rule.id]
        assert (read.unless, read.keywords, read.context) == (
            rule.unless,
            rule.keywords,
            rule.context,
        )


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("a.toml", "entropy = []"),
        ("a.toml", "secretGroup = inf"),
        ("a.toml", "keywords = 1"),
        ("a.toml", "allowlists = ['x']"),
        ("a.yaml", "min_entropy: x"),
        ("a.yaml", "pattern_requirements: 3"),
    ],
)
def test_a_field_of_another_kind_is_an_error_of_ours(name, field):
    """Found by atheris."""
    head = "[[rules]]\nid = 'a'\n" if name == "a.toml" else "rules:\n- id: a\n  "
    with pytest.raises(UsageError, match="a field of a kind"):
        import_rules(f"{head}{field}\n".encode(), name)


def test_a_file_of_betterleaks_keeps_what_looks_at_the_secret():
    imported = import_rules(BETTERLEAKS.encode(), "betterleaks.toml")
    (rule,) = imported.rules
    assert rule.checks == (("entropy", 3.5),)
    assert rule.unless == ("^as-sand",)
    assert rule.keywords == ()
    assert finds(imported, "acme-secret", "as-as-{loweralnum:24}")
    assert not finds(imported, "acme-secret", "as-as-sand{lower:20}")
    assert imported.partly == {
        "acme-secret": ("a part of its filter", "rules it requires nearby")
    }
    assert "only helps" in imported.left["acme-id"]
    assert imported.beyond == ("its filter",)
