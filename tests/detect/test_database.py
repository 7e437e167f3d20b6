"""The compiled database: cached by content, refused patterns by name."""

import pytest

from dlp.detect.database import compiled
from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.errors import RuleError
from dlp.model import View
from tests.detect.sets import ACME, rules

OTHER = "id: other\npattern: 'other_[a-z]{20}'\nmatches: [x]"
DATA = View(b"acme_" + b"k3x9q" * 1 + b"7f2m8w1z5t0r6y4p", 0)


def found(engine):
    return [match.rule.id for match in engine.scan([DATA]).matches]


def test_a_database_from_the_cache_finds_the_same(tmp_path):
    assert found(Engine.build(rules(ACME), tmp_path)) == ["acme-key"]
    (stored,) = tmp_path.iterdir()
    before = stored.stat().st_mtime_ns
    assert found(Engine.build(rules(ACME), tmp_path)) == ["acme-key"]
    assert stored.stat().st_mtime_ns == before


def test_other_rules_have_another_database(tmp_path):
    compiled(rules(ACME), tmp_path)
    compiled(rules(ACME, OTHER), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_database_is_not_used(tmp_path):
    compiled(rules(ACME), tmp_path)
    (stored,) = tmp_path.iterdir()
    data = bytearray(stored.read_bytes())
    data[-1] ^= 1
    stored.write_bytes(data)
    assert found(Engine.build(rules(ACME), tmp_path)) == ["acme-key"]


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "file").write_text("")
    assert found(Engine.build(rules(ACME), tmp_path / "file")) == ["acme-key"]


REFUSED = "id: odd\npattern: '^acme$\\bfoo'\nmatches: [x]"


def test_what_hyperscan_refuses_is_named_with_its_place():
    with pytest.raises(RuleError, match=r"x.yaml:7:14: rule odd: hyperscan refuses"):
        compiled(rules(ACME, REFUSED), None)


def test_an_operators_refused_pattern_is_a_fault_of_loading(tmp_path):
    (tmp_path / "detectors").mkdir()
    (tmp_path / "detectors" / "own.yaml").write_text(
        "version: 1\nrules:\n  - " + REFUSED.replace("\n", "\n    ")
    )
    with pytest.raises(RuleError, match=r"own.yaml:4:14: rule odd: hyperscan refuses"):
        load_rules(tmp_path, builtin=tmp_path / "none")
