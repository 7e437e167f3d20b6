"""Characters that carry a type each, and records that hold one each."""

import random
import string
import struct
from base64 import b64encode

import msgpack
import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(89)
TOKEN = ("gh" + "p_" + "".join(DRAW.choices(string.ascii_letters, k=36))).encode()


def bson(tag, form):
    return b"".join(b"%c%d\0" % (tag, n) + form(c) for n, c in enumerate(TOKEN))


def zigzag(tag=b""):
    return b"".join(
        tag + (bytes([2 * c & 127 | 128, 1]) if c > 63 else bytes([2 * c]))
        for c in TOKEN
    )


def packed(form, lead=b""):
    return b"".join(lead + struct.pack(form, c) for c in TOKEN)


FORMS = {
    "doubles of MessagePack": msgpack.packb([float(c) for c in TOKEN]),
    "letters of MessagePack": msgpack.packb([chr(c) for c in TOKEN]),
    "words of MessagePack": packed(">H", b"\xcd"),
    "halves of CBOR": packed(">e", b"\xf9"),
    "doubles of CBOR": packed(">d", b"\xfb"),
    "doubles of BSON": bson(1, lambda c: struct.pack("<d", c)),
    "numbers of BSON": bson(0x10, lambda c: struct.pack("<i", c)),
    "letters of BSON": bson(2, lambda c: b"\x02\0\0\0%c\0" % c),
    "fields of protobuf": b"".join(
        (bytes([n << 3 | 2]) if n < 16 else bytes([n << 3 & 127 | 130, n >> 4]))
        + b"\1%c" % c
        for n, c in enumerate(TOKEN, 1)
    ),
    "signed numbers of protobuf": zigzag(b"\x08"),
    "signed numbers in a row": zigzag(),
    "fixed numbers of protobuf": packed("<I", b"\x0d"),
    "records with counters": b"".join(
        b"\0\1%c\x07%c%c\xff\xfe" % (n, n * 3 % 256, c) for n, c in enumerate(TOKEN)
    ),
    "records from the end": b"".join(
        b"\4%c\3\1\x0f%c%c" % (n, n, c) for n, c in enumerate(TOKEN[::-1])
    ),
}


def seen(body):
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded


@pytest.mark.parametrize("name", FORMS)
def test_a_key_comes_out_of_base64(name):
    body = f"data:application/octet-stream;base64,{b64encode(FORMS[name]).decode()}"
    assert any(TOKEN in view.data for view in seen(body.encode()).views)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("head", [b"", b"\x82\xa1v\0\x93"])
def test_a_key_comes_out(name, head):
    views = seen(head + FORMS[name] + b"\0\x80").views
    assert any(TOKEN in view.data for view in views)


def test_noise_and_samples_say_nothing():
    noise = DRAW.randbytes(8 << 10)
    wave = struct.pack("<4000h", *(n * 37 % 9000 - 4500 for n in range(4000)))
    for body in (noise, wave):
        decoded = seen(body)
        assert not [view for view in decoded.views if view.step == "numbers"]
        residue = [view for view in decoded.residue if view.step == "numbers"]
        assert sum(len(view.data) for view in residue) < 4 << 10
