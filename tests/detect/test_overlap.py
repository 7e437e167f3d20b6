"""One match per thing found: the strongest, then the plainest view."""

import pytest

from dlp.detect.confirm import Match
from dlp.detect.overlap import GENERIC, strongest
from dlp.detect.templates import expand
from dlp.model import Tier, View
from tests.detect.sets import rule

RAW = View(b"x" * 50, 0, span=(0, 50), exact=True)
VENDOR = rule("id: vendor\npattern: 'acme-[a-z]{9}'\nmatches: [x]")
OTHER = rule("id: other\npattern: 'acme_[a-z]{9}'\nmatches: [x]")
PLAIN = rule("id: plain\npattern: 'key=[a-z]{9}'\nmatches: [x]", family=GENERIC)


def match(found, start, stop, tier=Tier.LIKELY, view=RAW):
    return Match(found, view, start, stop, tier)


def left(*matches):
    return [(m.rule.id, m.start, m.stop) for m in strongest(matches)]


def test_the_stronger_tier_stays():
    assert left(match(OTHER, 10, 30), match(VENDOR, 10, 30, Tier.STRONG)) == [
        ("vendor", 10, 30)
    ]


def test_a_vendor_explains_better_than_a_generic_rule():
    assert left(match(PLAIN, 8, 30), match(VENDOR, 10, 30)) == [("vendor", 10, 30)]


def test_the_longer_of_equals_stays():
    assert left(match(OTHER, 12, 30), match(VENDOR, 10, 30)) == [("vendor", 10, 30)]


def test_what_reaches_far_beyond_another_stays_too():
    assert len(left(match(VENDOR, 10, 20, Tier.STRONG), match(OTHER, 10, 45))) == 2


def test_what_stands_apart_stays():
    assert (
        len(left(match(VENDOR, 0, 10), match(VENDOR, 10, 20), match(OTHER, 30, 40)))
        == 3
    )


def test_equal_spans_of_two_parts_are_two():
    other = View(b"x" * 50, 1)
    assert len(left(match(VENDOR, 0, 10), match(VENDOR, 0, 10, view=other))) == 2


def test_the_same_bytes_in_a_decoded_view_say_nothing_new():
    text = View(b"acme-abcdefghi", 0, span=(0, 14), exact=True)
    decoded = View(b"..acme-abcdefghi", 0, step="escapes", parent=text, depth=1)
    assert left(
        match(VENDOR, 2, 16, view=decoded), match(VENDOR, 0, 14, view=text)
    ) == [("vendor", 0, 14)]


def test_two_secrets_of_one_decoded_view_are_two():
    parent = View(b"", 0)
    decoded = View(b"aaaaabbbbb", 0, step="base64", parent=parent, depth=1, span=(0, 9))
    assert (
        len(left(match(VENDOR, 0, 5, view=decoded), match(VENDOR, 5, 10, view=decoded)))
        == 2
    )


def test_many_matches_take_no_square_of_time():
    many = [match(VENDOR, at, at + 5) for at in range(0, 200_000, 10)]
    assert len(strongest(many)) == 20_000


def test_letters_moved_about_make_no_name():
    moved = View(b"x" * 50, 0, "picked", RAW)
    inside = View(b"x" * 50, 0, "unwrapped", moved)
    assert left(match(PLAIN, 8, 30, view=inside)) == []
    assert left(match(VENDOR, 8, 30, view=inside)) == [("vendor", 8, 30)]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("ipItemPrintForkPointPinnedCount1ipItem", False),
        ("of-a-next-step-in-the-plan-of-it-all", False),
        (expand("{alnum:36}", seed=1), True),
        (expand("{hex:40}", seed=2), True),
    ],
)
def test_words_that_letters_moved_about_run_together_are_no_key(value, kept):
    text = f"acme-{value}".encode()
    moved = View(text, 0, "picked", RAW)
    named = rule("id: vendor\npattern: 'acme-[A-Za-z0-9-]{30,40}'\nmatches: [x]")
    assert bool(left(match(named, 0, len(text), Tier.STRONG, moved))) is kept


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("MYTOKEN2/third-partyrecognizesoptionscontainsof", False),
        ("MYTOKENcom/myorgcom/anotherPrefixalsomyorg", False),
        (expand("{uuid}", seed=1), True),
        (expand("{base64:40}", seed=2), True),
    ],
)
def test_words_picked_behind_a_name_are_no_value(value, kept):
    """Also of a rule that names it well, as a manual of `npmrc` does."""
    text = f"_auth={value}".encode()
    moved = View(text, 0, "picked", RAW)
    named = rule("id: vendor\npattern: '_auth=(?P<secret>.{30,60})'\nmatches: [x]")
    for tier in (Tier.STRONG, Tier.LIKELY):
        assert bool(left(match(named, 6, len(text), tier, moved))) is kept


