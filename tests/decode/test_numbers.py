"""Lists of numbers: a cheap look at their beginning loses nothing."""

import json
import random
import string
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp.decode import decode
from dlp.decode.codes.numbers import _may_be_summed, _summed
from dlp.decode.printable import TEXT_BYTES
from dlp.model import Limits, Part, PartKind

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


ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(random.Random(3).choices(ALNUM, k=36))


def in_base(base, code):
    digits = string.digits + string.ascii_lowercase
    return in_base(base, code // base) + digits[code % base] if code else ""


@pytest.mark.parametrize("between", [" ", ", ", "."])
@pytest.mark.parametrize("base", [2, 8, 32, 36])
def test_a_character_each_in_a_base(base, between):
    """As `toString(base)` writes it, which fills nothing up."""
    said = between.join(in_base(base, code) for code in TOKEN.encode())
    views = decode([Part(PartKind.BODY, f"it is {said}".encode())], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("suffix", ["n", "L", "ull"])
def test_numbers_of_eight_bytes_may_say_so(suffix):
    words = [TOKEN[at : at + 8].encode() for at in range(0, len(TOKEN), 8)]
    said = ", ".join(f"{int.from_bytes(word)}{suffix}" for word in words)
    views = decode([Part(PartKind.BODY, f"k = [{said}]".encode())], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("form", ["{:03d}", "{:03o}"])
def test_lines_in_codes_with_nothing_between(form):
    text = f"id={TOKEN}\nname=x\r\n"
    said = "".join(form.format(code) for code in text.encode())
    views = decode([Part(PartKind.BODY, f"it is {said}".encode())], Limits()).views
    assert any(text.encode() in view.data for view in views)


@pytest.mark.parametrize("decoy", ["{}, 1f", "2e {}", "1f:2e, {}, 3d, 0x4b"])
def test_pairs_with_letters_beside_a_list_do_not_hide_it(decoy):
    """Of capitals and digits all codes have two digits, as hexadecimal pairs have."""
    key = "AK" + "IA" + "".join(random.Random(6).choices(string.ascii_uppercase, k=16))
    draw = random.Random(7)
    text = decoy.format(
        "".join(f"{c}{draw.choice([', ', ' ', '; '])}" for c in key.encode())
    )
    views = decode([Part(PartKind.BODY, text.encode())], Limits()).views
    assert any(key.encode() in view.data for view in views)


@pytest.mark.parametrize(
    ("form", "size"),
    [("0x{:016x}ULL", 8), ("0x{:08X}u", 4), ("0{:02X}h", 1), ("8'h{:02x}", 1)],
)
@pytest.mark.parametrize("order", ["big", "little"])
def test_words_of_other_languages(form, size, order):
    """As C, assemblers and Verilog write them."""
    key = TOKEN.encode()
    words = [key[at : at + size] for at in range(0, len(key), size)]
    said = ", ".join(form.format(int.from_bytes(word, order)) for word in words)
    views = decode([Part(PartKind.BODY, f"it is {said}".encode())], Limits()).views
    assert any(key in view.data for view in views)


def test_sums_so_far_have_a_first_one():
    said = json.dumps(list(accumulate(TOKEN.encode())))
    views = decode([Part(PartKind.BODY, said.encode())], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


SHARED = {
    "XOR": lambda t, pad: [a ^ b for a, b in zip(t, pad, strict=True)],
    "less": lambda t, pad: [(a - b) % 256 for a, b in zip(t, pad, strict=True)],
    "more": lambda t, pad: [(a + b) % 256 for a, b in zip(t, pad, strict=True)],
}


@pytest.mark.parametrize("names", [("a", "b"), ("one-time pad", "ciphertext")])
@pytest.mark.parametrize("way", SHARED)
def test_two_lists_are_a_pad_and_what_it_hides(way, names):
    draw = random.Random(7)
    text = "".join(draw.choices(string.ascii_letters + string.digits, k=40)).encode()
    pad = draw.randbytes(len(text))
    body = json.dumps(
        dict(zip(names, (list(pad), SHARED[way](text, pad)), strict=True))
    )
    views = decode([Part(PartKind.BODY, body.encode())], Limits()).views
    assert any(text in view.data for view in views)
