"""Characters behind lists of fractions, of whose step only the size is unknown."""

import json
import random
import string

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
}


@pytest.mark.parametrize("name", SCALES)
def test_a_key_comes_out(name):
    body = json.dumps({"v": [SCALES[name](c) for c in TOKEN.encode()]}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


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
