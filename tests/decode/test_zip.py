"""Archives whose two directories disagree, and what stands beside their members."""

import io
import zipfile

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind
from tests.decode.test_encoders import token

TEXT = b"the token is\n" + token() + b"\n" + b"and so on, word by word\n" * 9


class Pipe(io.RawIOBase):
    """Cannot go back: sizes follow what they are of."""

    def __init__(self) -> None:
        self.sent = b""

    def writable(self):
        return True

    def write(self, data):
        self.sent += bytes(data)
        return len(data)


def archive(text=TEXT, method=zipfile.ZIP_DEFLATED, comment=b"", out=None) -> bytes:
    out = out or io.BytesIO()
    info = zipfile.ZipInfo("k.txt")
    info.compress_type, info.comment = method, comment
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(info, text)
    return out.sent if isinstance(out, Pipe) else out.getvalue()


def altered(at: int, *new: int) -> bytes:
    made = bytearray(archive())
    made[at : at + len(new)] = new
    return bytes(made)


def read(body: bytes):
    return decode((Part(PartKind.BODY, body),), Limits())


def shows(body: bytes) -> bool:
    """Whether the token stands in some view by itself."""
    lines = [line for view in read(body).views for line in view.data.splitlines()]
    return token() in lines


ONLY_LISTED = {
    "another mark": altered(3, 9),
    "no header at all": altered(0, *bytes(26)),
    "a version nobody has": altered(4, 255),
    "a method nobody has": altered(8, 50),
    "stored": altered(8, 0),
    "a name of another length": altered(26, 1),
}


@pytest.mark.parametrize("before", [b"", b"#!/bin/sh\n" * 40], ids=len)
@pytest.mark.parametrize("name", ONLY_LISTED)
def test_what_the_directory_lists_is_read_whatever_its_own_header_says(name, before):
    assert shows(before + ONLY_LISTED[name])


def test_what_the_directory_says_is_encrypted_cannot_be_read():
    made = bytearray(archive())
    made[made.index(b"PK\1\2") + 8] = 1
    assert read(b"\0" + made[1:]).undecodable
    assert not read(archive(b"a usual text " * 9)).undecodable


def test_a_stored_member_ends_where_its_size_follows_it():
    body = archive(token(), zipfile.ZIP_STORED, out=Pipe())
    assert token() + b"PK" in body
    assert shows(body)


def test_the_comment_of_a_member_is_no_part_of_its_name():
    body = archive(b"a usual text", comment=token())
    assert b"k.txt" + token() in body
    assert shows(body)


@pytest.mark.parametrize("size", range(0, 60, 7))
def test_a_directory_that_is_cut_or_wrong_is_no_error(size):
    made = archive()
    at = made.index(b"PK\1\2")
    read(made[: at + size])
    read(made[:at] + b"\xff" * size + made[at + size :])
    read(b"PK\1\2" * size + b"PK\5\6" + b"\xff" * 18)
