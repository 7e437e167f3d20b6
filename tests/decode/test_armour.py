"""A private key in armour has blanks and lines in it, and is one text all the same."""

import base64
import codecs
import random
import re

import pytest

from dlp.decode import decode
from dlp.decode.spellings.armour import is_apart
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(67)
CODED = base64.b64encode(b"\x30\x82\x04\xa4\x02\x01" + DRAW.randbytes(600)).decode()
LINES = "\n".join(CODED[at : at + 64] for at in range(0, len(CODED), 64))
ARMOUR = "-----{} RSA PRIVATE KEY-----"
KEY = f"{ARMOUR.format('BEGIN')}\n{LINES}\n{ARMOUR.format('END')}\n"
ALIKE = str.maketrans("ABEIKPRTaceo", "\u0410\u0412\u0415\u0406\u041a\u0420R\u0422\u0430\u0441\u0435\u043e")  # fmt: skip

WAYS = {
    "rot13": lambda t: codecs.encode(t, "rot13"),
    "backwards": lambda t: t[::-1],
    "the other case": str.swapcase,
    "blanks between": " ".join,
    "dots between": ".".join,
    "a sign before each": lambda t: "".join("^" + letter for letter in t),
    "characters of Elixir": lambda t: ", ".join("?" + letter for letter in t),
    "numbered": lambda t: str(list(enumerate(t))).replace("\\n", "\n"),
    "fields of PHP": lambda t: "".join(
        f'i:{n};s:1:"{letter}";' for n, letter in enumerate(t)
    ),
    "pieces of three": lambda t: "$@".join(
        t[at : at + 3] for at in range(0, len(t), 3)
    ),
    "nothing to see between": "\u200b".join,
    "look-alikes": lambda t: t.translate(ALIKE),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_key_in_armour_is_read(way):
    decoded = decode([Part(PartKind.BODY, WAYS[way](KEY).encode())], Limits())
    assert not decoded.truncated
    assert any(has_key(view.data) for view in decoded.views)


def has_key(text):
    """What it begins with, and what it holds; lines may be others."""
    begun = re.search(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----", text)
    return begun and CODED.encode() in re.sub(rb"\s", b"", text[begun.end() :])


def test_words_that_are_not_apart_are_left_alone():
    named = b"REDACTED-PRIVATE-KEY-0123"
    for text in (KEY.encode(), named, b"a PRIVATE KEY is P, R, I, V"):
        assert not is_apart(text)
