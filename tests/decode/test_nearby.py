"""In a large text a decoder reads what stands near its hints, wherever that is."""

import base64
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.codes import numbers
from dlp.decode.nearby import LARGE_BYTES, spans_near
from dlp.model import Limits, Part, PartKind

WORDS = b"the agent reads a file, writes it, and (then) goes on: next step.".split()
KEY = "".join(random.Random(5).choices(string.ascii_letters + string.digits, k=40))


def prose(size: int) -> bytes:
    chance = random.Random(1)
    return b" ".join(chance.choices(WORDS, k=size))[:size]


def in_pieces(text: str) -> str:
    cut = [text[at : at + 4].encode() for at in range(0, len(text), 4)]
    return " ".join(base64.b64encode(piece).decode() for piece in cut)


RUSSIAN = str.maketrans("qwertyuiopasdfghjkl", "йцукенгшщзфывапролд")
"""What is typed by who forgot to switch a Russian keyboard."""
WRITTEN = {
    "numbers": lambda t: ", ".join(str(ord(c)) for c in t),
    "hex": lambda t: " ".join(f"0x{ord(c):02x}," for c in t),
    "base64": in_pieces,
    "binary": lambda t: ", ".join(
        ("false", "true")[bit == "1"] for c in t for bit in f"{ord(c):08b}"
    ),
    "other alphabet": lambda t: t.translate(RUSSIAN),
    "quoted-printable": lambda t: "".join(f"={ord(c):02X}" for c in t),
}


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("at", [0, 1, 3500, 4090, 4096, 8190, 3 * LARGE_BYTES - 1])
def test_it_is_read_at_any_place_of_a_large_text(way, at):
    text = prose(3 * LARGE_BYTES)
    body = text[:at] + b"\n" + WRITTEN[way](KEY).encode() + b"\n" + text[at:]
    decoded = decode((Part(PartKind.BODY, body),), Limits())
    assert any(view.step == way and KEY.encode() in view.data for view in decoded.views)


def test_the_rest_is_not_read():
    text = prose(8 * LARGE_BYTES)
    body = text + WRITTEN["numbers"](KEY).encode() + text
    (span,) = spans_near(body, numbers.HINTS, 4096)
    assert span[0] < len(text) < span[1] - len(KEY)
    assert span[1] - span[0] < 32 << 10


def test_what_goes_on_over_many_blocks_is_read_as_one():
    body = b", ".join(b"%d" % byte for byte in prose(LARGE_BYTES))
    decoded = decode((Part(PartKind.BODY, body),), Limits())
    assert any(prose(LARGE_BYTES) in view.data for view in decoded.views)
