"""Base85 whose last group is filled up, as Z85 asks for."""

import base64

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
