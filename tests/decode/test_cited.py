"""Codes in lines that begin with the signs of citations and comments."""

import base64
import binascii
import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(103)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=66))


def uuencoded(data):
    lines = (binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return "begin 644 f\n" + b"".join(lines).decode() + "`\nend"


def lines(text):
    return "\n".join(text[at : at + 16] for at in range(0, len(text), 16))


CODES = {
    "uuencode": uuencoded(TOKEN.encode()),
    "base85": lines(base64.b85encode(TOKEN.encode()).decode()),
    "ascii85": lines(base64.a85encode(TOKEN.encode()).decode()),
}


@pytest.mark.parametrize("mark", ["> ", "# ", "// ", " * ", "-- ", "+", "> > "])
@pytest.mark.parametrize("name", CODES)
def test_a_key_comes_out(name, mark):
    text = "\n".join(mark + line for line in CODES[name].split("\n"))
    body = json.dumps({"content": f"He wrote:\n{text}\nand no more."}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


def test_prose_and_code_are_left_alone():
    text = "# a comment of two lines\n# that says what it is\n> cited\n> text\n" * 9
    (_, *views) = decode([Part(PartKind.BODY, text.encode())], Limits()).views
    assert not [view for view in views if view.step == "ungrouped"]
