import random
import string

import pytest

from dlp import Inspector, RuleError


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


def anthropic_key():
    alphabet = string.ascii_letters + string.digits
    return "sk-ant-api03-" + "".join(random.choices(alphabet, k=93)) + "AA"


def test_scan_names_rule_kind_tier_path_and_span_and_never_the_match(inspector):
    key = anthropic_key()
    data = f"my key is {key} ok".encode()
    (finding,) = inspector.scan(data)
    assert (finding.kind, finding.tier, finding.path) == ("pattern", "strong", "body")
    assert data[slice(*finding.span)] == key.encode()
    assert key not in repr(finding)


def test_scan_keeps_nothing_between_calls(inspector):
    key = anthropic_key()
    assert inspector.scan(key[:30].encode()) == []
    assert inspector.scan(key[30:].encode()) == []


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_scan_takes_whatever_holds_bytes(inspector, kind):
    (finding,) = inspector.scan(kind(f"key: {anthropic_key()}".encode()))
    assert finding.rule == "anthropic-api-key"


def test_scan_does_not_guess_how_text_is_encoded(inspector):
    with pytest.raises(TypeError, match="bytes-like"):
        inspector.scan("a text")


def test_a_bad_file_is_named_with_its_place(tmp_path):
    (tmp_path / "policy.yaml").write_text("version: 1\nmode: never\nstatements: []\n")
    with pytest.raises(RuleError) as caught:
        Inspector.load(str(tmp_path))
    assert str(caught.value).startswith(f"{tmp_path}/policy.yaml:2:7: ")
