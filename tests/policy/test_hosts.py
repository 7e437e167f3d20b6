import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp.policy.hosts import HostIndex, is_literal, is_public_name, pattern_covers


@pytest.mark.parametrize(
    ("host", "literal", "public"),
    [
        ("a.example", False, True),
        ("a.example1", False, True),
        ("a.1x", False, True),
        ("192.0.2.1", True, False),
        ("2001:db8::1", True, False),
        ("localhost", False, False),
        ("a.localhost", False, False),
        ("printer.local", False, False),
        ("vault.internal", False, False),
        ("box.home.arpa", False, False),
        ("in-addr.arpa", False, True),
        ("x.onion", False, False),
    ],
)
def test_what_a_host_is(host, literal, public):
    assert is_literal(host) is literal
    assert is_public_name(host) is public


FOUND = {
    "the host, then suffixes by length": (
        "a.b.c",
        ["*.c", "a.b.c", "*.b.c"],
        ["a.b.c", "*.b.c", "*.c"],
    ),
    "a suffix is not itself": ("b.c", ["*.b.c", "*.c"], ["*.c"]),
    "a suffix ends at a dot": ("ab.c", ["*.b.c"], []),
    "no suffix of an address": ("10.0.0.1", ["*.0.0.1", "10.0.0.1"], ["10.0.0.1"]),
    "* is apart": ("a.b", ["*"], []),
}


@pytest.mark.parametrize("name", FOUND)
def test_find(name):
    host, patterns, found = FOUND[name]
    index = HostIndex((pattern, pattern) for pattern in patterns)
    assert list(index.find(host)) == found
    assert index.everywhere() == (("*",) if "*" in patterns else ())


LABELS = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
PATTERNS = LABELS | LABELS.map("*.{}".format) | st.just("*")


def means(pattern, host):
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return pattern in ("*", host)


@given(st.lists(PATTERNS), LABELS)
def test_finds_what_comparing_one_by_one_finds(patterns, host):
    index = HostIndex((pattern, pattern) for pattern in patterns)
    found = {*index.find(host), *index.everywhere()}
    assert found == {pattern for pattern in patterns if means(pattern, host)}


@given(PATTERNS, PATTERNS, LABELS)
def test_a_cover_matches_what_is_covered(general, special, host):
    if pattern_covers(general, special) and means(special, host):
        assert means(general, host)


@given(PATTERNS, LABELS)
def test_a_pattern_covers_each_host_it_matches(pattern, host):
    assert pattern_covers(pattern, host) is means(pattern, host)
