"""The scan form finds at least what the exact form matches, and stays small."""

import random
import re

import pytest

from dlp.detect.imported.exemplar import exemplars
from dlp.detect.pattern import PatternError, prepare
from dlp.detect.syntax import prefixes
from dlp.detect.templates import expand

SCAN_FORMS = {
    r"ab[a-z]{3,9}": rb"ab[a-z]{3}",
    r"ab[a-z]{3,9}\b": rb"ab[a-z]{3}",
    r"ab[a-z]{3}\b": rb"ab[a-z]{3}\b",
    r"ab(?:c[0-9]{2,5})": rb"abc[0-9]{2}",
    r"abc(?:d)?": rb"abc",
    r"abc[0-9]{0,4}(?:\.x)?$": rb"abc",
    r"a{2,900}b": rb"a{2,}b",
    r"(?P<secret>ab)c": rb"(?:ab)c",
    r"(?i)ab[c-d]": rb"(?i)ab[c-d]",
    r"(?i:ab)c": rb"(?i:ab)c",
    r"a.b|cde": rb"(?:a.b|cde)",
    r"x(?:ab|c)[^d]e": rb"x(?:ab|c)[^d]e",
    r"a(?=b)b[0-9]{2}(?!c)": rb"ab[0-9]{2}",
    r"(?<!x)ab(?>cd)": rb"ab(?:cd)",
    r"ab?+c": rb"ab{0,1}c",
    r"a\.b\x2fc": rb"a\x2eb\x2fc",
}


@pytest.mark.parametrize("source", SCAN_FORMS)
def test_the_scan_form_drops_an_optional_tail_and_large_bounds(source):
    assert prepare(source).scan == SCAN_FORMS[source]


@pytest.mark.parametrize(
    ("source", "reach", "tail", "most"),
    [
        (r"ab[a-z]{3,9}", 5, 6, 11),
        (r"ab[a-z]{3}", 5, 0, 5),
        (r"a{2,900}b", 901, 898, 901),
        (r"\bab(?:cd|efg)\b", 5, 1, 5),
        (r"ab(?!c{4})", 2, 4, 2),
    ],
)
def test_reach_and_tail_span_every_match_round_the_reported_end(
    source, reach, tail, most
):
    pattern = prepare(source)
    assert (pattern.reach, pattern.tail, pattern.most) == (reach, tail, most)


@pytest.mark.parametrize("source", SCAN_FORMS)
def test_whatever_the_exact_form_matches_the_scan_form_finds_inside(source):
    """Over random texts: the scan form's first end lies within reach and tail."""
    pattern = prepare(source)
    exact = re.compile(pattern.exact, re.MULTILINE)
    scan = re.compile(pattern.scan, re.MULTILINE)
    letters = random.Random(source)
    for _ in range(3000):
        size = letters.randint(3, 14)
        data = bytes(letters.choices(b"abcdeABCD0129. x/\n", k=size))
        found = exact.search(data)
        if found:
            ends = [
                end
                for start in range(len(data))
                for end in range(start + 1, len(data) + 1)
                if scan.fullmatch(data, start, end)
            ]
            assert any(
                end - pattern.reach <= found.start()
                and found.end() <= end + pattern.tail
                for end in ends
            )


REFUSED = {
    "a+b": "unbounded",
    "(?:ab*){2}c": "unbounded",
    "a{3,}": "unbounded",
    "(": "bad pattern",
    r"(a)\1b": "back-reference",
    "a{0,3}": "nothing",
    r"\w{2,5}": "ordinary",
    "(?s)a.b": "flag",
    "[a-z0-9]{10,20000}x": "limit",
}


@pytest.mark.parametrize("source", REFUSED)
def test_a_pattern_that_cannot_work_is_refused_with_a_remedy(source):
    with pytest.raises(PatternError) as caught:
        prepare(source)
    assert REFUSED[source] in f"{caught.value} {caught.value.remedy}"
    assert caught.value.remedy


HEADS = {
    r"acme_[a-z]{9}": {b"acme_"},
    r"\bAcme_[a-z]{9}": {b"acme_"},
    r"(?i:acme|bolt)[a-z]{9}": {b"acme", b"bolt"},
    r"(?:^|[^a-z])(?:acme|bolt[0-9])[a-z]{9}": {b"acme", b"bolt"},
    r"(?i:acme|(?:^|[^a-z])(?:ab|cd))[a-z]{9}": {b"acme", b"ab", b"cd"},
    r"gh[pso]_[a-z]{9}": {b"ghp_", b"ghs_", b"gho_"},
    r"pass(?:w(?:or)?d)?[=][a-z]{9}": {b"pass"},
    r"(?:^|=)(?:\.)?acme[a-z]{9}": set(),
    r"[a-z]{3}acme[a-z]{9}": set(),
    r"x[0-9]{12}": set(),
}


@pytest.mark.parametrize("source", HEADS)
def test_a_pattern_knows_the_literals_it_begins_with(source):
    assert prepare(source).heads == HEADS[source]


@pytest.mark.parametrize(
    ("source", "lead"),
    [(r"acme_[a-z]{9}", 0), (r"\bacme_x", 0), (r"(?:^|[^a-z])acme[a-z]{9}", 1)],
)
def test_a_pattern_knows_whether_a_byte_may_stand_before_them(source, lead):
    assert prepare(source).lead == lead


@pytest.mark.parametrize("source", HEADS)
def test_every_match_has_its_literal_at_its_first_byte_or_behind_its_lead(source):
    letters = random.Random(source)
    pattern = prepare(source)
    exact = re.compile(pattern.exact, re.MULTILINE)
    for template in exemplars(source):
        for seed in range(20):
            data = expand(template, seed).encode()
            data = letters.randbytes(3) + data
            for found in exact.finditer(data):
                near = data[found.start() : found.start() + 12].lower()
                heads = pattern.heads or {b""}
                leads = range(pattern.lead + 1)
                assert any(near[at:].startswith(tuple(heads)) for at in leads)


@pytest.mark.parametrize(
    ("pattern", "fixed"),
    [
        (rb"\bhf_[a-z]{9}", (b"hf_",)),
        (rb"(?:^|\W)(?P<secret>(?:sk|rk)_live_\w{9})", (b"sk_live_", b"rk_live_")),
        (rb"acme[ :]{1,3}(?P<secret>[A-Z]{9})", ()),
        (rb"(?P<secret>AB?C\d{9})", (b"a",)),
    ],
)
def test_what_a_pattern_fixes_of_its_secret(pattern, fixed):
    assert sorted(prefixes(pattern)) == sorted(fixed)
