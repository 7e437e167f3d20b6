"""What was written backwards as a whole."""

import base64
import gzip
import json
import random
import re
import string
import zlib

import pytest

from dlp.decode import decode
from dlp.decode.spellings.mirrored import _ENDS, _end
from dlp.model import Limits, Part, PartKind
from tests.decode.encoders import each, hexdump, tarred, uuencode, zipped

TOKEN = (
    "ghp" + "_" + "".join(random.Random(8).choices(string.ascii_letters, k=36))
).encode()

WAYS = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zip": zipped(8),
    "tar.gz": tarred("w:gz"),
    "a document": lambda t: json.dumps({"type": "Buffer", "data": list(t)}).encode(),
    "a list": lambda t: json.dumps(list(t)).encode(),
    "a list of 0x": each("0x{:02x}", ", "),
    "numbers": each("{}", " "),
    "bits": each("{:08b}", " "),
    "a dump": hexdump,
    "uuencode": uuencode,
    "a data URL": lambda t: b"data:text/plain;base64," + base64.b64encode(t),
}


def steps_of(*parts):
    decoded = decode(parts, Limits())
    return decoded, {view.step for view in decoded.views}


@pytest.mark.parametrize("name", WAYS)
def test_it_is_turned_round_among_headers_too(name):
    headers = [Part(PartKind.HEADER, b"curl/8", "user-agent")]
    body = Part(PartKind.BODY, WAYS[name](TOKEN)[::-1])
    decoded, _ = steps_of(*headers, body, *headers)
    assert any(TOKEN in view.data for view in decoded.views)


def test_in_base64_and_a_stream_that_was_turned_round():
    body = base64.b64encode(gzip.compress(TOKEN)[::-1])
    decoded, _ = steps_of(Part(PartKind.BODY, body))
    assert any(TOKEN in view.data for view in decoded.views)


@pytest.mark.parametrize(
    "text",
    [b"see [1] and [2], 10, 20, 30", b'{"a": [1, 2, 3]}' * 3, bytes(200), b"x" * 90],
)
def test_what_is_not_is_left_alone(text):
    _, steps = steps_of(Part(PartKind.BODY, text))
    assert "mirrored" not in steps


@pytest.mark.parametrize("name", ["a list of 0x", "numbers", "bits", "a dump"])
def test_what_says_a_text_as_it_stands_is_not_turned_round(name):
    decoded, steps = steps_of(Part(PartKind.BODY, WAYS[name](TOKEN)))
    assert any(TOKEN in view.data for view in decoded.views)
    assert "mirrored" not in steps


@pytest.mark.parametrize("name", ["a list of 0x", "numbers", "bits"])
def test_numbers_the_right_way_round_behind_it_do_not_hide_it(name):
    text = (
        WAYS[name](TOKEN)[::-1]
        + b"\n"
        + WAYS[name](b"nothing that is to be seen here.")
    )
    decoded, _ = steps_of(Part(PartKind.BODY, text))
    assert any(TOKEN in view.data for view in decoded.views)


def test_numbers_of_a_stream_are_turned_round():
    pairs = zlib.compress(TOKEN).hex(" ").encode()
    decoded, _ = steps_of(Part(PartKind.BODY, pairs[::-1]))
    assert any(TOKEN in view.data for view in decoded.views)


def test_the_first_line_that_ends_as_a_container_is_found():
    """As a pattern would, which takes a hundred times as long for an image."""
    draw = random.Random(4)
    pattern = re.compile(b"(?:%b)(?=\\n|\\Z)" % b"|".join(map(re.escape, _ENDS)))
    for _ in range(3000):
        pieces = [*_ENDS, b"\n", b"\n", b"abc", b"\0"]
        data = b"".join(draw.choices(pieces, k=draw.randint(1, 9)))
        found = pattern.search(data)
        assert _end(data) == (found.end() if found else 0), data
