"""Bytes written as characters, and what only looks like them."""

import gzip
import random
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TEXT = b"the token is here, and it goes on for a while: " + bytes(range(65, 91)) * 2


def paths(body: bytes) -> dict[str, bytes]:
    decoded = decode((Part(PartKind.BODY, body),), Limits())
    return {view.path: view.data for view in (*decoded.views, *decoded.residue)}


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("before", ["", "\u65e5\u672c ", "a=", "\xe9t\xe9 "])
@pytest.mark.parametrize("after", ["", "\u65e5", '", "next": 1'])
def test_a_container_in_characters_is_opened(compress, before, after):
    body = before + compress(TEXT).decode("latin-1") + after
    assert TEXT in paths(body.encode()).values()


def test_it_is_opened_among_bytes_that_are_no_text():
    noise = random.Random(1).randbytes(9000)
    body = noise + b"\xff" + gzip.compress(TEXT).decode("latin-1").encode() + noise
    assert TEXT in paths(body).values()


def test_noise_is_no_text_in_characters():
    """What a container begins with comes by chance in each such MiB."""
    noise = random.Random(2).randbytes(64 << 10)
    body = b"x\xc2\x9c".join(noise[at : at + 1000] for at in range(0, len(noise), 1000))
    assert not [path for path in paths(body) if "latin-1" in path]


def test_moved_characters_are_read_among_bytes_that_are_no_text():
    moved = "".join(chr(0x400 + letter) for letter in TEXT if letter > 0x40).encode()
    noise = b"\xff".join(random.Random(3).randbytes(2000) for _ in range(8))
    found = paths(noise + b"\xff" + moved + b"\xff" + noise)
    assert any(path.endswith("code points") for path in found)
