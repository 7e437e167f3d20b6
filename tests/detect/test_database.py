"""The compiled database: kept in the cache, refused patterns by name."""

import pytest

from dlp.detect.database import compiled
from dlp.detect.engine import Engine
from dlp.detect.rules import load_rules
from dlp.errors import RuleError
from dlp.model import View
from tests.detect.sets import ACME, rules

DATA = View(b"acme_" + b"k3x9q" * 1 + b"7f2m8w1z5t0r6y4p", 0)


def found(engine):
    return [match.rule.id for match in engine.scan([DATA]).matches]


def test_rules_are_kept_compiled(tmp_path):
    assert found(Engine.build(rules(ACME), tmp_path)) == ["acme-key"]
    assert list(tmp_path.iterdir())


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
