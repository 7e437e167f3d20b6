"""Base85 whose last group is filled up, as Z85 asks for."""

import base64
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TEXT = b"the-planted-text:0123456789abcdef-ABCDEF"


@pytest.mark.parametrize("size", range(len(TEXT) - 4, len(TEXT)))
def test_no_character_is_lost(size):
    text = TEXT[:size]
    coded = base64.b85encode(text, pad=True)
    body = b"it says " + coded + b" here"
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(view.data.rstrip() == text for view in views)


CARRIED = {
    "an element": b"<r><v>%b</v></r>",
    "a cell": b"id,note\n1,%b,2\n",
    "Markdown": b"It is `%b` there",
    "an envelope": b"<Envelope xmlns='urn:x'>"
    + b"<a></a>" * 14
    + b"<v>%b</v></Envelope>",
}


@pytest.mark.parametrize("where", CARRIED)
def test_a_stream_begins_behind_a_sign_of_its_carrier(where):
    text = TEXT + b"; and more that is worth compressing, and more"
    body = CARRIED[where] % base64.b85encode(zlib.compress(text))
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(view.data == text for view in views)
