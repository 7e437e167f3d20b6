"""What holds for all input: nestings are undone, nothing raises, work is bounded."""

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import tracemalloc
import urllib.parse
import zipfile
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TEXT = b"the-planted-text-0123456789-abcdefgh"
MIB = 1 << 20


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", data)
    return out.getvalue()


OF_BYTES = {
    "base64": base64.b64encode,
    "base64url": lambda d: base64.urlsafe_b64encode(d).rstrip(b"="),
    "hex": lambda d: d.hex().encode(),
    "base32": base64.b32encode,
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
    "zip": zipped,
}
OF_TEXT = {
    "percent": lambda d: "".join(f"%{c:02x}" for c in d).encode(),
    "quoted": lambda d: urllib.parse.quote(d, safe="").encode(),
    "json": lambda d: json.dumps({"a": [d.decode()]}).encode(),
    "entities": lambda d: "".join(f"&#{c};" for c in d).encode(),
    "html": lambda d: html.escape(f'<a title="{d.decode()}">').encode(),
    "utf-16": lambda d: d.decode().encode("utf-16-le"),
}
CODECS = {**OF_BYTES, **OF_TEXT}


def body(data: bytes, **limits):
    return decode([Part(PartKind.BODY, data)], Limits(**limits))


@settings(max_examples=80)
@given(st.lists(st.sampled_from(sorted(CODECS)), min_size=1, max_size=4))
def test_any_nesting_of_codecs_is_undone(names):
    data, layers = TEXT, len(names)
    for name in names:
        if name in OF_TEXT and (not data.isascii() or b"\0" in data):
            data, layers = base64.b64encode(data), layers + 1
        data = CODECS[name](data)
    decoded = body(data)
    if layers < Limits().depth:
        assert any(TEXT in view.data for view in decoded.views), names
    else:  # what is nested deeper is refused
        found = any(TEXT in view.data for view in decoded.views)
        assert found or decoded.truncated, names


PIECES = st.sampled_from(
    [
        b"eJ", b"PK\3\4", b"\x1f\x8b\x08", b'{"', b"[[", b"\\u", b"%25", b"=?utf-8?B?",
        b"&#", b"begin 644 a\n", b"<~", b"=ybegin ", b"\n:10", b"0x", b"+A", b"--a\r\n",
        b"\xe2\x80\x8b", b"\xf3\xa0\x80\x81", b"'+'", b"1, ", b".- ", b"zulu ", b"\0\0",
        b"GIT binary patch\nliteral 1\n", b"\x78\x9c", b"(\xb5/\xfd", b"\x04\x22\x4d\x18",
    ]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.one_of(st.binary(max_size=200), PIECES), max_size=30).map(b"".join))
def test_arbitrary_bytes_never_raise_nor_go_over_the_budget(data):
    limit = 64 << 10
    decoded = body(data, decoded=limit)
    made = [*decoded.views[1:], *decoded.residue]
    largest = max([len(view.data) for view in made], default=0)
    assert sum(len(view.data) for view in made) <= limit + largest
    assert decoded.views[0].data == data


def test_what_a_view_gives_is_bounded_not_only_what_a_message_gives():
    """Found by atheris: declared as gzip, a zip is read as what deflate makes of it."""
    coded = base64.b64decode(
        "UEsDBC4AAAAMANBYdV1xNJQ+SwAAAEIAAAALAAAAbm90ZXMvYS50eHRCWmg5MUFZJlNZmaWJhAAA"
    )
    parts = [Part(PartKind.BODY, coded * 4, encodings=("zstd", "gzip"))]
    limit = 4 << 10
    decoded = decode(parts, Limits(decoded=limit))
    made = [*decoded.views[1:], *decoded.residue]
    largest = max([len(view.data) for view in made], default=0)
    assert sum(len(view.data) for view in made) <= limit + largest


def nested_base64(depth: int) -> bytes:
    data = TEXT
    for _ in range(depth):
        data = base64.b64encode(data)
    return data


def nested_json(depth: int) -> bytes:
    text = "a\nb"
    for _ in range(depth):
        text = json.dumps({"a": text})
    return text.encode()


def archive(members: int, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for number in range(members):
            written.writestr(f"{number}", b"a" * size)
    return out.getvalue()


ZEROS = b"0" * (32 * MIB)
BOMBS = {
    "gzip": lambda: gzip.compress(ZEROS),
    "gzip in gzip": lambda: gzip.compress(gzip.compress(ZEROS)),
    "gzip in base64": lambda: base64.b64encode(gzip.compress(ZEROS)),
    "gzip, many members": lambda: gzip.compress(ZEROS[:MIB]) * 32,
    "zlib": lambda: zlib.compress(ZEROS),
    "brotli": lambda: brotli.compress(ZEROS, quality=1),
    "zstd": lambda: zstd.compress(ZEROS),
    "bzip2": lambda: bz2.compress(ZEROS),
    "xz": lambda: lzma.compress(ZEROS, preset=0),
    "zip of many members": lambda: archive(64, MIB),
    "zip of thousands": lambda: archive(3000, 20_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_cut_and_memory_stays_flat(name):
    bomb = BOMBS[name]()
    limit = 8 * MIB
    tracemalloc.start()
    decoded = body(bomb, decoded=limit, ratio=1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert decoded.truncated
    assert peak < 8 * limit


ENDLESS = {
    "base64 of base64": nested_base64(16),
    "percent of percent": b"%" + b"25" * 3000 + b"41" * 8,
    "json in json": nested_json(12),
    "deep arrays": b"[" * 200_000 + b"1" + b"]" * 200_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "quotes": b'"' * 300_000,
    "backslashes": b"\\" * 300_000,
    "numbers": b"115," * 50_000,
    "bits": b"01" * 100_000,
    "one symbol": b"a" * 300_000,
    "pieces": b"abcd-" * 60_000,
    "literals": b'"a"+' * 60_000,
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_what_repeats_gives_no_more_than_a_multiple_of_itself(name):
    data = ENDLESS[name]
    decoded = body(data)
    made = sum(len(view.data) for view in [*decoded.views, *decoded.residue])
    assert made <= 36 * len(data) + MIB
