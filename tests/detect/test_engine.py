"""One pass over all views: what is found, where, and what a flood costs."""

import random
import string
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.detect.engine import SEPARATOR, Engine
from dlp.model import Tier, View
from tests.detect.sets import ACME, HEX, rules

ENGINE = Engine.build(rules(ACME, HEX))
HEX32 = random.Random(4).randbytes(16).hex()


def text(seed, size=24):
    source = random.Random(seed)
    return "".join(source.choices(string.ascii_lowercase + string.digits, k=size))


def scan(*datas, engine=ENGINE):
    views = [View(data.encode(), part) for part, data in enumerate(datas)]
    return [
        (m.rule.id, m.view.part, m.secret.decode()) for m in engine.scan(views).matches
    ]


def test_the_span_is_that_of_the_secret_in_its_own_view():
    view = View(f"say acme_{text(1)} now".encode(), 3)
    (match,) = ENGINE.scan([View(b"first", 0), view]).matches
    assert (match.view, match.tier) == (view, Tier.STRONG)
    assert match.secret == view.data[match.start : match.stop] == text(1).encode()


def test_every_view_is_scanned():
    datas = [f"acme_{text(seed)}" for seed in range(5)]
    assert {found[1] for found in scan(*datas)} == {0, 1, 2, 3, 4}


def test_nothing_is_found_across_two_views():
    secret = f"acme_{text(1)}"
    assert scan(secret[:10], secret[10:]) == []


def test_a_view_begins_and_ends_like_a_line():
    anchored = rules("id: line\npattern: '^acme-[a-z0-9]{20}$'\nmatches: [x]")
    datas = [f"acme-{text(1, 20)}", "x", f"acme-{text(2, 20)}"]
    assert len(scan(*datas, engine=Engine.build(anchored))) == 2


def test_all_secrets_of_one_view_are_found():
    line = " ".join(f"acme_{text(seed)}" for seed in range(200))
    assert len(scan(line)) == 200


GLUED = """\
id: zargon
pattern: '\\bzargon-[a-f0-9]{20}\\b'
matches: ['zargon-{hex:20}']
"""


@pytest.mark.parametrize(
    ("more", "found"), [("", 4), ("glued: false", 0), ("tier: likely", 0)]
)
def test_what_is_glued_to_a_sure_key_hides_nothing_unless_its_rule_says(more, found):
    key = "zargon-" + HEX32[:20]
    texts = [f"my{key}", f"{key}_old", f"{key}EXAMPLE", f"a1{key}2026"]
    built = Engine.build(rules(GLUED + more))
    assert len(scan(key, engine=built)) == 1
    assert len(scan(*texts, engine=built)) == found


def test_what_goes_on_in_its_own_letters_is_another_key():
    built = Engine.build(rules(GLUED))
    assert not scan("zargon-" + HEX32[:21], "zargon-" + HEX32[:25], engine=built)


def test_a_longer_token_is_taken_whole_or_not_at_all():
    assert scan(f"acme_{text(1, 40)}") == [("acme-key", 0, text(1, 40))]
    assert scan(f"acme_{text(1, 41)}") == []


def test_a_decoy_before_it_does_not_swallow_a_secret():
    low = rules(
        "id: loose\npattern: 'pin=(?P<secret>[a-z0-9=]{24})'\n"
        "checks: [not-words]\nmatches: [x]"
    )
    decoy = "pin=" + "wordwordwordwordword" + f"pin={text(3)}"
    assert scan(decoy, engine=Engine.build(low)) == [("loose", 0, text(3))]


CONTEXT = {
    "keyword before it": (f"bolt = {HEX32}", 1),
    "keyword in capitals": (f"BOLT={HEX32}", 1),
    "one of several keywords": (f"nut: {HEX32}", 1),
    "keyword at the edge of the window": (f"bolt{' ' * 20}{HEX32}", 1),
    "keyword too far before": (f"bolt{' ' * 21}{HEX32}", 0),
    "keyword after it": (f"{HEX32} bolt", 0),
    "no keyword": (HEX32, 0),
    "keyword twice, secret once": (f"bolt nut {HEX32}", 1),
    "two secrets in one window": (f"bolt {HEX32[::-1]} nut {HEX32}", 2),
}


