"""Codes in words, and Morse code in any signs."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.codes.spoken import _CODES
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(101)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
).split(" ")
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ")


def words(code, hundred="one hundred ", between="-"):
    if code >= 100:
        return (
            hundred + (words(code - 100, between=between) if code > 100 else "")
        ).strip()
    if code < 20:
        return ONES[code]
    ten = TENS[code // 10 - 2]
    return f"{ten}{between}{ONES[code % 10]}" if code % 10 else ten


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    return [view.data for view in decode([Part(PartKind.BODY, body)], Limits()).views]


@pytest.mark.parametrize("between", [", ", "\n", "; "])
@pytest.mark.parametrize("hundred", ["one hundred ", "one hundred and ", "a hundred "])
def test_numbers_in_words_are_codes(between, hundred):
    codes = [code for code in TOKEN.encode() if code != 100]
    text = between.join(words(code, hundred) for code in codes)
    expected = bytes(codes)
    for one in (text, text.title()):
        assert any(expected in data for data in seen(f"They are: {one}."))


SIGNS = {
    "said": lambda code: "-".join("dah" if s == "-" else "dit" for s in code),
    "balls": lambda code: code.replace(".", "\U0001f535").replace("-", "\U0001f534"),
    "squares": lambda code: code.replace(".", "\u2b1c\ufe0f").replace(
        "-", "\u2b1b\ufe0f"
    ),
}


@pytest.mark.parametrize("between", [" / ", "  /  ", " | "])
def test_letters_that_a_stroke_parts(between):
    codes = {letter: code for code, letter in _CODES.items()}
    text = between.join(
        " ".join("dah" if sign == "-" else "dit" for sign in codes[letter])
        for letter in TOKEN.lower()
    )
    assert any(TOKEN.lower().encode() in data for data in seen(text))


@pytest.mark.parametrize("name", SIGNS)
def test_other_dots_and_dashes(name):
    codes = {letter: code for code, letter in _CODES.items()}
    text = " ".join(SIGNS[name](codes[letter]) for letter in TOKEN.lower())
    assert any(TOKEN.lower().encode() in data for data in seen(text))


def test_prose_has_none():
    text = "Twenty people, of whom thirty-one are forty; fifty, sixty and a hundred. "
    assert seen(text * 3)[1:] == seen(text * 3)[1:]
    assert not [data for data in seen(text * 3) if b"\x14" in data]
