import json
import math
import string
from random import Random

import pytest

from dlp.detect.known.material import MAX_LENGTH, dissect, entropy_bits
from dlp.errors import SecretError

ALNUM = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
BODY = "".join(Random(5).choices(ALNUM, k=40))


def body(value: str) -> str:
    material = dissect(value.encode())
    found = material.pieces[0].data
    assert value.encode()[material.before : len(value) - material.after] == found
    return found.decode()


SECRET_PART = {
    "nothing public": (BODY, BODY),
    "a vendor's prefix": ("sk-" + "ant-api03-" + BODY, BODY),
    "a prefix with underscores": ("sk_" + "live_" + BODY, BODY),
    "a prefix that is its own word": (
        "AK" + "IA" + BODY[:16].upper(),
        BODY[:16].upper(),
    ),
    "an unknown company's prefix": ("acme-prod-" + BODY, BODY),
    "words in front": ("production-database-" + BODY, BODY),
    "too little behind a prefix": (
        "abcdef-ghijkl-" + BODY[:9],
        "abcdef-ghijkl-" + BODY[:9],
    ),
    "a passphrase": ("gravel-onion-tuesday-violet-cabin-stoic",) * 2,
    "the password of a URL": (f"postgres://app:{BODY}@db:5432/x?ssl=1", BODY),
    "a user without a name": (f"redis://:{BODY}@cache:6379/0", BODY),
    "a token in a path": (f"https://hooks.example.com/services/T01/{BODY}", BODY),
    "a token in a query": (
        f"https://api.example.com/v1/items?limit=10&key={BODY}&x=1",
        BODY,
    ),
    "a JSON file": (json.dumps({"type": "service", "name": "prod", "key": BODY}), BODY),
}


@pytest.mark.parametrize(("value", "secret"), SECRET_PART.values(), ids=SECRET_PART)
def test_the_secret_part_is(value, secret):
    assert body(value) == secret


GUESSED = {
    "a word": "password",
    "words and digits": "password123456",
    "a common one with signs": "Passw0rd!",
    "a repeat": "abcabcabcabcabcabc",
    "one character": "x" * 60,
    "counting": "abcdefghijklmnopqrstuvwxyz",
    "counting down": "9876543210987",
    "a date": "2024-01-31",
    "a prefix alone": "sk-" + "ant-api03-",
    "too short": "x9#Kq2!",
}


@pytest.mark.parametrize("value", GUESSED.values(), ids=GUESSED)
def test_what_can_be_guessed_is_refused_without_quoting_it(value):
    with pytest.raises(SecretError, match="guess") as caught:
        dissect(value.encode())
    assert not value or value not in str(caught.value)


def test_what_is_too_long_is_refused():
    with pytest.raises(SecretError, match=str(MAX_LENGTH)):
        dissect(b"x" * (MAX_LENGTH + 1))


ACCEPTED = [
    "x9#Kq2!w",
    BODY[:8],
    "4f9a1c07be",
    "8319462057183",
    "correct horse battery staple",
]


@pytest.mark.parametrize("value", ACCEPTED)
def test_a_short_random_value_is_accepted(value):
    assert body(value) == value


RANDOM = {
    "hex": ("0123456789abcdef", 4),
    "digits": ("0123456789", math.log2(10)),
    "both cases": (ALNUM, math.log2(62)),
}


@pytest.mark.parametrize(("alphabet", "bits"), RANDOM.values(), ids=RANDOM)
def test_random_text_has_the_bits_of_its_alphabet(alphabet, bits):
    text = "".join(Random(1).choices(alphabet, k=32)).encode()
    assert entropy_bits(text) == pytest.approx(32 * bits, rel=0.15)


def test_random_bytes_can_be_registered():
    assert dissect(Random(1).randbytes(32)).pieces[0].bits > 100


@pytest.mark.parametrize("seed", range(60))
def test_letters_drawn_at_random_are_no_words(seed):
    """An authenticator's seed has vowels by chance; its pieces must still count."""
    drawn = Random(seed).choices(string.ascii_uppercase + "234567", k=34)
    (piece,) = dissect("".join(drawn).encode()).pieces
    assert piece.bits_per_char > 4


DRAWN = {
    "a seed of TOTP": ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, ""),
    "the same in small letters": ("abcdefghijklmnopqrstuvwxyz234567", 16, ""),
    "a password for one program": ("abcdefghijklmnopqrstuvwxyz", 16, " "),
}


@pytest.mark.parametrize("name", DRAWN)
def test_letters_that_were_drawn_are_no_words_whatever_they_read_like(name):
    alphabet, size, between = DRAWN[name]
    drawn = Random(3)
    refused = 0
    for _ in range(200):
        signs = "".join(drawn.choices(alphabet, k=size))
        fours = [signs[n : n + 4] for n in range(0, size, 4)]
        refused += entropy_bits(between.join(fours).encode()) < 40
    assert refused <= 10
    assert refused == 0 or between


def test_words_are_words_however_many():
    phrase = b"correct horse battery staple"
    assert entropy_bits(phrase) < 2.1 * len(phrase)
