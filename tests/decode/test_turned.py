"""Codes under a cipher, and codes of what is itself written otherwise."""

import base64
import codecs
import gzip
import json
import quopri
import random
import string
import zlib

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.turned import _common
from dlp.model import Limits, Part, PartKind
from tests.decode.encoders import (
    ATBASH,
    B58,
    bignum,
    caesar,
    each,
    hexdump,
    tarred,
    uuencode,
    z85,
)

TOKEN = "ghp" + "_" + "".join(random.Random(9).choices(string.ascii_letters, k=36))


def rot13(data):
    return codecs.encode(data.decode(), "rot13").encode()


def rot47(data):
    return bytes(33 + (c - 33 + 47) % 94 if 33 <= c < 127 else c for c in data)


def apart(data, size, between):
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return between.join(pieces)


def wide(data):
    return "".join(chr(c + 0xFEE0) for c in data).encode()


def wide_but_blanks(data):
    return b" ".join(map(wide, data.split(b" ")))


WAYS = {
    "rot13 of hex": lambda t: rot13(t.hex().encode()),
    "rot13 of base32": lambda t: rot13(base64.b32encode(t)),
    "rot13 of base64 of zlib": lambda t: rot13(base64.b64encode(zlib.compress(t))),
    "rot47 of base64": lambda t: rot47(base64.b64encode(t)),
    "rot47 of percent": lambda t: rot47(each("%{:02X}")(t)),
    "caesar 7 of base64": lambda t: caesar(7)(base64.b64encode(t)),
    "atbash of base32": lambda t: (
        base64.b32encode(t).decode().translate(ATBASH).encode()
    ),
    "base32 backwards": lambda t: base64.b32encode(t)[::-1],
    "base58 backwards": lambda t: bignum(t, B58)[::-1],
    "escapes backwards": lambda t: each("\\x{:02x}")(t)[::-1],
    "numbers backwards": lambda t: each("{}", ",")(t)[::-1],
    "references backwards": lambda t: each("&#{};")(t)[::-1],
    "rot13, backwards": lambda t: rot13(t)[::-1],
    "rot47, backwards": lambda t: rot47(t)[::-1],
    "XOR of hex": lambda t: bytes(c ^ 0x37 for c in t.hex().encode()),
    "XOR of base64": lambda t: bytes(c ^ 0x91 for c in base64.b64encode(t)),
    "a shift of base64": lambda t: bytes(c + 100 for c in base64.b64encode(t)),
    "hex of lines": lambda t: apart(t, 8, b"\n").hex().encode(),
    "base64 of lines": lambda t: base64.b64encode(apart(t, 8, b"\n")),
    "base58 of lines": lambda t: bignum(apart(t, 8, b"\n"), B58),
    "hex of wide letters": lambda t: wide(t).hex().encode(),
    "wide numbers": lambda t: wide(each("{}", ",")(t)),
    "base32 of raw deflate": lambda t: base64.b32encode(zlib.compress(t, wbits=-15)),
    "slashes between": lambda t: apart(t, 5, b"/"),
    "hyphens between": lambda t: apart(t, 4, b"-"),
    "two hyphens between": lambda t: apart(t, 5, b"--"),
    "a letter between": lambda t: apart(t, 3, b"x"),
    "escapes in UTF-16": lambda t: each("\\x{:02x}")(t).decode().encode("utf-16-le"),
    "wide numbers with blanks": lambda t: wide_but_blanks(each("{}", ", ")(t)),
    "base85 of lines": lambda t: base64.b85encode(apart(t, 9, b"\n")),
    "ascii85 of uuencode": lambda t: base64.a85encode(uuencode(t)),
    "base85 of UTF-16": lambda t: base64.b85encode(t.decode().encode("utf-16-le")),
    "base85 of wide letters": lambda t: base64.b85encode(wide(t)),
    "z85 of raw deflate": lambda t: z85(zlib.compress(t, wbits=-15)),
    "base85 of XOR": lambda t: base64.b85encode(bytes(c ^ 0x91 for c in t)),
    "ascii85 of tar": lambda t: base64.a85encode(tarred("w")(t)),
    "quoted-printable of gzip": lambda t: quopri.encodestring(gzip.compress(t)),
    "quoted-printable of bits": lambda t: quopri.encodestring(each("{:08b}", " ")(t)),
    "XOR of Caesar": lambda t: bytes(c ^ 0xB7 for c in caesar(9)(t)),
    "XOR of base85": lambda t: bytes(c ^ 0xB7 for c in base64.b85encode(t)),
    "a shift of groups": lambda t: bytes(c + 120 for c in apart(t, 4, b" ")),
    "base64 of XOR of a dump": lambda t: base64.b64encode(
        bytes(c ^ 0xC9 for c in hexdump(t))
    ),
    "base64 of lines of eight": lambda t: base64.b64encode(apart(t[:26], 8, b"\n")),
    "base 7": lambda t: " ".join(f"{c // 49}{c // 7 % 7}{c % 7}" for c in t).encode(),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_token_comes_out_of(name):
    token = TOKEN.encode()
    token = token[:26] if name.endswith("of eight") else token
    coded = WAYS[name](token)
    bodies = [coded]
    if coded.isascii() and coded.decode().isprintable():
        bodies.append(json.dumps({"a": {"b": coded.decode()}}).encode())
    for body in bodies:
        decoded = decode([Part(PartKind.BODY, body)], Limits())
        assert any(token in view.data for view in decoded.views)


@pytest.mark.parametrize("word", ["0123456789abcdef" * 4, "Ab3" * 30, "a/b-c_" * 20])
def test_of_what_is_no_code_nothing_comes_out(word):
    decoded = decode([Part(PartKind.BODY, word.encode())], Limits())
    assert {view.step for view in decoded.views} & {"turned", "unmasked"} == set()


@pytest.mark.parametrize("zeros", [22, 40, 512])
def test_zeros_are_a_number_and_no_text(zeros):
    """A token of one sign alone has no smallest base: 0 is read in base 2."""
    part = Part(PartKind.BODY, b"id = " + b"0" * zeros + b"\n")
    assert not decode([part], Limits()).undecodable


def test_the_keys_that_all_bytes_allow_come_in_order():
    draw = random.Random(6)
    for _ in range(200):
        allowed = [draw.getrandbits(256) | draw.getrandbits(256) for _ in range(256)]
        present = draw.sample(range(256), draw.randint(1, 5))
        every = [k for k in range(256) if all(allowed[b] >> k & 1 for b in present)]
        assert list(_common(allowed, present)) == every
