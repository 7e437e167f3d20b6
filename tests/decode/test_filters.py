"""Streams of PDF under filters that only its dictionaries name."""

import base64
import random
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(43)
WORDS = [DRAW.randbytes(4).hex().encode() for _ in range(400)]
PAGE = b"BT " + b" ".join(b"(%b) Tj" % word for word in WORDS) + b" ET"


def stream(filters: str, data: bytes, said: str = "") -> bytes:
    head = f"7 0 obj<</Length {len(data)}/Filter{filters}{said}>>stream\n".encode()
    return b"%PDF-1.4\n" + head + data + b"\nendstream endobj\n%%EOF"


def read(body: bytes):
    return decode((Part(PartKind.BODY, body),), Limits())


def shows(body: bytes) -> bool:
    shown = [view.data for view in read(body).views if view.step == "pdf text"]
    return any(all(word in text for word in WORDS) for text in shown)


def lzw(data: bytes, early: int = 1) -> bytes:
    """ISO 32000-1, 7.4.4.2, by the book: a string of bits."""
    first = {bytes([n]): n for n in range(256)}
    table, following, bits, before = dict(first), 258, f"{256:09b}", b""
    for byte in data:
        longer = before + bytes([byte])
        if longer in table:
            before = longer
            continue
        bits += f"{table[before]:0{(following + early - 1).bit_length()}b}"
        table[longer], following, before = following, following + 1, longer[-1:]
        if following == 4094:
            bits += f"{256:012b}"
            table, following = dict(first), 258
    bits += f"{table[before]:0{(following + early - 1).bit_length()}b}"
    bits += f"{257:0{(following + early).bit_length()}b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def predicted(data: bytes, kind: int, width: int, step: int) -> bytes:
    """PNG, third edition, 9.2, by the book."""
    above, out = bytes(width), b""
    for at in range(0, len(data), width):
        row = data[at : at + width].ljust(width)
        out += bytes([kind])
        for n, value in enumerate(row):
            left = row[n - step] if n >= step else 0
            corner = above[n - step] if n >= step else 0
            up = above[n]
            guess = left + up - corner
            near = min((left, up, corner), key=lambda one: abs(guess - one))
            less = (0, left, up, (left + up) // 2, near)[kind]
            out += bytes([value - less & 255])
        above = row
    return out


def differences(data: bytes, width: int) -> bytes:
    out = bytearray()
    for at in range(0, len(data), width):
        row = data[at : at + width].ljust(width)
        out += bytes(b - a & 255 for a, b in zip(b"\0" + row[:-1], row, strict=True))
    return bytes(out)


def run_lengths(data: bytes, size: int) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    made = b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)
    return made + b"\xf6 \x80"


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("step", [1, 3])
def test_what_a_predictor_left_is_read(kind, step):
    data = zlib.compress(predicted(PAGE, kind, 42, step))
    said = f"/DecodeParms<</Predictor 15/Colors {step}/Columns {42 // step}>>"
    assert shows(stream("/FlateDecode", data, said))


def test_differences_in_a_row_are_summed():
    data = zlib.compress(differences(PAGE, 40))
    said = "/DecodeParms [<</Columns 40 /Predictor 2>>]"
    assert shows(stream("[/FlateDecode]", data, said))


@pytest.mark.parametrize("early", [0, 1])
def test_lzw_is_read_over_more_codes_than_a_table_holds(early):
    page = PAGE + b"% " + DRAW.randbytes(9000)
    said = "" if early else "/DecodeParms<</EarlyChange 0>>"
    assert shows(stream("/LZWDecode", lzw(page, early), said))


@pytest.mark.parametrize("size", [7, 128])
def test_run_lengths_are_read(size):
    assert shows(stream("/RunLengthDecode", run_lengths(PAGE, size)))


def test_a_chain_is_undone_in_its_order():
    inner = lzw(run_lengths(PAGE, 9))
    outer = base64.a85encode(inner) + b"~>"
    assert shows(stream("[ /A85 /LZW /RL ]", outer))
    hexed = zlib.compress(inner).hex().encode() + b">"
    filters = "[/ASCIIHexDecode/FlateDecode/LZWDecode/RunLengthDecode]"
    assert shows(stream(filters, hexed))


def test_a_bomb_is_told():
    size = 500_000
    assert read(stream("/RunLengthDecode", b"\x81a" * size)).truncated


@pytest.mark.parametrize(
    "said",
    [
        "/Predictor 12",
        "/Predictor 2/Columns 9/Colors 40",
        "/Predictor 15/BitsPerComponent 0",
    ],
)
@pytest.mark.parametrize("data", [b"", b"\xff", DRAW.randbytes(500)], ids=len)
def test_what_makes_no_sense_is_no_error(said, data):
    for filters in "/LZWDecode", "/FlateDecode", "/RL", "[/A85/LZW]", "[/AHx/LZW]":
        read(stream(filters, data, said))
        read(stream("/FlateDecode", zlib.compress(data), said))


def test_many_small_bombs_are_told_before_they_fill_the_memory():
    flat = predicted(b"all the same " * 3, 2, 39, 1) + bytes(1 << 20)
    one = stream("/FlateDecode", zlib.compress(flat), "/DecodeParms<</Predictor 12>>")
    assert read(one * 60).truncated
