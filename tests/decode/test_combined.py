"""Tokens that say something only together."""

import base64
import json
import random
import string
import zlib

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.combined import in_turn, padded, said_by
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(43)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
PAD = DRAW.randbytes(len(TOKEN))
HIDDEN = bytes(a ^ b for a, b in zip(TOKEN.encode(), PAD, strict=True))
LESS = bytes((a - b) % 256 for a, b in zip(TOKEN.encode(), PAD, strict=True))


def coded(data):
    return base64.b64encode(data).decode()


WRITTEN = {
    "base64 in turn": [coded(TOKEN.encode())[at::2] for at in range(2)],
    "base64 in threes": [coded(TOKEN.encode())[at::3] for at in range(3)],
    "a pad in hex": [PAD.hex(), HIDDEN.hex()],
    "a pad in base64": [coded(HIDDEN), coded(PAD)],
    "a sum": [coded(LESS), coded(PAD)],
    "a stream in pieces": [
        f"part {n}: {coded(zlib.compress(TOKEN.encode()))[at : at + 16]}"
        for n, at in enumerate(range(0, 64, 16))
    ],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_key_comes_out(name):
    body = json.dumps(WRITTEN[name]).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


def test_tokens_that_have_nothing_to_do_with_each_other_say_nothing():
    tokens = [DRAW.randbytes(20).hex().encode() for _ in range(8)]
    assert list(padded(tokens)) == []
    assert list(said_by([*tokens, *in_turn(b" ".join(tokens))], b"")) == []
