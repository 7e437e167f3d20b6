"""Plus signs that stand for blanks, as every form is sent."""

import random
import string
from urllib.parse import quote, quote_plus

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(7)
TEXT = "-----BEGIN PRIVATE KEY-----\n" + "".join(
    DRAW.choices(string.ascii_letters + string.digits + "+/", k=64)
)
SENT = {
    "a form": (PartKind.BODY, "comment={}&submit=1"),
    "its only field": (PartKind.BODY, "comment={}"),
    "its last field": (PartKind.BODY, "user=alice&note[0]={}"),
    "a query": (PartKind.TARGET, "/search?hl=en&q={}"),
    "a cookie": (PartKind.HEADER, "theme=dark; note={}; a=b"),
    "a command": (PartKind.BODY, "curl -d 'note={}' https://a.example"),
    "in JSON": (PartKind.BODY, '{{"n": 1, "body": "comment={}"}}'),
    "encoded once more": (PartKind.BODY, quote("a=1&comment={}", safe="{}")),
}


def views(kind, text):
    decoded = decode([Part(kind, text.encode(), "cookie")], Limits())
    assert not decoded.truncated
    return decoded.views


@pytest.mark.parametrize("name", SENT)
def test_they_are_blanks(name):
    kind, form = SENT[name]
    coded = quote_plus(TEXT)
    if name == "encoded once more":
        coded = quote(coded)
    found = [v for v in views(kind, form.format(coded)) if TEXT.encode() in v.data]
    assert found
    span = found[0].raw_span(found[0].data.index(b"-----"), len(found[0].data))
    assert span is None or form.format(coded)[slice(*span)].startswith("-----")


@pytest.mark.parametrize(
    "text", ["a+b=c+d\n" * 9, '{"a": "x=y+z+1"}', "see /a+b/c+d and 1+1=2, x=a+b"]
)
def test_sums_stay_sums(text):
    assert not [v for v in views(PartKind.BODY, text) if v.step == "blanks"]


def test_in_what_is_encoded_they_are_blanks_whatever_stands_beside():
    decoded = views(PartKind.BODY, "a=1&note=4_+_5%0A6&b=2")
    assert any(b"4_ _5\n6" in view.data for view in decoded)
