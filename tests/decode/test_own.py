"""Keys that only rules of the operator's own know, under ciphers without a key."""

import codecs

import pytest

from dlp import Inspector
from dlp.decode.ciphers.own import Own
from dlp.detect.templates import expand

RULES = """\
version: 1
rules:
  - id: acme-token
    tier: certain
    pattern: 'acmecorp_[0-9A-Za-z]{32}'
    matches: ['acmecorp_{alnum:32}']
    ignores: ['acmecorp_{alnum:12}']
"""


@pytest.fixture(scope="module")
def inspector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    (folder / "policy.yaml").write_text("version: 1\nstatements: []\n")
    (folder / "detectors").mkdir()
    (folder / "detectors" / "acme.yaml").write_text(RULES)
    return Inspector.load(folder)


CIPHERS = {
    "reversed": lambda b: b[::-1],
    "rot13": lambda b: codecs.encode(b.decode(), "rot13").encode(),
    "caesar 5": lambda b: bytes(
        (x - a + 5) % 26 + a if (a := 97 if x >= 97 else 65) <= x < a + 26 else x
        for x in b
    ),
    "rot47": lambda b: bytes(33 + (x + 14) % 94 if 33 <= x < 127 else x for x in b),
    "atbash": lambda b: bytes(
        (2 * a + 25 - x) if (a := 97 if x >= 97 else 65) <= x < a + 26 else x for x in b
    ),
    "other case": bytes.swapcase,
    "one-byte XOR": lambda b: bytes(x ^ 0x5A for x in b),
    "a number added": lambda b: bytes(x + 7 & 255 for x in b),
}
CODES = {
    "plain": bytes,
    "base64": lambda b: codecs.encode(b, "base64"),
    "hex": lambda b: b.hex().encode(),
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_key_of_an_own_rule_is_undone(inspector, cipher, code):
    key = expand("acmecorp_{alnum:32}", seed=7).encode()
    hidden = CODES[code](CIPHERS[cipher](key))
    found = {finding.rule for finding in inspector.scan(b"note: " + hidden + b" end")}
    assert "acme-token" in found


def test_what_vendors_keys_begin_with_is_not_looked_for_twice():
    assert not Own(["ghp_", "sk-ant-api03-", "abc"])
    assert Own(["acmecorp_"])


def test_a_beginning_of_one_character_is_not_looked_for():
    """Under some key every run of blanks would be it."""
    assert not Own(["AAAA", "----", "aaab"])
