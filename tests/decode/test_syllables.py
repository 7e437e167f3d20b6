"""Words without meaning that are bytes: as their specifications print them, and a key."""

import random
import string
from itertools import batched

import pytest

from dlp.decode import decode
from dlp.decode.codes.syllables import _babbled, _two_bytes
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(102)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))


def proquints(text):
    def quint(value):
        ends, middles = "bdfghjklmnprstvz", "aiou"
        return (
            ends[value >> 12]
            + middles[value >> 10 & 3]
            + ends[value >> 6 & 15]
            + middles[value >> 4 & 3]
            + ends[value & 15]
        )

    return [quint(a << 8 | b) for a, b in batched(text, 2, strict=True)]


def babble(text):
    vowels, ends, check, out = "aeiouy", "bcdfghklmnprstvzx", 1, "x"
    for pair in batched(text, 2):
        one = pair[0]
        out += vowels[((one >> 6) + check) % 6] + ends[one >> 2 & 15]
        out += vowels[((one & 3) + check // 6) % 6]
        if len(pair) == 2:
            out += f"{ends[pair[1] >> 4]}-{ends[pair[1] & 15]}"
            check = (check * 5 + one * 7 + pair[1]) % 36
    if len(text) % 2 == 0:
        out += vowels[check % 6] + "x" + vowels[check // 6]
    return out + "x"


def test_as_specified():
    """Addresses of the proquint paper, and the examples of Bubble Babble's."""
    quints = b"lusab", b"babad", b"gutih", b"tugad"
    assert b"".join(map(_two_bytes, quints)) == bytes([127, 0, 0, 1, 63, 84, 220, 193])
    assert _babbled(b"xesef-disof-gytuf-katof-movif-baxux") == b"1234567890"
    assert _babbled(b"xesef-disof-gytuf-katof-movif-bexux") == b""


@pytest.mark.parametrize(
    "written",
    [
        "-".join(proquints(TOKEN.encode())),
        " ".join(proquints(TOKEN.encode())),
        babble(TOKEN.encode()),
        babble((TOKEN + "9").encode()).upper(),
    ],
)
def test_a_key_is_read(written):
    part = Part(PartKind.BODY, f'{{"note": "it is {written}"}}'.encode())
    assert any(TOKEN.encode() in view.data for view in decode([part], Limits()).views)
