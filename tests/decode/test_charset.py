"""Wide text, told without counting zeros."""

import base64
import random
import re
import struct

import pytest

from dlp.decode import decode
from dlp.decode.characters.charset import is_wide
from dlp.model import Limits, Part, PartKind

TEXT = "s3cr3t-5678"
WIDE = re.compile(
    rb"(?:[ -~]\0){6}|(?:[ -~]\0\0\0){6}|(?:[ -~]\0{7}){6}"
    rb"|(?:\A|\n \n)(?:\xff\xfe|\xfe\xff|\0\0\xfe\xff)"
)


def test_it_is_told_as_the_pattern_says():
    draw = random.Random(3)
    pieces = [
        b"a\0",
        b"b\0\0\0",
        b"c" + bytes(7),
        b"\0",
        b"\x80",
        b"\xff\xfe",
        b"\n \n",
    ]
    found = 0
    for _ in range(4000):
        size = draw.choice((1, 6, 7, 12))
        one = draw.choice(pieces)
        data = one * size + b"".join(draw.choices(pieces, k=3))
        wide = WIDE.search(data) is not None
        assert is_wide(data) == wide, data
        found += wide
    assert 400 < found < 3600


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_short_text_comes_out_behind_other_parts(codec, mark):
    parts = [Part(PartKind.HEADER, b"curl/8", "user-agent")]
    parts += [Part(PartKind.BODY, (mark + TEXT + "\u20ac").encode(codec))]
    views = decode(parts, Limits()).views
    assert any(TEXT.encode() in view.data for view in views)


@pytest.mark.parametrize("kind", ["<f", ">f", "<d", ">d"])
@pytest.mark.parametrize(
    "code",
    [base64.b64encode, bytes.hex, list],
    ids=["64", "16", "10"],
)
def test_floats_are_characters_in_a_code_too(kind, code):
    key = ("gh" + "p_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5").encode()
    data = code(struct.pack(f"{kind[0]}{len(key)}{kind[1]}", *key))
    text = data.decode() if isinstance(data, bytes) else str(data)
    parts = [Part(PartKind.BODY, f'{{"v": "{text}"}}'.encode())]
    assert any(key in view.data for view in decode(parts, Limits()).views)


def test_an_image_is_not_wide():
    """Pixels of one colour, mostly nothing, some of them letters."""
    draw = random.Random(5)
    colours = [b"\0\0\0\0", b"\0\0\0\0", b"a\0\0\0", b"\xff\0a\0"]
    pixels = b"".join(draw.choices(colours, [20, 20, 1, 4], k=9000))
    assert not is_wide(pixels)
