"""Base32 at any offset of a longer run, in every alphabet."""

import base64
import random

import pytest

from dlp.decode import decode
from dlp.decode.codes.radix import _BASE32, _FEWEST_SYMBOLS
from dlp.model import Limits, Part, PartKind

TEXT = b"the-pL4nt3d-t3xt-01a2B3c4d5"
STANDARD = _BASE32[0]


@pytest.mark.parametrize("lead", range(8))
@pytest.mark.parametrize("alphabet", _BASE32, ids=lambda alphabet: alphabet[:12])
def test_text_comes_out_of_every_alphabet_from_any_symbol_on(alphabet, lead):
    """What stands before a code in its run shifts it by five bits a symbol."""
    draw = random.Random(lead)
    coded = base64.b32encode(TEXT).decode().rstrip("=")
    coded = coded.translate(str.maketrans(STANDARD, alphabet)).lower()
    run = "".join(draw.choices(alphabet.lower(), k=lead)) + coded
    decoded = decode([Part(PartKind.BODY, f"id {run} end".encode())], Limits())
    assert any(TEXT in view.data for view in decoded.views)


def test_what_says_nothing_is_looked_through_wherever_it_stands():
    """What a run gives is worked out once; its bytes are kept of every text with it."""
    run = base64.b32encode(random.Random(3).randbytes(40)).decode()
    hexed = random.Random(4).randbytes(40).hex()
    bodies = [f"{word} {run} and {hexed}".encode() for word in ("first", "then")]
    decoded = decode([Part(PartKind.BODY, body) for body in bodies], Limits())
    for raw in (random.Random(3).randbytes(40), random.Random(4).randbytes(40)):
        assert {v.part for v in decoded.residue if raw in v.data} == {0, 1}


def test_text_of_three_characters_has_as_many_symbols_as_are_asked_for():
    """No text is passed over because its code has few symbols: DNA is."""
    draw = random.Random(9)
    for _ in range(2000):
        three = bytes(draw.sample(range(33, 127), 3))
        text = bytes(draw.choices(three, k=14)) + three
        assert len(set(base64.b32encode(text).rstrip(b"="))) >= _FEWEST_SYMBOLS
    dna = "".join(draw.choices("ACGT", k=600)).encode()
    decoded = decode([Part(PartKind.BODY, dna)], Limits())
    assert not [v for v in (*decoded.views, *decoded.residue) if v.step == "base32"]


@pytest.mark.parametrize("around", ["", "7", "20", "0x"])
def test_digits_of_text_without_a_letter_are_read(around):
    """Of a text whose digits have no letter, whole or with digits beside it."""
    text = b"sfdge1234567890stuvwxy"
    assert text.hex().isdigit()
    decoded = decode([Part(PartKind.BODY, f"{around}{text.hex()}".encode())], Limits())
    assert any(text in view.data for view in decoded.views)


def test_long_numbers_are_no_text_by_chance():
    """Ten printable bytes in a row: a number of a thousand digits has them."""
    draw = random.Random(2)
    digits = "".join(draw.choices("0123456789", k=4000))
    decoded = decode([Part(PartKind.BODY, f"v={digits}".encode())], Limits())
    assert not [view for view in decoded.views if view.step == "hex"]


@pytest.mark.parametrize("size", [12, 16, 19])
def test_short_digits_are_kept_for_who_knows_what_to_look_for(size):
    """A password under a byte of which no text comes."""
    raw = bytes(byte | 0x80 for byte in random.Random(size).randbytes(size))
    decoded = decode([Part(PartKind.BODY, f'{{"d":"{raw.hex()}"}}'.encode())], Limits())
    assert any(raw in view.data for view in decoded.residue)
