"""Characters behind lists of fractions, of whose step only the size is unknown."""

import json
import random
import string
from math import log

import numpy as np
import pybase64
import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(47)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
SCALES = {
    "over 255": lambda c: c / 255,
    "rounded": lambda c: round(c / 255, 4),
    "from -1 to 1": lambda c: (c - 128) / 128,
    "tenths": lambda c: c / 10,
    "roots": lambda c: round(c**0.5, 5),
    "logarithms": lambda c: round(log(c), 6),
    "noise": lambda c: round(c + DRAW.uniform(-0.4, 0.4), 3),
    "with an exponent": lambda c: f"{c:.3e}",
    "in hexadecimal": lambda c: float(c).hex(),
}


@pytest.mark.parametrize("name", SCALES)
def test_a_key_comes_out(name):
    body = json.dumps({"v": [SCALES[name](c) for c in TOKEN.encode()]}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8"])
@pytest.mark.parametrize("name", ["over 255", "from -1 to 1", "tenths"])
def test_a_key_comes_out_of_bytes(name, kind):
    values = [SCALES[name](c) for c in TOKEN.encode()]
    coded = pybase64.b64encode(np.array(values, kind).tobytes()).decode()
    body = json.dumps({"embedding": coded}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("kind", ["<f8", ">f8"])
def test_bytes_that_were_taken_for_numbers(kind):
    body = json.dumps(np.frombuffer(TOKEN.encode(), kind).tolist()).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("value", ["1.5e+308", "-9.9e+300", "9" * 6 + ".5e+400"])
def test_what_is_too_great_is_no_character(value):
    body = f"[{', '.join([value, *map(str, range(12)), '1.25'] * 3)}]".encode()
    assert not decode([Part(PartKind.BODY, body)], Limits()).truncated


def test_measured_values_say_nothing():
    values = [DRAW.gauss(0, 1) for _ in range(400)]
    decoded = decode([Part(PartKind.BODY, json.dumps(values).encode())], Limits())
    assert not [view for view in decoded.residue if view.step == "numbers"]


def test_the_step_may_show_late():
    """The first dozen lie two and three steps apart, of which none is the step."""
    text = b"dfiknpsuxzACabcdefghABCDEFGH"
    values = [round(code / 255, 6) for code in text]
    decoded = decode([Part(PartKind.BODY, json.dumps(values).encode())], Limits())
    assert [view for view in decoded.residue if view.step == "numbers"]