@pytest.mark.parametrize("check", ["keylike", "passwordlike"])
def test_a_value_of_any_shape_behind_a_picked_name_is_chance(check):
    text = ("acmedesk:" + expand("{alnum:36}", seed=1)).encode()
    moved = View(text, 0, "picked", RAW)
    named = rule(
        f"id: vendor\npattern: 'acmedesk:(?P<secret>.{{30,60}})'\nchecks: [{check}]\n"
        "matches: [x]"
    )
    assert left(match(named, 9, len(text), Tier.LIKELY, moved)) == []
    assert left(match(named, 9, len(text), Tier.LIKELY, View(text, 0)))


@pytest.mark.parametrize(("prefix", "kept"), [("hf_", False), ("acme_", True)])
def test_of_three_letters_pieces_side_by_side_have_some_turn(prefix, kept):
    text = (prefix + expand("{alnum:36}", seed=1)).encode()
    pieces = View(b"x" * len(text), 0, "leaves", RAW, joined=True)
    strings = View(b"x" * len(text), 0, "literals", RAW)
    named = rule(f"id: vendor\npattern: '{prefix}[A-Za-z0-9]{{30,40}}'\nmatches: [x]")
    for above in (pieces, strings):
        turned = View(text, 0, "caesar 21", above)
        assert bool(left(match(named, 0, len(text), Tier.STRONG, turned))) is kept
    alone = View(text, 0, "caesar 21", RAW)
    assert left(match(named, 0, len(text), Tier.STRONG, alone))


@pytest.mark.parametrize(
    ("size", "prefix", "tier", "kept"),
    [
        (2_000, "acm-", Tier.STRONG, True),
        (10_000, "acm-", Tier.STRONG, False),
        (10_000, "acm-", Tier.CERTAIN, True),
        (10_000, "acme-", Tier.STRONG, True),
    ],
)
def test_four_letters_picked_from_a_long_text_are_chance(size, prefix, tier, kept):
    text = (prefix + expand("{alnum:36}", seed=1)).encode()
    above = View(b"x" * size, 0, "json", RAW)
    moved = View(text, 0, "picked", View(b"x" * 100, 0, "picked", above))
    named = rule(f"id: vendor\npattern: '{prefix}[A-Za-z0-9]{{36}}'\nmatches: [x]")
    assert bool(left(match(named, 0, len(text), tier, moved))) is kept


@pytest.mark.parametrize(("prefix", "kept"), [("secret_", False), ("shpat_", True)])
def test_a_word_picked_from_a_text_begins_no_key(prefix, kept):
    text = (prefix + expand("{alnum:43}", seed=1)).encode()
    moved = View(text, 0, "picked", RAW)
    named = rule(f"id: vendor\npattern: '{prefix}[A-Za-z0-9]{{43}}'\nmatches: [x]")
    assert bool(left(match(named, 0, len(text), Tier.STRONG, moved))) is kept


@pytest.mark.parametrize(("stop", "kept"), [(45, False), (20, True)])
@pytest.mark.parametrize("step", ["atbash", "caesar 13", "one-byte cipher"])
def test_a_cipher_makes_no_other_key_of_one_that_stands_there(step, stop, kept):
    """Also where what is known was left out, and no view is exact."""
    undone = View(b"y" * 50, 0, step, RAW, span=(0, 50), depth=1)
    whole = match(OTHER, 0, 50, Tier.STRONG, undone)
    short = View(b"x" * 50, 0, "", RAW, span=(5, stop))
    for view in (RAW, short):
        plain = match(VENDOR, 5, stop, Tier.STRONG, view)
        found = [rule for rule, *_ in left(plain, whole)]
        assert ("other" in found) is kept


