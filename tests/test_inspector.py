import random
import string

import pytest

from dlp import Inspector


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
    assert inspector.scan(key[:50].encode()) == []
    assert inspector.scan(key[50:].encode()) == []
