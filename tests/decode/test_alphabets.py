"""
Letters that others stand for: other scripts' keyboards, drawn letters, signs, pairs of
words. What none of these writings loses comes out as it was.

Why not in rare.py: here most know no case, and tell what they are by their letters.
"""

# ruff: noqa: RUF001

import base64
import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.characters.alphabets import ALPHABETS
from dlp.decode.ciphers.disguise import CIPHERS
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(23)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
NAMES = ["йцукен", "greek", "hebrew", "arabic", "dubeolsik", "upside down"]
MORSE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - "
    "..- ...- .-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. "
    "----. ..--.-"
)
CODES = dict(
    zip(string.ascii_lowercase + string.digits + "_", MORSE.split(" "), strict=True)
)
BRAILLE = dict(zip(string.ascii_lowercase, "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", strict=True))


def typed(text, alphabet):
    keys = {meant: chr(typed) for typed, meant in alphabet.table.items()}
    return "".join(keys.get(letter, letter) for letter in text)


def braille(text):
    cells = []
    for letter in text:
        if letter.isdigit():
            cells.append("⠼" + BRAILLE["jabcdefghi"[int(letter)]])
        elif letter in "_-":
            cells.append("⠸" if letter == "_" else "⠤")
        else:
            cells.append("⠠" * letter.isupper() + BRAILLE[letter.lower()])
    # The sign before a figure holds up to the next letter.
    return "⠐".join(cells)


def morse(text, dot, dash, between):
    codes = (CODES[letter] for letter in text.lower())
    return between.join(
        code.translate(str.maketrans({".": dot, "-": dash})) for code in codes
    )


def bits(text, one, zero, between):
    digits = "".join(f"{code:08b}" for code in text.encode())
    return between.join(one if digit == "1" else zero for digit in digits)


def shapes(text, first):
    return "".join(
        chr(first + ord(c) - 65) if "A" <= c <= "Z" else c for c in text.upper()
    )


def in_pieces(text, between):
    cut = [text[at : at + 4].encode() for at in range(0, len(text), 4)]
    return between.join(base64.b64encode(piece).decode() for piece in cut)


def overlong(text):
    return b"".join(bytes([0xC0 | c >> 6, 0x80 | c & 63]) for c in text.encode())


def longer(text):
    return b"".join(bytes([0xE0, 0x80 | c >> 6, 0x80 | c & 63]) for c in text.encode())


EXACT = {
    **{
        name: lambda t, a=alphabet: typed(t, a)
        for name, alphabet in zip(NAMES, ALPHABETS, strict=True)
    },
    "turned round": lambda t: typed(t, ALPHABETS[-1])[::-1],
    "small capitals": lambda t: t.translate(
        str.maketrans("abdefghijlnpry", "ᴀʙᴅᴇꜰɢʜɪᴊʟɴᴘʀʏ")
    ),
    "braille": braille,
    "squares": lambda t: bits(t, "⬛", "⬜", ""),
    "thumbs": lambda t: bits(t, "👍", "👎", " "),
    "true and false": lambda t: json.dumps(
        [digit == "1" for code in t.encode() for digit in f"{code:08b}"]
    ),
    "one and zero": lambda t: bits(t, "one", "zero", " "),
    "base64 in pieces": lambda t: in_pieces(t, ""),
    "base64 in pieces, apart": lambda t: in_pieces(t, " "),
    "base64 in pieces, listed": lambda t: in_pieces(t, '", "'),
    "utf-8 of two bytes": overlong,
    "utf-8 of three bytes": longer,
}
WITHOUT_CASE = {
    "regional indicators": lambda t: shapes(t, 0x1F1E6),
    "regional indicators, apart": lambda t: " ".join(shapes(t, 0x1F1E6)),
    "negative squares": lambda t: shapes(t, 0x1F170),
    "negative circles": lambda t: shapes(t, 0x1F150),
    "morse in bullets": lambda t: morse(t, "•", "–", " "),
    "morse in minus signs": lambda t: morse(t, "·", "−", " / "),
}


def views(data):
    found = decode([Part(PartKind.BODY, data)], Limits())
    assert not found.truncated
    return [view.data for view in found.views]


def carriers(coded):
    data = coded if isinstance(coded, bytes) else coded.encode()
    yield data
    yield b"this is it:\n" + data + b"\nkeep it."
    if isinstance(coded, str):
        yield json.dumps({"a": [f"so: {coded}"]}).encode()
        yield json.dumps({"a": [coded]}, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", EXACT)
def test_a_token_comes_out_as_it_was(name):
    for data in carriers(EXACT[name](TOKEN)):
        assert any(TOKEN.encode() in text for text in views(data)), data


@pytest.mark.parametrize("name", WITHOUT_CASE)
def test_a_token_comes_out_but_for_its_case(name):
    for data in carriers(WITHOUT_CASE[name](TOKEN)):
        folded = [text.lower() for text in views(data)]
        assert any(TOKEN.lower().encode() in text for text in folded), data


HONEST = [
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία του κόσμου",
    "דג סקרן שט בים מאוכזב ולפתע מצא לו חברה",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다 ㅋㅋㅋ",
    "Progress: ███████████████░░░░░ 75% — next: •  one • two • three",
    "🇩🇪 🇫🇷 🇮🇹 are flags, and 🅰️ is a letter; ⠃⠗ is braille",
    "flags: [true, false, true, true], yes no maybe",
]


@pytest.mark.parametrize("text", HONEST)
def test_words_of_a_language_are_left_alone(text):
    steps = decode([Part(PartKind.BODY, text.encode() * 20)], Limits()).views
    told = {"other alphabet", "binary", "spelled out"}
    assert not told & {view.step for view in steps}


@pytest.mark.parametrize("cipher", CIPHERS, ids=lambda cipher: cipher.step)
def test_a_key_in_a_cipher_without_a_key_comes_out(cipher):
    coded = cipher.hide(TOKEN.encode())
    texts = views(b"it is: " + coded + b" ok?")
    assert any(TOKEN.encode() in text for text in texts) or coded.startswith(b"ghp_")
