"""
What is written out one character at a time is read as that, and not also as pieces of
something: a key of a hundred characters so written was read in two thousand ways.
"""

import base64
import quopri
import random
import re
import string
import urllib.parse

import pytest

import dlp
from dlp.decode import decode
from dlp.decode.spellings.escapes import is_spelled
from dlp.detect.templates import expand
from dlp.model import Limits, Part, PartKind
from tests.decode.encoders import each, hexdump

ALNUM = string.ascii_letters + string.digits
TOKEN = ("gh" + "p_" + "".join(random.Random(5).choices(ALNUM, k=110))).encode()


def percent(times):
    def spelled(token):
        text = each("%{:02X}")(token).decode()
        for _ in range(times - 1):
            text = urllib.parse.quote(text)
        return text.encode()

    return spelled


WAYS = {
    "percent": percent(1),
    "percent twice": percent(2),
    "percent three times": percent(3),
    "escapes": each("\\x{:02x}"),
    "names in XML": each("_x{:04X}_"),
    "escapes of JSON": each("\\u{:04x}"),
    "entities": each("&#{};"),
    "hexadecimal entities": each("&#x{:x};"),
    "code points": each("U+{:04X}", " "),
    "pairs": each("{:02x}", ":"),
    "a list": each("0x{:02x}", ", "),
    "a dump": hexdump,
}
PLACES = {
    "alone": "{}",
    "a cookie": "a=1; note={}; b=2",
    "among words": "it says {} here",
}
FEW = 160
"""Views; most have under 60."""


def read(text):
    decoded = decode([Part(PartKind.BODY, text)], Limits())
    assert not decoded.truncated
    return decoded.views


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", WAYS)
def test_it_is_read_in_few_ways(name, place):
    views = read(PLACES[place].encode().replace(b"{}", WAYS[name](TOKEN)))
    assert any(TOKEN in view.data for view in views)
    assert len(views) < FEW


@pytest.mark.parametrize(
    "text",
    [
        b"".join(
            b"%%%b" % TOKEN.hex().encode()[at : at + 2] for at in range(0, 228, 2)
        )[::-1],
        each("%{:02X}")(bytes(byte ^ 0x2A for byte in TOKEN)),
        b"%4".join(TOKEN[at : at + 1] for at in range(len(TOKEN))),
        b"%".join(TOKEN[at : at + 4] for at in range(0, len(TOKEN), 4)),
    ],
    ids=["backwards", "under a byte", "a sign and a digit between", "percents between"],
)
def test_what_looks_like_it_is_still_put_together(text):
    assert any(TOKEN in view.data for view in read(text))


def test_a_stretch_is_spelled_from_end_to_end():
    text = b"%73%6b%2d" * 9
    assert is_spelled(text, 1, len(text))
    assert not is_spelled(text + TOKEN, 1, len(text + TOKEN))
    assert not is_spelled(b"%d3%f6" * 9, 1, 54)


def test_pieces_that_are_decoded_each_by_a_call():
    pieces = [TOKEN[at : at + 6] for at in range(0, len(TOKEN), 6)]
    coded = (base64.b64encode(piece).decode() for piece in pieces)
    text = " + ".join(f"atob('{piece}')" for piece in coded)
    decoded = decode([Part(PartKind.BODY, f"k = {text};".encode())], Limits())
    assert any(TOKEN in view.data for view in decoded.views)


RUSSIAN = "Каждый, кто читает почту, видит письма на своём языке. "


def test_mail_in_another_script_is_read_as_the_letters_it_writes():
    """Neither its digits without the signs between nor its lines in one are pieces."""
    words = (RUSSIAN * 12).encode()
    mail = quopri.encodestring(words)
    seen = decode((Part(PartKind.BODY, mail),), Limits())
    assert any(words in view.data for view in seen.views)
    assert len(seen.views) < 40


def test_a_code_in_such_mail_is_still_one():
    """Bytes that are cut evenly beside letters of another script."""
    mail = quopri.encodestring((RUSSIAN * 3).encode())
    for code in (TOKEN.hex("=").upper().encode(), b"-".join(b"%c" % c for c in TOKEN)):
        seen = decode(
            (Part(PartKind.BODY, mail + b"\n" + code + b"\n" + mail),), Limits()
        )
        assert any(TOKEN in view.data for view in seen.views)


SIGNED = (
    "{github:ghp_:36}",
    "sk-ant-api03-{base64url:93}AA",
    "SG.{base64url:22}.{base64url:43}",
    "xoxb-{digit:12}-{digit:13}-{alnum:24}",
    "postgres://app:{alnum:16}@db.internal.example.com:5432/prod",
    "-----BEGIN " + "RSA PRIVATE KEY-----\n{base64:64}\n{base64:64}\n"
    "-----END " + "RSA PRIVATE KEY-----",
)


@pytest.fixture(scope="module")
def inspector():
    return dlp.Inspector.load(None)


def marked_down(text):
    """As Markdown is escaped, so that no sign of it is mark-up."""
    return re.sub(r"([_*`\[\]#<>-])", r"\\\1", text)


def in_tex(text):
    return re.sub("[_-]", r"{\\\g<0>}", text)


def defanged(text):
    """As addresses are written that nobody is to follow."""
    return re.sub("[._:@/-]", r"[\g<0>]", text)


def said(text):
    """Each sign of a word as a word."""
    return re.sub(
        "(?<=[A-Za-z0-9])[._-](?=[A-Za-z0-9])",
        lambda m: {".": " dot ", "_": " Underscore ", "-": " dash "}[m[0]],
        text,
    )


HANDS = [re.escape, marked_down, in_tex, defanged, said]


@pytest.mark.parametrize("template", SIGNED)
@pytest.mark.parametrize("escape", HANDS)
def test_signs_so_written_are_signs(inspector, template, escape):
    text = expand(template, seed=4)
    assert inspector.scan(f"a note: {text} of today".encode())
    assert inspector.scan(f"a note: {escape(text)} of today".encode())


@pytest.mark.parametrize(
    "text",
    [
        r"match \d+\.\d+\-[a-z]+ and sk\-ant\-[a-z0-9]{2,4} in names",
        r"$\alpha\_i \le \beta\^2$, see C:\dir\file\_1.txt",
        "see hxxps[:]//evil[.]example/a(dot)b and a dash of salt, a dot at the end",
        r"AWS\_ACCESS\_KEY\_ID and my\_table\_name are names",
    ],
)
def test_signs_so_written_are_honest(inspector, text):
    assert not inspector.scan(text.encode())
