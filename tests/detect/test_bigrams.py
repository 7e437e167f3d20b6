"""Random keys score above the line, names of code below it."""

import random
import string

import pytest

from dlp.detect.context.words import WORDS
from dlp.detect.proof.bigrams import RANDOM, randomness

ALPHABETS = {
    "base62": string.ascii_letters + string.digits,
    "small letters": string.ascii_lowercase,
    "small letters and digits": string.ascii_lowercase + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "base32": string.ascii_uppercase + "234567",
}


@pytest.mark.parametrize("name", ALPHABETS)
def test_ninety_six_of_a_hundred_random_keys_are_found(name):
    source = random.Random(name)
    scores = [
        randomness("".join(source.choices(ALPHABETS[name], k=24)).encode())
        for _ in range(500)
    ]
    assert sum(score >= RANDOM for score in scores) >= 480


def test_one_of_a_hundred_names_at_most_is_taken_for_a_key():
    source = random.Random(3)
    joins = ("_", "-", ".", "")
    names = []
    for _ in range(1000):
        words = source.sample(WORDS, 3)
        camel = words[0] + "".join(word.title() for word in words[1:])
        names.append(source.choice([source.choice(joins).join(words), camel]))
    assert sum(randomness(name.encode()) >= RANDOM for name in names) <= 10


def test_nothing_and_one_character_score_zero():
    assert randomness(b"") == randomness(b"x") == 0
