"""Prefixes of keys in ciphers without a key, among what chance writes."""

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.ciphers.disguise import STEPS, disguised
from dlp.decode.source import Source
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind, View

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


def test_words_of_which_a_cipher_was_undone_are_keys_or_nothing():
    """`attachments` begins like a key of Trello's in the other case."""
    links = b"".join(
        b"https://a.test/attachments/%d/a-%d.png " % (n, n) for n in range(50)
    )
    views = decode([Part(PartKind.BODY, links)], Limits()).views
    turned = [view for view in views if view.step in STEPS]
    assert turned
    assert not [view for view in views if view.parent in turned]


def test_a_key_among_them_is_found_with_what_is_glued_to_it():
    hidden = expand("ghp" + "_{alnum:36}EXAMPLE", seed=4).swapcase().encode()
    views = decode([Part(PartKind.BODY, b"a: " + hidden)], Limits()).views
    assert any(view.came_of(STEPS) and view.step == "unglued" for view in views)


def test_what_a_picture_is_filled_with_is_no_key():
    view = View(b"DDDD4DDDC43DDDDDDDDD4DDDC43DDDDDD3DDDDDDC" * 3, 0)
    assert not list(disguised(Source(view, Budget.of(Limits(), 10))))


LOW, UP = (bytes(range(first, first + 26)) for first in (97, 65))
KEYS = ("gh" + "p_{alnum:36}", "sk-" + "ant-{alnum:40}", "AK" + "IA{base32:16}")


def caesar(data, shift):
    turned = (letters[shift:] + letters[:shift] for letters in (LOW, UP))
    return data.translate(bytes.maketrans(LOW + UP, b"".join(turned)))


def atbash(data):
    return data.translate(bytes.maketrans(LOW + UP, LOW[::-1] + UP[::-1]))


@pytest.mark.parametrize(
    "hide",
    [
        lambda b: caesar(atbash(b), 13),
        lambda b: atbash(caesar(b, 5)),
        lambda b: caesar(b, 3).swapcase(),
        lambda b: atbash(b.swapcase()),
    ],
)
def test_two_ciphers_on_each_other_are_undone(hide):
    for template in KEYS:
        key = expand(template, seed=4).encode()
        view = View(b"note: " + hide(key) + b" end", 0)
        views = disguised(Source(view, Budget.of(Limits(), 10)))
        assert any(key in view.data for view in views)


def test_what_begins_with_few_letters_must_be_whole_under_two_ciphers():
    words = b" ".join(
        b"%b_longer_name_of_a_thing" % caesar(b"sks", n) for n in range(26)
    )
    views = disguised(Source(View(words, 0), Budget.of(Limits(), 10)))
    assert "two ciphers" not in [view.step for view in views]


def test_what_begins_with_four_letters_must_be_a_word_by_itself():
    """Under one of so many ciphers each picture in base64 holds `AIza`."""
    key = expand("AI" + "za{alnum:35}", seed=4).encode()
    for hide in (lambda b: caesar(b, 5), lambda b: atbash(caesar(b, 5))):
        made = []
        for data in (b"see %b." % hide(key), b"see " + hide(key + key)):
            views = disguised(Source(View(data, 0), Budget.of(Limits(), 10)))
            made.append(any(key in view.data for view in views))
        assert made == [True, False]
