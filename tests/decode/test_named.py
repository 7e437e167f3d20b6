"""Secrets without a beginning of their own, under ciphers that everybody knows."""

import codecs
import string

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.named import is_named
from dlp.model import Limits, Part, PartKind

ATBASH = str.maketrans(
    string.ascii_letters, string.ascii_lowercase[::-1] + string.ascii_uppercase[::-1]
)
WAYS = {
    "backwards": lambda t: t[::-1],
    "rot13": lambda t: codecs.encode(t, "rot13"),
    "Atbash": lambda t: t.translate(ATBASH),
    "rot47": lambda t: "".join(
        chr(33 + (ord(c) + 14) % 94) if c > " " else c for c in t
    ),
}
TEXTS = (
    "DB_PASSWORD=some-value here",
    "see https://chat.example/hooks/some/value",
    "my-api-key: some value\nAccess_Key some other",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", WAYS)
def test_what_names_them_tells(way, text):
    body = f"note 7: {WAYS[way](text)}\nand so on".encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert any(text.encode() in view.data for view in decoded.views)


def test_honest_text_names_nothing_in_disguise():
    assert not is_named(b"Token, secret, PASSWORD, api_key: see https://a.example/x")
