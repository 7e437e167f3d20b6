import os

import pytest

from dlp.model import Part, PartKind
from dlp.record import opaque


@pytest.mark.parametrize(
    ("data", "hidden"),
    [
        (b'{"a": 1}', False),
        ("gr\u00fc\u00dfe".encode(), False),
        (b"", False),
        (b"x" * 65535 + "\u20ac".encode() * 9, False),
        (b"x" * 65535 + "\u20ac".encode()[:1], True),
        (b"text\0more", True),
        pytest.param(b"\x89PNG" + os.urandom(50), True, id="an image"),
        pytest.param(b"\xff\xfe" + os.urandom(90_000), True, id="noise"),
    ],
)
def test_opaque(data, hidden):
    assert opaque([Part(PartKind.BODY, data)]) == len(data) * hidden


def test_only_content_counts_and_declared_codings_do_not():
    noise = b"\xff\0" * 9
    assert opaque([Part(PartKind.HEADER, noise)]) == 0
    assert opaque([Part(PartKind.BODY, noise, encodings=("gzip",))]) == 0
    assert opaque([Part(PartKind.FRAME, noise)]) == len(noise)
