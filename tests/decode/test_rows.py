"""A text cut into records as long as each other is whole again, whatever signs it has."""

import base64
import codecs
import json
import random
import string
import urllib.parse

import pytest

from dlp.decode import decode
from dlp.decode.spellings.rows import even_run
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(61)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))

SPELLED = {
    "percent": "".join(f"%{ord(c):02x}" for c in TOKEN),
    "quoted-printable": "".join(f"={ord(c):02X}" for c in TOKEN),
    "escapes": "".join(f"\\x{ord(c):02x}" for c in TOKEN),
    "hex with blanks": TOKEN.encode().hex(" "),
    "a list": ", ".join(f"0x{ord(c):02x}" for c in TOKEN),
    "literals": " + ".join(f"'{TOKEN[at : at + 9]}'" for at in range(0, 40, 9)),
    "ascii85": base64.a85encode(TOKEN.encode()).decode(),
    "rot13": codecs.encode(TOKEN, "rot13"),
}
CUT = {
    "query": lambda pieces: "&".join(
        f"p{n}={urllib.parse.quote(piece, safe='')}" for n, piece in enumerate(pieces)
    ),
    "labels": lambda pieces: "\n".join(
        f"part {n}: {piece}" for n, piece in enumerate(pieces, 1)
    ),
    "lines": "\n".join,
    "events": lambda pieces: "".join(
        f"data: {json.dumps({'delta': piece})}\n\n" for piece in pieces
    ),
    "values": json.dumps,
    "fields": lambda pieces: json.dumps({f"k{n}": p for n, p in enumerate(pieces)}),
    "rows": lambda pieces: "".join(f"{n:02d};{p};ok\n" for n, p in enumerate(pieces)),
}


def views(text):
    decoded = decode([Part(PartKind.BODY, text.encode())], Limits())
    assert not decoded.truncated
    return [view.data for view in decoded.views]


@pytest.mark.parametrize("size", [7, 10])
@pytest.mark.parametrize("cut", CUT)
@pytest.mark.parametrize("spelled", SPELLED)
def test_a_spelled_key_in_pieces_is_read(spelled, cut, size):
    text = SPELLED[spelled]
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = views("sent:\n" + CUT[cut](pieces) if cut == "lines" else CUT[cut](pieces))
    assert any(TOKEN.encode() in data for data in found)


@pytest.mark.parametrize(
    ("sizes", "run"),
    [
        ([5, 5, 5, 2], (0, 4)),
        ([1, 8, 8, 8, 9], (1, 4)),
        ([4, 4, 6, 6, 6, 6, 6], (2, 7)),
        ([4, 4, 5, 5], None),
        ([1, 1, 1, 1], None),
        ([], None),
    ],
)
def test_the_longest_run_of_one_size(sizes, run):
    assert even_run(sizes) == run


def test_records_of_other_lengths_are_not_put_together():
    text = "\n".join(f"{n}. {'item' * n} and more words" for n in range(1, 9))
    assert len(views(text)) == 1


@pytest.mark.parametrize("spelled", ["escapes", "hex with blanks", "a list"])
@pytest.mark.parametrize("size", [1, 4, 6])
def test_a_spelled_key_with_one_sign_at_even_distances_is_read(spelled, size):
    text = SPELLED[spelled]
    ruled = "~".join(text[at : at + size] for at in range(0, len(text), size))
    for written in (ruled, json.dumps({"a": ruled})):
        assert any(TOKEN.encode() in data for data in views(written))


def test_a_list_of_versions_is_not_cut_without_end():
    """In a table of contents it is: each way to cut it evenly is cut in more ways."""
    numbers = [f"4.{n // 10}.{n % 10}" for n in range(99, 39, -1)]
    page = "".join(f'<a href="#{n}">{n}</a><br/>\n' for n in numbers)
    decoded = decode([Part(PartKind.BODY, page.encode())], Limits())
    assert not decoded.truncated
    assert len(decoded.views) < 1500


def test_an_array_is_no_text_that_was_cut():
    lines = [DRAW.randbytes(16).hex(" ") for _ in range(300)]
    decoded = views("\n".join(f"  {line}," for line in lines))
    assert not any(b"".join(map(str.encode, lines[:3])) in data for data in decoded)
