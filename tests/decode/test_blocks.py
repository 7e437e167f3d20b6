"""Containers whose blocks say nothing of what they are."""

import random
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind
from tests.decode.test_encoders import token

DRAW = random.Random(47)
ROWS = [b"row %d: %b\n" % (n, DRAW.randbytes(9).hex().encode()) for n in range(60)]
TEXT = b"".join(ROWS) + token() + b"\n" + b"".join(ROWS[::-1])


def read(body: bytes):
    return decode((Part(PartKind.BODY, body),), Limits())


def shows(body: bytes) -> bool:
    return any(token() in view.data for view in read(body).views)


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def snappy(data: bytes) -> bytes:
    """A copy within every row, the rest as it is: snappy's format description."""
    out, size = b"", len(data)
    head = bytes([size & 127 | 128, size >> 7 & 127 | 128, size >> 14])
    for at in range(0, size, 12):
        piece = data[at : at + 12]
        if piece[:4] == data[at - 12 : at - 8] and len(piece) == 12:
            out += b"\x0e\x0c\x00"  # four bytes from twelve before
            piece = piece[4:]
        out += bytes([len(piece) - 1 << 2]) + piece
    return head + out


def lz4(data: bytes) -> bytes:
    """One sequence of literals (LZ4 block format)."""
    rest, mark = len(data) - 15, b""
    while rest >= 255:
        rest, mark = rest - 255, mark + b"\xff"
    return b"\xf0" + mark + bytes([rest]) + data


def number(value: int) -> bytes:
    value, out = value << 1, b""
    while value > 127:
        value, out = value >> 7, out + bytes([value & 127 | 128])
    return out + bytes([value])


def text(data: bytes) -> bytes:
    return number(len(data)) + data


def avro(codec: bytes, compress, parts: int) -> bytes:
    head = number(2) + text(b"avro.schema") + text(b'"string"')
    head += text(b"avro.codec") + text(codec) + number(0)
    sync, step = DRAW.randbytes(16), -(-len(TEXT) // parts)
    out = b"Obj\x01" + head + sync
    for at in range(0, len(TEXT), step):
        block = compress(TEXT[at : at + step])
        out += number(1) + number(len(block)) + block + sync
    return out


def orc(kind: int, compress, step: int) -> bytes:
    out = b"ORC"
    for at in range(0, len(TEXT), step):
        data = TEXT[at : at + step]
        block = compress(data)
        stored = len(block) >= len(data)
        block = data if stored else block
        out += (len(block) << 1 | stored).to_bytes(3, "little") + block
    script = b"\x08\x07\x10" + bytes([kind]) + b"\x18\x80\x80\x10\x82\xf4\x03\x03ORC"
    return out + script + bytes([len(script)])


CONTAINERS = {
    "avro": avro(b"deflate", deflated, 1),
    "avro, blocks": avro(b"deflate", deflated, 3),
    "avro, snappy": avro(b"snappy", lambda data: snappy(data) + b"crc!", 2),
    "orc": orc(1, deflated, 4000),
    "orc, small blocks": orc(1, deflated, 160),
    "orc, snappy": orc(2, snappy, 1500),
    "orc, lz4": orc(4, lz4, 1500),
    "openpgp": b"\xa3\x01" + deflated(TEXT),
    "openpgp, a length": b"\xa1%b\x01%b"
    % ((len(deflated(TEXT)) + 1).to_bytes(2), deflated(TEXT)),
    "openpgp, new form": b"\xc8\xc3\x55\x01" + deflated(TEXT),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_blocks_are_read_as_the_container_says(name):
    assert shows(CONTAINERS[name])


@pytest.mark.parametrize("name", CONTAINERS)
def test_cut_anywhere_it_is_no_error(name):
    body = CONTAINERS[name]
    for size in (2, 4, 5, 9, 30, len(body) // 2, len(body) - 3):
        read(body[:size])
    read(body[:4] + DRAW.randbytes(900))


@pytest.mark.parametrize("begin", [b"\xa3\x01", b"Obj\x01", b"ORC"])
def test_a_bomb_is_told_and_what_is_no_container_is_let_be(begin):
    assert not read(begin + DRAW.randbytes(5000)).truncated
    assert read(b"\xa3\x01" + deflated(bytes(8 << 20))).truncated
