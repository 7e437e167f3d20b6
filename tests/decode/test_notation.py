"""Bytes in hexadecimal as languages print them that fill nothing up."""

import gzip
import json
import random
import string
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TOKEN = (
    "gh" + "p_" + "".join(random.Random(2).choices(string.ascii_letters, k=36))
).encode()
FORMS = {
    "a list of hex()": lambda data: json.dumps(list(map(hex, data))),
    "hex() in lines": lambda data: "\n".join(map(hex, data)),
    "an array of C": lambda data: "{" + ", ".join(f"0x{b:x}" for b in data) + "};",
    "%x and blanks": lambda data: " ".join(f"{b:x}" for b in data),
    "%X and colons": lambda data: ":".join(f"{b:X}" for b in data),
}


def views(text):
    return decode([Part(PartKind.BODY, text.encode())], Limits())


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("name", FORMS)
def test_a_stream_comes_out(name, pack):
    text = f"it is {FORMS[name](pack(TOKEN))} so"
    assert any(TOKEN in view.data for view in views(text).views)


@pytest.mark.parametrize("name", FORMS)
def test_bytes_that_are_no_text_are_kept(name):
    masked = bytes(byte ^ 0x61 for byte in TOKEN)
    assert min(masked) < 16
    found = views(f"it is {FORMS[name](masked)} so")
    assert any(masked in view.data for view in (*found.views, *found.residue))


def test_decimals_are_none():
    found = views("sizes: " + ", ".join(str(n % 17) for n in range(60)))
    assert not [v for v in (*found.views, *found.residue) if v.step == "hex"]