@pytest.mark.parametrize("name", CONTEXT)
def test_a_context_rule_wants_its_keyword_shortly_before(name):
    data, count = CONTEXT[name]
    assert len(scan(data)) == count


def test_a_keyword_without_context_must_stand_inside_the_match():
    inside = rules(
        "id: inside\npattern: '[a-z]{4}-(?P<secret>[0-9a-f]{32})'\n"
        "keywords: [bolt]\nmatches: [x]"
    )
    engine = Engine.build(inside)
    assert len(scan(f"bolt-{HEX32}", engine=engine)) == 1
    assert scan(f"bolt wood-{HEX32}", engine=engine) == []


def test_threads_may_share_an_engine():
    wanted = scan(f"acme_{text(1)}")
    seen = []

    def work():
        seen.extend(scan(f"acme_{text(1)}") == wanted for _ in range(200))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 800
    assert all(seen)


FLOODS = {
    "many matches": f"acme_{text(1)} ",
    "prefix again and again": "acme_",
    "one long run": "acme_" + "a" * 3000,
    "keywords": "bolt ",
    "keywords and hex": f"bolt {HEX32} ",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_bounded_and_never_silent(name):
    """A megabyte of candidates takes seconds at most, and is found or flagged."""
    piece = FLOODS[name]
    data = piece * (1_000_000 // len(piece)) + f" acme_{text(9)}"
    began = time.perf_counter()
    result = ENGINE.scan([View(data.encode(), 0)])
    assert time.perf_counter() - began < 20
    assert result.flooded or text(9).encode() in {m.secret for m in result.matches}


def test_an_ordinary_number_of_matches_is_no_flood():
    line = " ".join(f"acme_{text(seed)}" for seed in range(5_000))
    assert not ENGINE.scan([View(line.encode(), 0)]).flooded


def test_large_and_small_views_are_found_together():
    big = "x " * 200_000
    datas = ["a", f"{big}acme_{text(1)}", "b", f"acme_{text(2)}", big]
    assert {found[1] for found in scan(*datas)} == {1, 3}


@settings(max_examples=60)
@given(
    st.lists(st.text("acme_01 \n=-", max_size=60), max_size=4),
    st.integers(0, 200),
    st.integers(20, 40),
)
def test_a_secret_between_non_word_bytes_is_found_wherever_it_stands(datas, seed, size):
    """Neither what stands round it nor the other views hide it."""
    secret = text(seed, size)
    noise = "".join(datas)
    found = scan(*datas, f"{noise} acme_{secret} {noise}")
    assert ("acme-key", len(datas), secret) in found


@settings(max_examples=40)
@given(st.integers(0, 60), st.integers(1, 3))
def test_blocks_that_share_the_overlap_find_what_the_whole_finds(offset, count):
    """For any cut: each match is whole in one of two neighbouring blocks."""
    source = random.Random(offset)
    gaps = [" " * source.randint(1, 200) for _ in range(count + 1)]
    data = "".join(f"{gap}acme_{text(i)}" for i, gap in enumerate(gaps))
    step = 100 + offset
    blocks = [
        data[max(0, start - ENGINE.overlap) : start + step]
        for start in range(0, len(data), step)
    ]
    whole = {found[2] for found in scan(data)}
    assert {found[2] for block in blocks for found in scan(block)} >= whole


def test_the_separator_is_in_no_word_and_ends_a_line():
    assert SEPARATOR.startswith(b"\n")
    assert SEPARATOR.endswith(b"\n")
    assert not SEPARATOR.strip(b"\n").isalnum()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"Drawn7Value!x9", True),
        ("Drawn7Vålue!x9é".encode(), True),
        (b"Drawn7V\xe4lue!x9", True),
        (b"Drawn7Val\x1b[0m!x9", True),
        (b"Drawn7V\x01lue!x9", False),
        (b"\x9cr\xf4w\xa37V\x8bl\xf5e!x\xb9", False),
    ],
)
def test_a_value_of_any_bytes_is_one_that_somebody_wrote(value, found):
    loose = rules("id: loose\ntier: likely\npattern: 'pass=([^ ]{8,40})'\nmatches: [x]")
    result = Engine.build(loose).scan([View(b"see pass=" + value + b" there", 0)])
    assert bool(result.matches) is found
