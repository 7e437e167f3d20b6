"""Seed phrases, with the test vectors of BIP-39."""

from hashlib import sha256

import pytest

from dlp.detect.proof.mnemonic import LIST, is_mnemonic

VECTORS = [
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "void come effort suffer camp survey warrior heavy shoot primary clutch crush"
    " open amazing screen patrol group space point ten exist slush involve unfold",
]


def test_the_list_is_the_one_of_the_specification():
    digest = sha256(("\n".join(LIST.split()) + "\n").encode()).hexdigest()
    assert digest == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"


@pytest.mark.parametrize("phrase", VECTORS)
def test_a_vector_holds_in_every_notation(phrase):
    words = phrase.split()
    assert is_mnemonic(phrase.encode())
    assert is_mnemonic(phrase.upper().encode())
    assert is_mnemonic(", ".join(f'"{word}"' for word in words).encode())
    numbered = " ".join(f"{place}. {word}" for place, word in enumerate(words, 1))
    assert is_mnemonic(numbered.encode())


@pytest.mark.parametrize("phrase", VECTORS)
def test_a_wrong_last_word_a_missing_word_and_a_strange_word_fail(phrase):
    words = phrase.split()
    assert not is_mnemonic(" ".join([*words[:-1], "abandon"]).encode())
    assert not is_mnemonic(" ".join(words[:-1]).encode())
    assert not is_mnemonic(" ".join([*words[:-1], "lazily"]).encode())
    assert not is_mnemonic(b"")