def test_a_scramble_of_a_key_that_stands_in_plain_view_is_no_other_key():
    moved = View(b"y" * 50, 0, "picked", RAW)
    assert left(match(VENDOR, 8, 30), match(VENDOR, 8, 30, view=moved)) == [
        ("vendor", 8, 30)
    ]


NAMED = rule("id: named\npattern: 'key=[a-z]{9}'\nchecks: [keylike]\nmatches: [x]")
STRONG = rule("id: strong\ntier: strong\npattern: 'secret_[a-z]{9}'\nmatches: [x]")
DRAWN, WORDS = b"x7Qk2mWz9RtLpN4fGhVd", b"thegeometrypackageis!"


def shown(value, **how):
    """What is left of a match of a value, behind a name, in a view made that way."""
    data = b"sections-are-numbered-and-words-run-on-and-so-do-names-" * 6 + b"key:"
    view = View(data + value, 0, parent=RAW, depth=1, **how)
    found = match(NAMED, len(data), len(data + value), view=view)
    return left(found)


def test_words_behind_a_name_are_no_value_where_pieces_stand_side_by_side():
    assert not shown(WORDS, joined=True)
    assert shown(DRAWN, joined=True)
    assert shown(WORDS)


def test_words_behind_a_name_are_no_value_in_a_page_without_blanks():
    assert not shown(WORDS, step="pdf text")
    assert shown(DRAWN, step="pdf text")


@pytest.mark.parametrize("how", [{"joined": True}, {"step": "unwrapped"}])
def test_across_pieces_no_name_has_a_value_of_its_own(how):
    view = View(b"the token " + DRAWN, 0, parent=RAW, **how)
    assert not left(match(PLAIN, 10, 30, view=view))


@pytest.mark.parametrize(
    ("secret", "count"), [(b"secret_configuration" + DRAWN, 0), (b"secret_" + DRAWN, 1)]
)
def test_a_word_behind_a_prefix_is_no_key_across_pieces(secret, count):
    view = View(secret, 0, parent=RAW, joined=True)
    assert len(left(match(STRONG, 0, len(secret), Tier.STRONG, view))) == count


@pytest.mark.parametrize(
    ("own", "once", "twice"),
    [
        ("AIMAAMEAAEIACGQA", False, False),  # places in a source map
        ("ICCZGAMECNGAGIAO", True, False),
        (expand("{base32:16}", seed=1), True, True),
        (expand("{hex:16}", seed=1), True, True),
        (expand("{digit:16}", seed=1), True, True),
    ],
)
def test_few_letters_side_by_side_are_no_key(own, once, twice):
    """By how many steps letters came to stand so; where they are written so they are."""
    text = f"ACME{own}".encode()
    named = rule("id: vendor\npattern: 'ACME[A-Za-z0-9]{16}'\nmatches: [x]")
    apart = View(text, 0, "ungrouped", RAW)
    again = View(text, 0, "unglued", apart)
    for view, kept in ((View(text, 0), True), (apart, once), (again, twice)):
        assert bool(left(match(named, 0, len(text), Tier.STRONG, view))) is kept


def test_under_a_cipher_more_is_picked_by_chance():
    key = "axai-" + expand("{alnum:80}", seed=1)
    named = rule("id: vendor\npattern: 'axai-[A-Za-z0-9]{80}'\nmatches: [x]")
    for step, kept in (("strings", True), ("caesar 14", False)):
        text = View(b"x" * 60_000, 0, step, RAW)
        found = View(key.encode(), 0, "picked", text)
        assert bool(left(match(named, 0, len(key), Tier.STRONG, found))) is kept


@pytest.mark.parametrize(
    ("own", "beside", "kept"),
    [
        ("{upper:16}", "{upper:27}", False),
        ("{upper:16}", "{upper:9}", True),
        ("{upper:15}7", "{upper:27}", True),
    ],
)
def test_among_amino_acids_a_key_has_a_digit(own, beside, kept):
    """A list of peptides holds twenty letters that begin as Amazon's."""
    named = rule("id: vendor\npattern: 'ACME[A-Z2-7]{16}'\nmatches: [x]")
    text = expand(f"ACME{own}" + f" {beside}" * 30, seed=1).encode()
    for view in (View(text, 0), View(text[:20], 0, "rot13", View(text, 0))):
        assert bool(left(match(named, 0, 20, Tier.STRONG, view))) is kept
