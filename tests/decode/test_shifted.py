"""One-byte ciphers, and prose in which chance writes what keys begin with."""

import random

from dlp.decode.budget import Budget
from dlp.decode.shifted import shifted
from dlp.decode.source import Source
from dlp.model import Limits, View

PROSE = b"\x93printtheappropriatemethodsofthiselement\x94" * 9


def undone(data: bytes) -> list[bytes]:
    source = Source(View(data, 0, "pdf text"), Budget.of(Limits(), len(data)))
    return [view.data for view in shifted(source)]


def test_prose_in_an_old_code_page_is_prose():
    """Without blanks, two places on, `pria` begins a password of Neon."""
    assert undone(PROSE) == []


def test_bytes_are_undone_however_few_stand_between_prose():
    key = b"npg_" + bytes(random.Random(1).choices(b"abcdefghijkLMNOP0123456789", k=24))
    moved = bytes(byte + 2 for byte in key)
    assert any(key in text for text in undone(b"\0" + moved + b"\0 and this"))
