"""Every way of writing a text that tests/decode/encoders.py knows comes out in a view."""

import base64
import json
import random
import string
import urllib.parse

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind
from tests.decode.encoders import ENCODERS
from tests.decode.rare import RARE

TEXT_ONLY = {"deflate", "brotli"}
"""Told from noise only when they are all of a body."""


def token() -> bytes:
    chosen = random.Random(7).choices(string.ascii_letters + string.digits, k=36)
    return ("gh" + "p_" + "".join(chosen)).encode()


def as_body(coded: bytes) -> list[Part]:
    return [Part(PartKind.BODY, coded)]


def within_text(coded: bytes) -> list[Part]:
    return [Part(PartKind.BODY, b"here it is: " + coded + b" ok?")]


def as_leaf(coded: bytes) -> list[Part]:
    leaf = {"role": "user", "content": coded.decode()}
    document = {"model": "x", "messages": [leaf]}
    return [Part(PartKind.BODY, json.dumps(document).encode())]


def as_field(coded: bytes) -> list[Part]:
    body = f"model=x&note={urllib.parse.quote(coded)}&z=1"
    return [Part(PartKind.BODY, body.encode())]


def as_query(coded: bytes) -> list[Part]:
    target = f"/v1/x?a=1&n={urllib.parse.quote(coded)}"
    return [Part(PartKind.TARGET, target.encode())]


def as_header(coded: bytes) -> list[Part]:
    return [Part(PartKind.HEADER, coded, "x-note")]


CARRIERS = [as_body, within_text, as_leaf, as_field, as_query, as_header]


ALL = {**ENCODERS, **RARE}


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("name", ALL)
def test_a_token_comes_out_of(name, carrier):
    coded = ALL[name](token())
    if carrier is not as_body and name in TEXT_ONLY:
        pytest.skip("no signature")
    try:
        parts = carrier(coded)
    except UnicodeDecodeError:
        pytest.skip("no JSON carries bytes")
    decoded = decode(parts, Limits())
    assert any(token() in view.data for view in decoded.views)
    assert not decoded.truncated
    assert not decoded.undecodable


def short_password() -> bytes:
    """As nobody's shape: only who registered it knows it, whatever was done to it."""
    return b"t!E86U#B4m%Z"


@pytest.mark.parametrize(
    "code",
    [
        *(base64.b64encode, base64.b32encode, base64.b85encode, base64.a85encode),
        ENCODERS["base58"],
    ],
)
def test_a_code_of_twelve_characters_is_kept_for_who_knows_them(code):
    decoded = decode(as_leaf(code(short_password())), Limits())
    views = (*decoded.views, *decoded.residue)
    assert any(short_password() in view.data for view in views)
