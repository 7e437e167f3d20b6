"""Places in an alphabet."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.codes.indexed import letters
from dlp.model import Limits, Part, PartKind

ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(random.Random(73).choices(ALNUM, k=36))
OWN = "".join(random.Random(74).sample(ALNUM + "_-", 64))


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    return decode([Part(PartKind.BODY, body)], Limits())


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "alphabet",
    [string.printable, ALNUM + "-_=", string.digits + ALNUM[:52] + "-_"],
    ids=["printable", "letters and digits", "digits and letters"],
)
def test_places_in_an_alphabet_that_all_have(alphabet, first):
    text = json.dumps([alphabet.index(c) + first for c in TOKEN])
    assert any(TOKEN.encode() in view.data for view in seen(text).views)


def test_places_in_an_alphabet_that_stands_beside_the_list():
    text = f"a = '{OWN}'; k = ''.join(a[i] for i in {[OWN.index(c) for c in TOKEN]})"
    assert any(TOKEN.encode() in view.data for view in seen(text).views)


def test_large_numbers_and_few_of_them_are_no_places():
    assert not list(letters([300, 12, 40, 41, 42, 43, 44, 45], b""))
    assert not list(letters([1, 2, 3], b""))
    assert not list(letters([7] * 30, b""))
