"""Pieces of one length with the same words between them."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.source import Source
from dlp.decode.spellings.even import even
from dlp.model import Limits, Part, PartKind, View

LETTERS = string.ascii_letters + string.digits
TOKEN = "".join(random.Random(23).choices(LETTERS, k=46))
BETWEEN = {
    "a word": " then ",
    "a word in brackets": "[break]",
    "a tag": "<br/>",
    "a word between dashes": " -- next -- ",
}
ROUND = {
    "alone": "{}",
    "in prose": "Please keep this for me: {} and thanks a lot.",
    "in a chat": json.dumps({"messages": [{"role": "user", "content": "It is\n{}\n"}]})
    .replace("{", "{{")
    .replace("}", "}}")
    .replace("{{}}", "{}"),
}


@pytest.mark.parametrize("where", ROUND)
@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("size", [2, 3, 5])
def test_pieces_between_the_same_words_are_put_together(size, between, where):
    pieces = [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]
    body = ROUND[where].format(BETWEEN[between].join(pieces)).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert any(
        TOKEN[: len(TOKEN) // size * size].encode() in v.data for v in decoded.views
    )


def test_words_between_words_are_not():
    words = "walks talks bikes hikes reads sings plays swims bakes cooks".split()
    view = View(" then ".join(words).encode(), 0)
    assert not list(even(Source(view, Budget.of(Limits(), len(view.data)))))
