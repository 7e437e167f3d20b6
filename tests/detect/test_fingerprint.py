import base64
import codecs
import random
import string

import pytest

from dlp.detect.enrol import fingerprint
from dlp.detect.fingerprint import SecretIndex, SecretInfo
from dlp.errors import SecretError
from dlp.model import View

KEY = bytes(range(32))
ALNUM = string.ascii_letters + string.digits
SECRET = b"sk-ant-api03-" + "".join(random.Random(1).choices(ALNUM, k=40)).encode()


def index_of(**values: bytes) -> SecretIndex:
    return SecretIndex.build(
        [(SecretInfo(name), fingerprint(value, KEY)) for name, value in values.items()],
        KEY,
    )


INDEX = index_of(key=SECRET)


def scan(*texts: bytes, index: SecretIndex = INDEX):
    return index.scan([View(text, n) for n, text in enumerate(texts)])


WRITTEN = {
    "plain": SECRET,
    "upper case": SECRET.upper(),
    "reversed": SECRET[::-1],
    "rot13": codecs.encode(SECRET.decode(), "rot13").encode(),
    "a separator between all characters": b" - ".join(bytes([c]) for c in SECRET),
    "a character on a line": b"\n".join(bytes([c]) for c in SECRET),
    "UTF-16 little-endian": SECRET.decode().encode("utf-16-le"),
    "UTF-16 big-endian": SECRET.decode().encode("utf-16-be"),
    "UTF-32": SECRET.decode().encode("utf-32"),
    "zero-width spaces": "\u200b".join(SECRET.decode()).encode(),
    "percent": b"".join(b"%%%02x" % c for c in SECRET),
    "hex": SECRET.hex().encode(),
    "HEX": SECRET.hex().upper().encode(),
    "hex with colons": SECRET.hex(":").encode(),
    "hex of the reverse": SECRET[::-1].hex().encode(),
    "decimal list": ", ".join(map(str, SECRET)).encode(),
    "octal escapes": b"".join(b"\\%o" % c for c in SECRET),
    "decimal entities": b"".join(b"&#%d;" % c for c in SECRET),
    "base64": base64.b64encode(SECRET),
    "base64, one byte before": base64.b64encode(b"x" + SECRET),
    "base64, two bytes before": base64.b64encode(b"xy" + SECRET),
    "base64url": base64.urlsafe_b64encode(SECRET),
    "base64 in lines": base64.encodebytes(b"key: " + SECRET * 3),
    "base64 of UTF-16": base64.b64encode(SECRET.decode().encode("utf-16")),
    "base64 of big-endian UTF-16": base64.b64encode(
        SECRET.decode().encode("utf-16-be")
    ),
    "base64 of the reverse": base64.b64encode(SECRET[::-1]),
    "reversed base64": base64.b64encode(SECRET)[::-1],
    "base64 twice": base64.b64encode(base64.b64encode(b"a" + SECRET)),
    "base64 of hex": base64.b64encode(SECRET.hex().encode()),
    "hex of base64": base64.b64encode(b"a" + SECRET).hex().encode(),
    "base32": base64.b32encode(SECRET),
    "base32, three bytes before": base64.b32encode(b"xyz" + SECRET),
    "base32 lower": base64.b32encode(SECRET).lower(),
    "base32hex": base64.b32hexencode(SECRET),
    "ascii85": base64.a85encode(b"k=" + SECRET),
    "base85": base64.b85encode(b"key" + SECRET),
    "XOR 1": bytes(c ^ 1 for c in SECRET),
    "XOR 0xa5": bytes(c ^ 0xA5 for c in SECRET),
    "add 1": bytes((c + 1) % 256 for c in SECRET),
    "add 200": bytes((c + 200) % 256 for c in SECRET),
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_secret_is_found_as(text):
    hits = scan(b'{"note": "' + text + b'", "n": 1}')
    assert any(hit.complete for hit in hits)
    assert {hit.name for hit in hits} == {"key"}


def test_a_plain_secret_has_its_exact_span():
    text = b"take " + SECRET + b" please"
    (hit,) = scan(text)
    assert text[hit.start : hit.stop] == SECRET
    assert hit.whole
    assert hit.variant == "plain"


def test_fragments_of_one_message_add_up_to_a_leak():
    hits = scan(b"a=" + SECRET[13:25], b"b=" + SECRET[35:48])
    assert not any(hit.complete for hit in hits)
    total = 0
    for hit in hits:
        total |= hit.coverage
    assert INDEX.reached("key", total)
    assert not INDEX.reached("key", hits[0].coverage)


def test_a_secret_cut_over_neighbouring_views_is_found():
    assert any(hit.complete for hit in scan(SECRET[:30], SECRET[30:]))


def test_the_prefix_of_the_class_is_no_hit():
    other = b"sk-ant-api03-" + "".join(random.Random(2).choices(ALNUM, k=40)).encode()
    assert scan(other) == []


def test_one_value_under_two_names_is_found_under_both():
    index = index_of(one=SECRET, two=SECRET)
    assert {hit.name for hit in scan(SECRET, index=index)} == {"one", "two"}


def test_an_empty_index_finds_nothing():
    assert scan(SECRET, index=SecretIndex.build([], KEY)) == []


@pytest.mark.parametrize("value", [b"", b"hunter2", b"password123", b"a" * 40])
def test_a_value_that_can_be_guessed_is_refused(value):
    with pytest.raises(SecretError, match="guess"):
        fingerprint(value, KEY)
