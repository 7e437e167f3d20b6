"""Prefixes of keys in ciphers without a key, among what chance writes."""

from dlp.decode.budget import Budget
from dlp.decode.ciphers.disguise import disguised
from dlp.decode.source import Source
from dlp.model import Limits, View

PERIOD = 110
"""Chance gives one prefix in 500 bytes."""


def test_among_many_numbers_some_begin_like_a_disguised_key():
    """`970` is `hf_` in rot47."""
    numbers = b"".join((b"0.970%d" % n).ljust(PERIOD) for n in range(8000))
    budget = Budget.of(Limits(), len(numbers))
    found = list(disguised(Source(View(numbers + b" 970" + b"2q;" * 12, 0), budget)))
    assert not budget.truncated
    assert any(b"hf_aBj" in view.data for view in found)


def test_more_than_chance_gives_is_reported():
    budget = Budget.of(Limits(), 10)
    list(disguised(Source(View(b" 970" * 8000, 0), budget)))
    assert budget.truncated == "expansions"


def test_what_was_shown_under_one_cipher_is_no_key_under_another():
    identifiers = b"gsk_sdk256_pgtcfm_hcegsr_rttsk_sdk512_pgtcfm"
    turned = identifiers.translate(
        bytes.maketrans(bytes(range(97, 123)), bytes(range(122, 96, -1)))
    )
    for step, found in (("zip", 1), ("caesar 11", 0)):
        view = View(turned, 0, step)
        views = list(disguised(Source(view, Budget.of(Limits(), 10))))
        assert [view.step for view in views] == ["atbash"] * found


def test_what_a_picture_is_filled_with_is_no_key():
    view = View(b"DDDD4DDDC43DDDDDDDDD4DDDC43DDDDDD3DDDDDDC" * 3, 0)
    assert not list(disguised(Source(view, Budget.of(Limits(), 10))))
