import numpy as np
import pytest

from dlp.detect.known.grams import MOST_GRAMS, GramTable, grams, multiplier

RNG = np.random.default_rng(7)


def tags(count: int) -> np.ndarray:
    return RNG.integers(0, 1 << 63, count, dtype=np.uint64) * np.uint64(2) + np.uint64(
        1
    )


def ordinals(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.uint64)


def test_a_gram_stands_for_eight_bytes_at_every_position():
    assert [int(g).to_bytes(8, "little") for g in grams(b"abcdefghij")] == [
        b"abcdefgh",
        b"bcdefghi",
        b"cdefghij",
    ]
    assert [int(g).to_bytes(8, "little") for g in grams(b"abcdefghij", 2)] == [
        b"abcdefgh",
        b"cdefghij",
    ]


@pytest.mark.parametrize("size", range(8))
def test_short_data_has_no_gram(size):
    assert len(grams(bytes(size))) == 0


@pytest.mark.parametrize("count", [1, 5, 1000, 70_000])
def test_every_tag_is_found_under_its_ordinal_and_no_other(count):
    known, other = tags(count), tags(5000)
    table = GramTable.build(known, ordinals(count), 64)
    places, found = table.find(np.concatenate([other, known, other]))
    assert (places - 5000).tolist() == found.tolist() == list(range(count))


def test_a_tag_of_several_ordinals_is_found_under_each():
    known = np.repeat(tags(1), 5)
    table = GramTable.build(known, ordinals(5), 64)
    places, found = table.find(known[:2])
    assert places.tolist() == [0] * 5 + [1] * 5
    assert sorted(found[:5].tolist()) == list(range(5))


def test_a_tag_of_too_many_ordinals_is_left_out():
    shared, own = np.repeat(tags(1), 4), tags(3)
    table = GramTable.build(np.concatenate([shared, own]), ordinals(7), 3)
    _, found = table.find(np.concatenate([shared, own]))
    assert found.tolist() == [4, 5, 6]


def test_an_empty_table_finds_nothing():
    table = GramTable.build(tags(0), ordinals(0), 64)
    assert len(table.find(tags(1000))[0]) == 0


def test_more_than_the_tags_leave_room_for_is_refused():
    with pytest.raises(ValueError, match="more than one table"):
        GramTable.build(tags(1), np.array([MOST_GRAMS + 1], np.uint64), 64)


def test_keys_and_domains_have_odd_factors_of_their_own():
    factors = {int(multiplier(key, d)) for key in (b"a", b"b") for d in ("x", "y")}
    assert len(factors) == 4
    assert all(factor % 2 for factor in factors)
