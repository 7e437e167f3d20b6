"""Characters as sums and products."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(83)
ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(DRAW.choices(ALNUM, k=36))
FORMS = {
    "products and sums": lambda c: f"chr({c // 7}*7+{c % 7})",
    "sums": lambda c: f"chr({c - 20} + 20)",
    "differences": lambda c: f"chr({c + 9}-9)",
    "quotients": lambda c: f"chr({c * 3}/3)",
    "XOR binds least": lambda c: f"chr({c ^ 5}^2+3)",
    "from the left": lambda c: f"chr({c + 9}-4-5)",
}


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded.views


def data_of(text):
    return [view.data for view in seen(text)]


@pytest.mark.parametrize("name", FORMS)
def test_a_key_comes_out(name):
    text = "+".join(map(FORMS[name], TOKEN.encode()))
    assert any(TOKEN.encode() in data for data in data_of(text))


def test_arguments_of_one_call():
    codes = ",".join(f"{c % 30}+{c // 30 * 30}" for c in TOKEN.encode())
    text = f"String.fromCharCode({codes})"
    assert any(TOKEN.encode() in data for data in data_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "from 2026-11-22 to 2026-11-23, " * 9,
        "chr(1/0)+" * 12,
        "rows 10-20, 30-40, 50-60, 70-80, 90-100, 10-20, 30-40, 50-60, 70-80",
    ],
)
def test_dates_and_ranges_are_none(text):
    assert not [view for view in seen(text) if view.step == "numbers"]
