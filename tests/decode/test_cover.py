"""A key in pieces that stand in the same words again and again."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.ciphers.cover import bare
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(41)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))


def rows(text, form, size=6):
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [form.format(n=n, p=piece) for n, piece in enumerate(pieces)]


WRITTEN = {
    "paths": "\n".join(rows(TOKEN, "/tmp/out/{p}")),
    "addresses of pictures": "\n".join(rows(TOKEN, "https://img.example/{p}.png")),
    "links": "\n".join(rows(TOKEN, "[a{n}](https://x.example/{p})")),
    "numbered files": ", ".join(rows(TOKEN, '"{n:02}_{p}.txt"')),
    "constants": "\n".join(rows(TOKEN, 'private static final String P{n} = "{p}";', 9)),
    "two settings": "\n".join(rows(TOKEN, "PART_{n}={p}", 20)),
    "a word between": "pineapple".join(rows(TOKEN, "{p}")),
    "addresses of people": ", ".join(rows(TOKEN, "{p}@mail.example")),
    "signs in the cover": "${{x}}".join(rows(TOKEN, "{p}")),
    "hex in addresses": "\n".join(
        rows(TOKEN.encode().hex(), "https://t.example/{n}/{p}.gif", 8)
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_key_is_put_together(name):
    (*views,) = decode([Part(PartKind.BODY, WRITTEN[name].encode())], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


PASSWORD = "Wq7%Bx9" + "!t4#Kd" + "&mZ8+=tB9$kE2"
AROUND = {
    "a word between": "pineapple".join(rows(PASSWORD, "{p}")),
    "a word in brackets": "[dot]".join(rows(PASSWORD, "{p}")),
    "words between": " and ".join(rows(PASSWORD, "{p}")),
    "addresses of people": ", ".join(rows(PASSWORD, "{p}@mail.example")),
    "prose": " ".join(
        f"the {w} {p}"
        for w, p in zip(
            ["first", "next", "other", "last", "end"],
            rows(PASSWORD, "{p}"),
            strict=True,
        )
    ),
    "files": ", ".join(rows(PASSWORD, "'{n:02}_{p}.txt'")),
    "shell": "\n".join(rows(PASSWORD, "K+={p}")),
    "log lines": "\n".join(
        rows(PASSWORD, "2026-11-20T10:00:0{n}Z INFO step={n} tag={p}")
    ),
    "events": "\n".join(
        rows(PASSWORD, "BEGIN:VEVENT\nUID:{n}@x\nSUMMARY:{p}\nEND:VEVENT")
    ),
    "a system log": "\n".join(rows(PASSWORD, "Nov 20 10:00:0{n} host app[12]: {p}")),
}


@pytest.mark.parametrize("name", AROUND)
def test_a_password_with_signs_is_put_together(name):
    body = json.dumps({"messages": [{"role": "user", "content": AROUND[name]}]})
    decoded = decode([Part(PartKind.BODY, body.encode())], Limits())
    assert any(PASSWORD.encode() in view.data for view in decoded.residue)


def test_letters_by_themselves_are_kept_and_labels_not():
    text = "\n".join(f"curl -s https://x.example/{c}" for c in "aB3aaQe7")
    assert b"aB3aaQe7" in set(bare(text.encode()))


@pytest.mark.parametrize("text", ["", "word", "one two", "a" * 90, "ab" * 90])
def test_what_has_no_cover_raises_nothing(text):
    assert all(len(left) <= len(text) for left in bare(text.encode()))
