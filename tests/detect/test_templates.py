"""Templates stand for text that looks like a secret, the same at every expansion."""

import re
import zlib

import pytest

from dlp.detect.templates import TemplateError, base62_crc32, expand

SHAPES = {
    "acme-{alnum:36}": r"acme-[0-9A-Za-z]{36}",
    "{lower:3}{upper:3}{digit:3}": r"[a-z]{3}[A-Z]{3}[0-9]{3}",
    "{hex:8}-{HEX:8}": r"[0-9a-f]{8}-[0-9A-F]{8}",
    "{base64:40}{base64url:40}": r"[\w+/]{40}[\w-]{40}",
    "{base32:20}": r"[A-Z2-7]{20}",
    "{hex:4-6}": r"[0-9a-f]{4,6}",
    "{uuid}": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "{same:x:5}": r"x{5}",
    "{from:ab:9}": r"[ab]{9}",
    "{word}": r"[a-z]{3,}",
    "{{a}} {hex:2}": r"\{a\} [0-9a-f]{2}",
    "{github:abc_:36}": r"abc_[0-9A-Za-z]{36}",
}


@pytest.mark.parametrize("template", SHAPES)
def test_a_template_has_its_shape(template):
    assert re.fullmatch(SHAPES[template], expand(template))


def test_the_same_template_gives_the_same_text_and_another_seed_another():
    assert expand("{alnum:30}") == expand("{alnum:30}") != expand("{alnum:30}", 1)


def test_two_fields_differ():
    first, second = expand("{alnum:30} {alnum:30}").split()
    assert first != second


@pytest.mark.parametrize(
    "template",
    [
        "{nonsense:3}",
        "{alnum}",
        "{alnum:x}",
        "{alnum:3:4}",
        "{word:3}",
        "{alnum:9-3}",
        "{from::3}",
        "{same:x:9-3}",
        "{base58check:zz:4}",
        "{base58check:00:4:nobody}",
        "a}b",
        "a{b",
        "{}",
    ],
)
def test_a_template_that_cannot_be_expanded_is_refused(template):
    with pytest.raises(TemplateError):
        expand(template)


def test_the_checksum_is_base62_of_crc32_and_six_long():
    """As GitHub describes it; the alphabet runs 0-9 A-Z a-z."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for body in (b"x", b"a" * 30, b"zero-padded-4"):
        text = base62_crc32(body)
        value = 0
        for character in text:
            value = value * 62 + digits.index(character)
        assert len(text) == 6
        assert value == zlib.crc32(body)
