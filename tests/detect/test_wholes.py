"""A registered secret of which only the letters, or where they come back, is left."""

import base64
import random
import string

import pytest

from dlp.detect.known.enrol import fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.model import View

KEY = bytes(range(32))
ALNUM = string.ascii_letters + string.digits
DRAW = random.Random(3)
SECRET = "".join(DRAW.choices(ALNUM, k=40)).encode()
OTHERS = ["".join(DRAW.choices(ALNUM, k=40)).encode() for _ in range(200)]


def index_of(value):
    return SecretIndex.build([(SecretInfo("key"), fingerprint(value, KEY))], KEY)


INDEX = index_of(SECRET)


def found(*residue, index=INDEX):
    views = [View(data, 0, "drawn") for data in residue]
    return [hit.variant for hit in index.scan([], views) if hit.complete]


def shuffled(text):
    return bytes(random.Random(9).sample(text, len(text)))


def in_other_symbols(text, seed=4):
    table = list(range(256))
    random.Random(seed).shuffle(table)
    return text.translate(bytes(table)).replace(b"\n", b"\xff")


def test_its_letters_in_any_order_are_found_wherever_they_stand():
    noise = OTHERS[0] + b"\n"
    for text in (shuffled(SECRET), b"-".join(bytes([c]) for c in shuffled(SECRET))):
        assert set(found(noise + text + OTHERS[1])) == {"any order"}


def test_a_vendors_prefix_moved_with_the_rest_changes_nothing():
    value = b"sk-" + b"ant-api03-" + SECRET
    assert found(shuffled(value), index=index_of(value)) == ["any order"]
    assert found(shuffled(SECRET), index=index_of(value)) == ["any order"]


@pytest.mark.parametrize(
    "spell",
    [
        bytes,
        bytes.lower,
        lambda s: s.hex().encode(),
        base64.b64encode,
        base64.b32encode,
    ],
    ids=["plain", "lower case", "hex", "base64", "base32"],
)
def test_other_symbols_are_found(spell):
    coded = in_other_symbols(spell(SECRET).rstrip(b"="))
    assert found(coded) == ["other symbols"]
    assert found(coded[::-1]) == ["other symbols"]
    assert found(b"\x01\x02" + coded + b"\x03") == ["other symbols"]


def test_a_second_line_is_a_sequence_of_its_own():
    assert found(OTHERS[0] + b"\n" + in_other_symbols(SECRET)) == ["other symbols"]


def test_one_letter_less_is_neither():
    assert found(in_other_symbols(SECRET[1:])) == []
    assert found(shuffled(SECRET[1:])) == []


def test_other_secrets_are_not_found():
    assert found(*OTHERS) == []
    assert found(*(text.hex().encode() for text in OTHERS)) == []


def test_a_value_of_hexadecimal_digits_is_known_by_no_order():
    value = random.Random(8).randbytes(20).hex().encode()
    assert "any order" not in found(shuffled(value), index=index_of(value))


def test_what_is_over_the_bound_is_not_looked_at():
    assert found(bytes(17 << 10), shuffled(SECRET)) == []


def test_the_views_of_a_message_are_left_alone():
    assert INDEX.scan([View(shuffled(SECRET), 0, "body")]) == []
