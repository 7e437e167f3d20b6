from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp.state.credentials import Claim, claim


def basic(text):
    return "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (basic("builder:tok"), Claim("builder", b"tok")),
        (basic("tok:"), Claim("", b"tok")),
        (basic("tok"), Claim("", b"tok")),
        (basic("b:t:k"), Claim("b", b"t:k")),
        (basic(":tok"), Claim("", b"tok")),
        ("bearer  tok ", Claim("", b"tok")),
        ("BASIC " + b64encode(b"a:b").decode(), Claim("a", b"b")),
        (None, None),
        ("", None),
        ("Basic", None),
        ("Basic %%%", None),
        (basic(":"), None),
        ("Bearer ", None),
        ("Digest x", None),
        ("Basic " + "A" * 10_001, None),
    ],
)
def test_claims(header, expected):
    assert claim(header) == expected


@given(st.text())
def test_no_header_raises(header):
    claim(header)
    claim("Basic " + header)


def test_a_token_is_not_in_a_repr():
    assert "tok" not in repr(claim(basic("builder:tok")))
