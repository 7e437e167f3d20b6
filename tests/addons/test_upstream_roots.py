"""The roots for upstream TLS: the public ones stay, those of the policy join them."""

import certifi
import pytest

from addons.upstream_roots import bundle
from dlp.errors import StateError


@pytest.fixture
def state(tmp_path):
    (tmp_path / "ca").mkdir()
    return tmp_path


def test_without_roots_of_the_policy_there_is_no_bundle(state):
    assert bundle(state, []) is None


def test_the_bundle_is_named_by_its_content_and_replaces_the_last(state):
    own = state / "own.pem"
    own.write_text("one")
    first = bundle(state, [str(own)])
    assert bundle(state, [str(own)]) == first
    with open(first) as file, open(certifi.where()) as public:
        assert file.read() == public.read() + "\none"
    own.write_text("two")
    second = bundle(state, [str(own)])
    assert second != first
    assert [str(path) for path in (state / "ca").iterdir()] == [second]


def test_a_root_that_is_gone_is_named(state):
    with pytest.raises(StateError, match=r"trusted_ca: .*gone\.pem"):
        bundle(state, [str(state / "gone.pem")])
