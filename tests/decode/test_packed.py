"""Strings of binary messages, cut in ways that hide where they go on."""

import base64
import random
import sqlite3
import string
import struct

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(41)
TOKEN = "".join(DRAW.choices(string.ascii_letters + string.digits, k=39))


def pieces(size):
    return [TOKEN[at : at + size].encode() for at in range(0, len(TOKEN), size)]


def chunks(kind, size=7):
    return b"".join(bytes([kind + len(piece)]) + piece for piece in pieces(size))


def cbor_map():
    pairs = (b"a%cf%b" % (97 + n, p) for n, p in enumerate(pieces(6)[:-1]))
    last = pieces(6)[-1]
    return (
        b"\xbf" + b"".join(pairs) + b"ax" + bytes([0x60 + len(last)]) + last + b"\xff"
    )


def bson():
    return b"".join(
        b"\x02part\0" + struct.pack("<I", len(piece) + 1) + piece + b"\0"
        for piece in pieces(7)
    )


def database(folder, size=8):
    file = folder / "a.db"
    with sqlite3.connect(file) as connection:
        connection.execute("create table t(a integer primary key, b)")
        rows = [(piece.decode(),) for piece in pieces(size)]
        connection.executemany("insert into t(b) values(?)", rows)
    connection.close()
    return file.read_bytes()


def views(data):
    found = decode([Part(PartKind.BODY, data)], Limits())
    assert not found.truncated
    return b"\n".join(view.data for view in found.views)


@pytest.mark.parametrize(
    "data",
    [
        b"\xa1aa\x7f" + chunks(0x60) + b"\xff",
        b"\xa1aa\x5f" + chunks(0x40) + b"\xff",
        b"\xa1akx\x05other\x7f" + chunks(0x60, 10) + b"\xff",
        cbor_map(),
    ],
    ids=["text of CBOR", "bytes of CBOR", "behind another", "map of CBOR"],
)
def test_chunks_come_out_side_by_side(data):
    assert TOKEN.encode() in views(data)


@pytest.mark.parametrize("size", [8, 11, 20])
def test_rows_of_a_database_come_out_side_by_side(size, tmp_path):
    """Of ten bytes and more the kind of a text, which tells its length, is a letter."""
    assert TOKEN.encode() in views(database(tmp_path, size))


def test_values_come_out_without_what_comes_again():
    assert TOKEN.encode() in views(bson())


def query(size):
    labels = [*pieces(size), b"exfil", b"example"]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    head = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0)
    return head + name + struct.pack(">HH", 16, 1)


@pytest.mark.parametrize("size", [6, 12, 32, 39, 63])
@pytest.mark.parametrize(
    "write", [bytes, lambda q: base64.urlsafe_b64encode(q).rstrip(b"=")]
)
def test_labels_of_a_query_come_out_without_the_domain(size, write):
    """As it is sent, and as the target of a GET has it (RFC 8484, 4.1)."""
    assert TOKEN in views(write(query(size))).decode(errors="replace").split("\n")
