"""Expressions of Go, Rust and Python scanners mean the same in our dialect."""

import re

import pytest

from dlp.detect.imported.foreign import adapt
from dlp.detect.pattern import prepare

SAME = {
    "leading flag": (r"(?i)abc[x-z]{3}", "ABCXYZ", "abcxy"),
    "two leading flags": ("(?x)\n (?i) abc # c\n [x-z]{3}", "aBcxyz", "abc xyz"),
    "flag in the middle": (r"abc(?i)x[y-z]{2}", "abcXYZ", "ABCxyz"),
    "flag in a group": (r"(?:a(?i)b)c[0-9]", "aBc1", "aBC1"),
    "flag switched off": (r"(?i)abc(?-i)def", "ABCdef", "abcDEF"),
    "flag of a group": (r"ab(?i:cd)[0-9]", "abCD1", "ABcd1"),
    "dot that matches all": (r"(?s)abc.xyz", "abc\nxyz", "abcxyz"),
    "posix class": (r"abc[[:digit:][:upper:]_]{3}", "abc1A_", "abc1a_"),
    "end of text": (r"abc[0-9]\z", "abc1", "abc1x"),
    "open repeats": (r"abc\s*=\s*[0-9]+", "abc  =  123", "abc = x"),
    "named group of Rust": (r"abc(?<n>[0-9]{2})", "abc12", "abcd"),
    "look-behind": (r"(?<![a-z])abc[0-9]{2}", "1abc12", "xabc12"),
    "look-ahead": (r"abc[0-9]{2}(?!\w)", "abc12 ", "abc12x"),
    "possessive": (r"abc[0-9]++x", "abc12x", "abc12"),
    "bracket in a class": (r"abc[]\[(]{2}", "abc](", "abc12"),
    "escaped bracket": (r"abc\[(?i)d\]", "abc[D]", "ABC[d]"),
}


@pytest.mark.parametrize("name", SAME)
def test_the_meaning_is_kept(name):
    source, match, miss = SAME[name]
    exact = re.compile(prepare(adapt(source)).exact, re.MULTILINE)
    assert exact.search(match.encode())
    assert not exact.search(miss.encode())


SECRETS = {
    "named TOKEN": (r"(ab)c(?P<TOKEN>[0-9]{4})", 0, "1234"),
    "first wide group": (r"(ab)c([0-9]{4,20})(x)", 0, "1234"),
    "no wide group": (r"(ab)c[0-9]{4}", 0, "abc1234"),
    "by number": (r"(ab)c([0-9]{4,20})(x{8}|x)", 3, "x"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_the_secret_is_marked(name):
    source, group, secret = SECRETS[name]
    exact = re.compile(adapt(source, group=group).encode())
    found = exact.search(b"abc1234x")
    assert found
    marked = "secret" if "secret" in exact.groupindex else 0
    assert found[marked].decode() == secret


def test_flags_of_a_compiled_expression_count():
    assert re.search(adapt("abc x", flags=re.IGNORECASE | re.VERBOSE).encode(), b"ABCX")


def test_what_it_writes_always_has_bounds():
    prepare(adapt(r"abc(?:x+y*)+[0-9]{3,}.*z"))
