import random
import string

import pytest

from dlp import Inspector, RuleError, patterns
from dlp.detect import database
from dlp.state.folder import usual_cache


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Folders of a user who never ran a proxy: state, cache."""
    for kind in ("STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    return tmp_path / "STATE" / "agent-dlp", tmp_path / "CACHE" / "agent-dlp"


def test_what_was_compiled_without_a_state_folder_is_not_compiled_again(
    homes, monkeypatch
):
    state, cache = homes
    database._patterns.cache_clear()  # as in a new process
    Inspector.load()
    assert not state.exists()
    assert {path.suffix for path in cache.iterdir()} == {".hs", ".json"}
    assert cache.stat().st_mode & 0o777 == 0o700
    # hyperscan is still asked what machine this is, by a pattern of one letter.
    compile_, asked = patterns._compiled, []

    def noted(*what):
        asked.append(len(what[0]))
        return compile_(*what)

    monkeypatch.setattr(patterns, "_compiled", noted)
    database._patterns.cache_clear()
    Inspector.load()
    assert [count for count in asked if count > 1] == []


def test_the_cache_of_a_proxy_serves_who_names_no_state_folder_too(homes):
    state, cache = homes
    state.mkdir(parents=True)
    assert usual_cache() == state / "cache"
    state.rmdir()
    assert usual_cache() == cache


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
