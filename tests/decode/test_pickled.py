"""What a pickle holds, in order."""

import pickle
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.documents.pickled import is_pickle
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(97)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
FORMS = {
    "letters": list(TOKEN),
    "a dictionary": dict(enumerate(TOKEN)),
    "numbers": [float(ord(letter)) for letter in TOKEN],
    "pieces": [TOKEN[at : at + 5] for at in range(0, 40, 5)],
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_key_comes_out(name, protocol):
    body = pickle.dumps({"v": FORMS[name]}, protocol)
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


def test_what_is_broken_is_read_up_to_there():
    whole = pickle.dumps(list(TOKEN))
    for at in range(0, len(whole), 7):
        body = whole[:at] + b"\xff" + whole[at + 1 :]
        assert not decode([Part(PartKind.BODY, body)], Limits()).truncated


def test_text_is_none():
    assert not is_pickle(b"It begins and ends as text does.")
