"""Base32 at any offset of a longer run, in every alphabet."""

import base64
import random

import pytest

from dlp.decode import decode
from dlp.decode.radix import _BASE32
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
