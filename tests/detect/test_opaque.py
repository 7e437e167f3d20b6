import base64
import gzip
import hashlib
import json
import random
import string
import textwrap
import uuid

import numpy as np
import pytest

from dlp.decode import decode
from dlp.detect.opaque import opaque_stretches
from dlp.model import Limits, Part, PartKind

NOISE = random.Random("noise")


def noise(size):
    return NOISE.randbytes(size)


def stretches(data, kind=PartKind.BODY, **options):
    parts = (Part(PartKind.TARGET, b"/x"), Part(kind, data, **options))
    return opaque_stretches(parts, decode(parts, Limits()).views)


def size(data, kind=PartKind.BODY, **options):
    return sum(one.size for one in stretches(data, kind, **options))


def note(value):
    return json.dumps({"note": value}).encode()


def wrapped(width, data):
    return b"\n".join(data[at : at + width] for at in range(0, len(data), width))


COUNTED = {
    "ciphertext as a body": noise(3000),
    "ciphertext in base64": note(base64.b64encode(noise(3000)).decode()),
    "in the alphabet for URLs": note(base64.urlsafe_b64encode(noise(3000)).decode()),
    "in lines": base64.encodebytes(noise(3000)),
    "in lines of 64, as OpenSSL wraps": wrapped(64, base64.b64encode(noise(3000))),
    "in hex lines of 60, as xxd wraps": wrapped(60, noise(3000).hex().encode()),
    "lines in JSON": note(base64.encodebytes(noise(3000)).decode()),
    "in hex": note(noise(3000).hex()),
    "in prose": b"see " * 50 + base64.b64encode(noise(3000)) + b" there" * 50,
    "as a picture that is none": b'{"url": "data:image/png;base64,'
    + base64.b64encode(noise(3000))
    + b'"}',
}


@pytest.mark.parametrize("data", COUNTED.values(), ids=COUNTED)
def test_what_nobody_can_read_is_counted(data):
    assert 2900 <= size(data) <= 6100


def test_in_a_target_a_header_and_a_frame():
    text = base64.urlsafe_b64encode(noise(300))
    for kind in (PartKind.HEADER, PartKind.FRAME):
        assert size(text, kind) >= 380
    parts = (Part(PartKind.TARGET, b"/x?q=" + text),)
    (found,) = opaque_stretches(parts, decode(parts, Limits()).views)
    assert found.size >= 380


def test_under_a_content_coding():
    data = gzip.compress(note(base64.b64encode(noise(3000)).decode()))
    assert size(data, encodings=("gzip",)) >= 3900
    assert size(gzip.compress(b"words and words " * 99), encodings=("gzip",)) == 0


WORDS = "the agent reads a file and writes code then runs the tests again".split()
PNG = b"\x89PNG\r\n\x1a\n" + noise(3000)
DER = b"0\x82\x05\xdc" + noise(1500)
FLOATS = np.random.default_rng(3).normal(size=1536).astype("<f4")
HONEST = {
    "prose": " ".join(NOISE.choices(WORDS, k=600)).encode(),
    "identifiers": note([str(uuid.UUID(bytes=noise(16))) for _ in range(50)]),
    "hashes": note([hashlib.sha256(noise(9)).hexdigest() for _ in range(50)]),
    "long hashes": note([hashlib.sha512(noise(9)).hexdigest() for _ in range(50)]),
    "a list of shorter hashes": wrapped(64, noise(3200).hex().encode()),
    "a list of hashes": b"".join(
        hashlib.sha512(noise(9)).hexdigest().encode() + b"\n" for _ in range(50)
    ),
    "a lock file": note(
        ["sha512-" + base64.b64encode(noise(64)).decode() for _ in range(50)]
    ),
    "paths with hashes": note(
        [f"https://files.example/packages/ab/cd/{noise(30).hex()}/x-1.whl"] * 9
    ),
    "embeddings": note([round(NOISE.uniform(-1, 1), 8) for _ in range(900)]),
    "a picture": PNG,
    "a picture in base64": note(base64.b64encode(PNG).decode()),
    "a picture in hex": note(PNG.hex()),
    "a picture in lines": base64.encodebytes(PNG),
    "lines in JSON": note(base64.encodebytes(PNG).decode()),
    "lines in JSON in JSON": note(note(base64.encodebytes(PNG).decode()).decode()),
    "lines of a certificate": note(
        "BEGIN\n" + "\n".join(textwrap.wrap(base64.b64encode(DER).decode(), 64))
    ),
    "lines of a notebook": note(base64.encodebytes(PNG).decode().splitlines(True)),
    "lines of a mail": base64.encodebytes(PNG).replace(b"\n", b"\r\n"),
    "floats in base64": note(base64.b64encode(FLOATS.tobytes()).decode()),
    "halves in base64": note(base64.b64encode(FLOATS.astype("f2").tobytes()).decode()),
    "sound": note(base64.b64encode((3000 * FLOATS).astype("<i2").tobytes()).decode()),
    "an archive": gzip.compress(noise(3000)),
    "text in base64": note(base64.b64encode(b"words and words " * 99).decode()),
    "minified code": b"function a(b,c){return b.d(c)?e(f,g[h]):i.j(k);}" * 50,
    "a long name": note("a_very_long_name_of_a_function_that_says_what_it_does_" * 3),
    "text of another script": "слова и слова ".encode() * 99,
    "filler": note("=" * 200 + "-" * 200 + "a" * 200),
}


@pytest.mark.parametrize("data", HONEST.values(), ids=HONEST)
def test_what_honest_traffic_is_full_of_is_not(data):
    assert size(data) == 0


def test_one_stretch_is_told_from_another_and_counts_once():
    one, two = (base64.b64encode(noise(300)).decode() for _ in range(2))
    assert len(stretches(note([one, two, one]))) == 2
    assert stretches(note(one)) == stretches(note([one]))


def test_nothing_of_it_is_kept():
    text = "".join(NOISE.choices(string.ascii_letters, k=300))
    assert text[:20] not in repr(stretches(note(text)))
