"""Base64 in which no text stands as it is."""

import base64
import json
import random
import string
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(4)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))


def deflated(text):
    engine = zlib.compressobj(wbits=-15)
    return base64.b64encode(engine.compress(text.encode()) + engine.flush()).decode()


@pytest.mark.parametrize("other", [TOKEN, "the report of today is " + TOKEN[::-1]])
def test_streams_without_a_signature_may_stand_beside_others(other):
    data = {"command": "echo " + deflated(TOKEN), "content": deflated(other)}
    decoded = decode([Part(PartKind.BODY, json.dumps(data).encode())], Limits())
    assert any(TOKEN.encode() in view.data for view in decoded.views)
