"""One-byte ciphers, and prose in which chance writes what keys begin with."""

import json
import random
from base64 import b64encode
from pydoc_data.topics import topics

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.ciphers.shifted import shifted
from dlp.decode.source import Source
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind, View

PROSE = b"\x93printtheappropriatemethodsofthiselement\x94" * 9


TABLE = bytes(random.Random(3).choices(b"ABCDEFGHIJKLMNPRST", k=2000))
"""As coordinates of a font: they differ in a few bits."""


def undone(data: bytes, step: str = "pdf text") -> list[bytes]:
    source = Source(View(data, 0, step), Budget.of(Limits(), len(data)))
    return [view.data for view in shifted(source)]


def test_prose_in_an_old_code_page_is_prose():
    """Without blanks, two places on, `pria` begins a password of Neon."""
    assert undone(PROSE) == []


def test_bytes_are_undone_however_few_stand_between_prose():
    key = b"npg_" + bytes(random.Random(1).choices(b"abcdefghijkLMNOP0123456789", k=24))
    moved = bytes(byte + 2 for byte in key)
    assert any(key in text for text in undone(b"\0" + moved + b"\0 and this"))


def masked(text: bytes) -> bytes:
    return bytes(byte ^ 0x9C for byte in text)


def test_what_is_drawn_as_all_round_it_is_a_table():
    """Under some byte a table begins as a key; a key in it is drawn otherwise."""
    beginning = TABLE[:1000] + b"ACCA" + TABLE[1000:]
    assert len(set(TABLE[1000:1024])) >= 14  # or it is none for want of letters
    assert undone(masked(beginning)) == []
    key = b"ACCA" + bytes(
        random.Random(4).choices(b"CDEFGHIJKLMNOPQUVWXYZ234567", k=16)
    )
    held = undone(masked(TABLE[:1000] + key + TABLE[1000:]))
    assert any(key in text for text in held)


@pytest.mark.parametrize("around", [b"0123456789abcdef\n", bytes(range(256))])
def test_a_key_is_found_whatever_stands_round_it(around: bytes):
    """Also among letters as many as its own."""
    drawn = random.Random(5)
    key = b"npg_" + bytes(drawn.choices(b"abcdefghijkLMNOPQRST0123456789", k=30))
    text = bytes(drawn.choices(around, k=700))
    assert any(key in found for found in undone(masked(text + key + text)))


def test_what_another_cipher_made_is_not_read_under_a_byte():
    """That shows a key as it is."""
    letters = b"abcdefghijkLMNOP0123456789"
    key = masked(b"npg_" + bytes(random.Random(1).choices(letters, k=24)))
    assert undone(key)
    assert not undone(key, "rot47")


SHORT = b"npg_" + bytes(random.Random(1).choices(b"abcdefghijkLMNOP0123456789", k=24))


def found_in(*bodies: bytes) -> bool:
    parts = [Part(PartKind.BODY, body) for body in bodies]
    return any(SHORT in view.data for view in decode(parts, Limits()).views)


@pytest.mark.parametrize("around", [b"curl/8 and so on", "früher".encode(), b"\xfc."])
def test_bytes_are_asked_about_among_texts(around: bytes):
    """In texts a short beginning inside a word is chance, in bytes it is none."""
    moved = bytes(byte + 2 for byte in SHORT)
    around = (around * 3000)[:3000]
    assert found_in(around, b"\1\2xy" + moved + b"\3\4", around)


def test_what_numbers_say_is_no_text_that_somebody_wrote():
    hidden = b"zzz" + bytes(byte ^ 1 for byte in SHORT) + b"zz"
    assert found_in(b"[%b]" % b", ".join(b"%d" % byte for byte in hidden))


@pytest.mark.parametrize("key", [1, 0x37, 0xFE])
def test_an_id_of_aws_is_as_long_as_it_is(key):
    """In text, with a line end behind it that the byte moves, too."""
    drawn = random.Random(6).choices(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16)
    text = b"AWS_ACCESS_KEY_ID=" + b"AKI" + b"A" + bytes(drawn) + b"\nand=so on"
    for moved in (
        bytes(byte ^ key for byte in text),
        bytes(byte + key & 255 for byte in text),
    ):
        assert any(bytes(drawn) in found for found in undone(moved))


BARE = {
    "three letters": "{h}f_" + "{alpha:34}",
    "a usual key": "{g}hp_" + "{alnum:36}",
    "a bot of Telegram": "{digit:10}:AA{alnum:33}",
    "a bot of Discord": "M{alnum:23}.{alnum:6}.{alnum:30}",
    "an address": "https://hooks.example.com/services/{alnum:24}",
}
CODES = {"hex": bytes.hex, "base64": lambda data: b64encode(data).decode()}


def expanded(template: str) -> bytes:
    text = template.replace("{h}", "h").replace("{g}", "g")
    return expand(text, seed=7).encode()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", BARE)
@pytest.mark.parametrize("byte", [0x01, 0x17, 0x55, 0xE3])
@pytest.mark.parametrize("cipher", ["xor", "sum"])
def test_a_key_under_a_byte_in_a_code_is_read(cipher, byte, name, code):
    """With most bytes what comes out of the code is printable, if no text."""
    key = expanded(BARE[name])
    moved = ((c ^ byte) if cipher == "xor" else (c + byte) & 255 for c in key)
    body = json.dumps({"host": "db1", "note": CODES[code](bytes(moved)), "ok": True})
    decoded = decode([Part(PartKind.BODY, body.encode())], Limits())
    assert any(key in view.data for view in decoded.views)


@pytest.mark.parametrize("byte", [0x01, 0x17, 0x55])
def test_a_file_under_a_byte_in_base64_is_read(byte):
    key = expanded(BARE["three letters"])
    text = b"# prod\nHOST=db1.internal\nAPI_KEY=%b\nDEBUG=false\n" % key
    code = b64encode(bytes(c ^ byte for c in text))
    decoded = decode([Part(PartKind.BODY, code)], Limits())
    assert any(key in view.data for view in decoded.views)


def test_words_in_base64_are_no_key_under_a_byte():
    """A thousand sentences, each a view of its own: the first three letters are any."""
    words = [topics[name].split() for name in sorted(topics)]
    rows = [" ".join(each[at : at + 9]) for each in words for at in range(0, 400, 9)]
    for row in filter(None, rows[:1000]):
        assert undone(row.encode(), "base64") == []
