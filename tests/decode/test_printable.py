"""What counts as text, told fast: the same as what is said of it."""

import random
import re

import pytest

from dlp.decode.printable import TEXT_BYTES, is_all_text, is_wide_text, readable

WIDE = re.compile(rb"(?:[ -~]\0(?:\0\0)?){6}", re.DOTALL)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("before", [b"", b"\xff", b"a\0", b"a\0b", b"a\0\0\0\xfe\xff"])
def test_wide_text_is_readable_wherever_it_begins(codec, before):
    """Of so few pairs none may be lost to what stands before them."""
    assert readable(before + "secret7".encode(codec) + b"\xf0\x81")


def test_wide_text_is_what_the_pattern_says():
    """Pairs of a letter and zeros, six in a row, in bytes drawn by lot."""
    draw = random.Random(5)
    found = 0
    for _ in range(3000):
        pieces = draw.choices([b"a\0", b"a\0\0\0", b"a", b"\x80"], [9, 3, 1, 1], k=16)
        data = b"".join(pieces)
        wide = WIDE.search(data) is not None
        assert readable(data) == wide, data
        found += wide
    assert 100 < found < 2900


def test_short_lines_are_text_if_many_symbols_differ():
    """The order in which it is asked makes no difference."""
    draw = random.Random(7)
    for size in (8, 15, 16, 40, 5000):
        for symbols in (b"ab\n", bytes(range(97, 112)) + b"\n", "aé\nöx".encode()):
            text = bytes(draw.choices(symbols, k=size))
            for data in (text, text + b"\x01", text + "é".encode()):
                plain = not data.translate(None, TEXT_BYTES) or is_wide_text(data)
                fits = 16 <= len(data) <= 4096 and len(set(data)) >= 12
                assert is_all_text(data) == (plain and fits)
