"""The beginning of a key, and its rest among other words."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.opened import continued, openings
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(61)
ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(DRAW.choices(ALNUM, k=36))
FIRST, SECOND = TOKEN[:20], TOKEN[20:]


def pieces(size):
    return [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]


CUT = {
    "halves, the second first": f"suffix = {SECOND}\nprefix = {FIRST}",
    "halves in prose": f"It ends with {SECOND}, and it begins with {FIRST}, I think.",
    "elements of rows": "".join(
        f"<i><n>{n}</n><v>{piece}</v></i>" for n, piece in enumerate(pieces(10))
    ),
    "titles among links": "".join(
        f"<title>{piece}</title><link>http://a.test/{n}</link>"
        for n, piece in enumerate(pieces(6))
    ),
    "changes far apart": "".join(
        f"@@ -{n * 9},1 +{n * 9},1 @@\n-old\n+{piece}\n"
        for n, piece in enumerate(pieces(10))
    ),
}


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded.views


@pytest.mark.parametrize("name", CUT)
def test_the_key_is_put_together(name):
    assert any(TOKEN.encode() in view.data for view in seen(CUT[name]))


def test_a_key_is_put_together_over_the_parts_of_a_message():
    parts = [
        Part(PartKind.TARGET, f"/x?page=1&q={TOKEN[:12]}".encode()),
        Part(PartKind.HEADER, TOKEN[12:24].encode(), "x-note"),
        Part(PartKind.BODY, json.dumps({"n": 1, "v": TOKEN[24:]}).encode()),
    ]
    views = decode(parts, Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)
    parts[0] = Part(PartKind.TARGET, b"/x?page=1&q=something")
    assert not [v for v in decode(parts, Limits()).views if v.step == "parts"]


def test_a_beginning_alone_is_none():
    for text in (b"set GITHUB_TOKEN to ghp_", b"AKIA and ASIA are prefixes"):
        assert not [
            one
            for start, stop in openings(text)
            for one in continued(text, start, stop)
        ]


def test_plain_words_are_no_rest():
    text = b"use ghp_abc or a token of your own, as the documentation says"
    assert [
        one for start, stop in openings(text) for one in continued(text, start, stop)
    ] == []


def test_the_work_is_bounded():
    text = "".join(f"ghp_{n:04} " for n in range(20000)).encode()
    made = [one for a, b in openings(text) for one in continued(text, a, b)]
    assert sum(map(len, made)) < 1 << 17


@pytest.mark.parametrize(
    "key", [FIRST[:4] + "x" * 20, FIRST[:4] + "...", "whsec_*****"]
)
def test_what_only_shows_how_a_key_begins_goes_on_nowhere(key):
    text = f"GITHUB_TOKEN={key}\nSESSION_SECRET=please-{SECOND}\nSMTP_HOST=localhost\n"
    assert list(openings(text.encode())) == []
    unwrapped = [view.data for view in seen(text) if view.step == "unwrapped"]
    assert not any(key.encode() + b"SESSION" in data for data in unwrapped)
    wrapped = f"{text}{FIRST}\n{SECOND}\n"
    assert any(TOKEN.encode() in view.data for view in seen(wrapped))
