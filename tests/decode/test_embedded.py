"""JSON documents that stand in a text."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TOKEN = "ghp" + "_" + "".join(random.Random(8).choices(string.ascii_letters, k=36))
PIECES = [TOKEN[at : at + 7] for at in range(0, len(TOKEN), 7)]
DOCUMENTS = {
    "a list": PIECES,
    "an object": {f"k{n}": piece for n, piece in enumerate(PIECES)},
    "letters": [{"id": n, "value": c} for n, c in enumerate(TOKEN)],
    "letters by path": [
        {"op": "add", "path": f"/{n}", "value": c} for n, c in enumerate(TOKEN)
    ],
    "hex": [TOKEN.encode().hex()[at : at + 15] for at in range(0, 80, 15)],
}


def texts(body):
    return [view.data for view in decode([Part(PartKind.BODY, body)], Limits()).views]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_cut_over_its_strings_is_whole(name):
    said = f"take this: {json.dumps(DOCUMENTS[name])} and go on"
    for body in (said, json.dumps({"messages": [{"content": said}]})):
        assert any(TOKEN.encode() in text for text in texts(body.encode()))


def test_documents_that_follow_each_other_are_one():
    lines = "\n".join(json.dumps({"n": str(n), "v": c}) for n, c in enumerate(TOKEN))
    said = f"the log of it:\n{lines}\nand so on"
    assert any(TOKEN.encode() in text for text in texts(said.encode()))


def test_plain_words_are_not_joined():
    said = b'take this: {"a": "some plain", "b": "words are here"} and go on'
    assert texts(said) == [said]


@pytest.mark.parametrize("tail", ["", "[", '{"a": ', '"', "\\", "[" * 5000])
def test_what_is_no_document_is_harmless(tail):
    said = f'x {{"k": "aB3dE5gH7jK9mN1pQ", "l": {tail}'
    assert texts(said.encode())
