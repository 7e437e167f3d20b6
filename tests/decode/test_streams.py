"""Compressed streams that begin or end otherwise than usual."""

import lzma
import random
import struct
import sys
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

DRAW = random.Random(41)
TEXT = b" ".join(DRAW.choices(b"a text of many plain words in a row".split(), k=90))
NOISE = DRAW.randbytes(900)


def read(body: bytes):
    return decode((Part(PartKind.BODY, body),), Limits())


def shows(body: bytes, text: bytes = TEXT) -> bool:
    return any(text in view.data for view in read(body).views)


def windowed(text: bytes, window: int, level: int) -> bytes:
    engine = zlib.compressobj(level, zlib.DEFLATED, window)
    return engine.compress(text) + engine.flush()


def lzip(text: bytes) -> bytes:
    """A header, the stream of LZMA with its end mark, a trailer."""
    alone = lzma.compress(text, lzma.FORMAT_ALONE)
    trailer = struct.pack("<IQQ", zlib.crc32(text), len(text), len(alone) - 13 + 26)
    return b"LZIP\x01\x17" + alone[13:] + trailer


@pytest.mark.parametrize("level", [1, 3, 6, 9])
@pytest.mark.parametrize("window", range(9, 15))
def test_zlib_with_a_small_window_is_read_wherever_it_stands(window, level):
    body = windowed(TEXT, window, level)
    assert shows(body)
    assert shows(NOISE + b"\0" + body + NOISE)


@pytest.mark.parametrize("window", range(9, 15))
def test_zlib_with_a_small_window_may_be_short_where_it_is_all_there_is(window):
    lines = b"DATABASE_HOST=db\nTOKEN=" + DRAW.randbytes(20).hex().encode()
    assert shows(windowed(lines, window, 9), lines)


def test_what_looks_like_a_small_window_in_code_costs_no_refusal():
    decoded = read(b"\x48\x89\xe5\x48\x89\xc3" * 60_000 + NOISE)
    assert not decoded.truncated
    assert not decoded.undecodable
    assert not read(b"\x28\x15\x35\x28\x15" * 60_000).truncated


def test_lzip_is_read_whole_cut_and_twice():
    body = lzip(TEXT)
    assert shows(body)
    assert shows(NOISE + body + NOISE)
    assert shows(body[:-60], TEXT[:100])
    assert shows(lzip(TEXT[:200]) + lzip(TEXT[200:]))


def zstd_wide(text: bytes) -> bytes:
    """A window of 2 GiB, which decoders refuse unless they are asked."""
    options = {zstd.CompressionParameter.window_log: 31}
    engine = zstd.ZstdCompressor(options=options)
    return engine.compress(text) + engine.flush()


def zstd_with_dictionary(text: bytes) -> bytes:
    samples = [text[at : at + 90] + DRAW.randbytes(9) for at in range(300)]
    return zstd.compress(text, zstd_dict=zstd.train_dict(samples, 2000))


def xz_wide(text: bytes) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    return lzma.compress(text, filters=filters)


@pytest.mark.parametrize("make", [zstd_wide, zstd_with_dictionary, xz_wide])
def test_what_needs_more_than_is_at_hand_cannot_be_read(make):
    assert read(make(TEXT)).undecodable


@pytest.mark.parametrize("compress", [zstd.compress, lzma.compress, lzip])
def test_what_is_only_cut_can_be_read(compress):
    assert not read(compress(TEXT)[:20]).undecodable
    assert not read(compress(TEXT)[:20] + NOISE).undecodable
