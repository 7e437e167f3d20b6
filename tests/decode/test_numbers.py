"""Lists of numbers: a cheap look at their beginning loses nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp.decode.codes.numbers import _may_be_summed, _summed
from dlp.decode.printable import TEXT_BYTES

NUMBERS = st.lists(
    st.one_of(st.integers(-400, 400), st.sampled_from(TEXT_BYTES).map(lambda b: b * b)),
    min_size=6,
    max_size=9,
)


@given(NUMBERS)
def test_what_no_text_begins_is_no_text(values):
    if not _may_be_summed(values):
        assert all(text[:-1].translate(None, TEXT_BYTES) for text in _summed(values))


@pytest.mark.parametrize(
    "values",
    [
        [104, -3, 7, 0, 3, -79],
        [104, 13, 9, 0, 3, 79],
        [104, 100, 106, 105, 107, 27],
        [104, 102, 110, 111, 115, 37],
        [byte * byte for byte in b"hello "],
    ],
    ids=["steps", "xor", "less its place", "and its place", "squares"],
)
def test_what_is_text_in_one_way_is_looked_at(values):
    assert _may_be_summed(values)
    assert any(text.startswith(b"hel") for text in _summed(values))
