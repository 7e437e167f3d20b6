"""
Check digits: published examples hold, and no other last digit does.

The numbers are those the issuing authorities and specifications print as examples.
"""

import pytest

from dlp.detect.proof.checks import CHECKS, Candidate, Outcome
from dlp.detect.proof.identifiers import IDENTIFIERS
from dlp.detect.templates import expand

EXAMPLES = {
    "nhs": "943 476 5919",
    "pesel": "44051401359",
    "bsn": "1112.22.333",
    "steuer-id": "86 095 742 719",
    "nir": "2 69 05 49 588 157 80",
    "dni": "12345678Z",
    "codice-fiscale": "RSSMRA85T10A562S",
    "cnp": "1800101221144",
    "egn": "7523169263",
    "fodselsnummer": "150765 00565",
    "hetu": "131052-308T",
    "ahv": "756.9217.0769.85",
    "nif": "123456789",
    "belgian-number": "93.05.18-223.61",
    "cpf": "111.444.777-35",
    "cnpj": "11.222.333/0001-81",
    "rut": "12.345.678-5",
    "aadhaar": "9999 4105 7058",
    "resident-id": "11010519491231002X",
    "rrn": "781030-2104252",
    "my-number": "1234 5678 9018",
    "tfn": "123 456 782",
    "turkish-id": "10000000146",
    "curp": "HEGG560427MVZRRL04",
    "base58-check": expand("{base58check:80:32}"),
    "ripple-check": expand("{base58check:21:16:ripple58}"),
    "base32-check": expand("{base32check:90:32}"),
}


def test_every_check_has_an_example():
    assert set(EXAMPLES) == set(IDENTIFIERS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_holds_and_a_change_of_its_end_does_not(name):
    test = IDENTIFIERS[name]
    good = EXAMPLES[name]
    assert test(good.encode())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if good[-1].isalpha() else "0123456789"
    ends = [end for end in letters if test((good[:-1] + end).encode())]
    assert ends == [good[-1]] or name.endswith("-check")


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n.endswith("-check")])
def test_a_key_with_two_characters_exchanged_fails(name):
    good = EXAMPLES[name]
    swapped = good[:5] + good[6] + good[5] + good[7:]
    assert swapped != good
    assert not IDENTIFIERS[name](swapped.encode())


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("dni", "X1234567L"),
        ("hetu", "010594Y9032"),
        ("nhs", "943-476-5919"),
        ("my-number", "123456789018"),
    ],
)
def test_other_notations_hold_too(name, other):
    assert IDENTIFIERS[name](other.encode())


@pytest.mark.parametrize("name", ["nhs", "cpf", "nif", "bsn", "pesel"])
def test_one_digit_repeated_is_nobodys(name):
    size = sum(c.isdigit() for c in EXAMPLES[name])
    assert not any(IDENTIFIERS[name](str(d).encode() * size) for d in (0, 1))


def test_a_check_in_a_rule_keeps_or_drops():
    def outcome(text: bytes) -> Outcome:
        return CHECKS["hetu"](Candidate(text, text, 0, len(text), 0))

    assert outcome(b"131052-308T") is Outcome.KEEP
    assert outcome(b"131052-308U") is Outcome.DROP
