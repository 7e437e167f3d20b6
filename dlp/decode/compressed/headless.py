"""
Streams without a signature: raw deflate (SAML's redirect binding), brotli, LZMA, whose
old header may begin with anything and which `xz --format=raw` writes without one; and
zlib of a small window, whose two bytes tell little, or whose dictionary we do not have:
what it does not take from there is shown; and zlib under one byte, which its first one
tells.

Only tried on all of what something else decoded to: from anywhere else they cannot be
told from noise.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from dlp.decode.compressed.inflate import inflate, under_one_byte
from dlp.decode.compressed.magic import ZLIB
from dlp.decode.printable import is_text, readable
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

HINTS = (
    START + r".{0,24}[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]",
    START + r".{0,24}[\xc0-\xff][\x00-\x7f]",
)
"""Begins like no text."""

_SHORTEST_BYTES = 18
_PROBE_BYTES = 4096
_LONG_PROBE_BYTES = 256 << 10
"""The same for what begins as no text: chance does not become so much."""
_FIRST_BYTES = 64
_LZMA_UNKNOWN = (1 << 64) - 1
_LZMA2_RESET = 0xE0
"""The first chunk sets all anew, or is not compressed (`lzma2_decoder.c` of xz)."""


def headless(data: bytes) -> bool:
    """True when all of `data` is one such stream and text comes out, at any place."""
    return codec_of(data) != ""


def codec_of(data: bytes) -> str:
    """Of which codec all of `data` is one stream that holds text; empty: of none."""
    if len(data) < _SHORTEST_BYTES:
        return ""
    return next(
        (c for c, begins in _CODECS.items() if begins(data) and fits(data, c)), ""
    )


def fits(data: bytes, codec: str) -> bool:
    """True when all of `data` is one stream of the codec and text comes out."""
    probe = inflate(data, codec, _PROBE_BYTES)
    if probe.capped and not is_text(probe.data):
        probe = inflate(data, codec, _LONG_PROBE_BYTES)
    ended = probe.whole and (
        probe.used == len(data) or _is_trailer(data[probe.used :], probe.data)
    )
    if not (ended or probe.capped) or len(probe.data) <= 12:
        return False
    return is_text(probe.data) or readable(probe.data)


def _is_trailer(rest: bytes, text: bytes) -> bool:
    """What gzip (RFC 1952, 2.3.1) or zlib (RFC 1950, 2.2) writes behind a stream."""
    checks = struct.pack("<II", zlib.crc32(text), len(text))
    return rest in {checks, zlib.adler32(text).to_bytes(4)}


def _begins_deflate(data: bytes) -> bool:
    """The kind of the first block (RFC 1951, 3.2.3), and its first bytes."""
    if data[0] & 0b111 not in {0b011, 0b101, 0b100, 0b010}:
        return False
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return len(engine.decompress(data, _FIRST_BYTES)) == _FIRST_BYTES or engine.eof
    except zlib.error:
        return False


def _begins_brotli(data: bytes) -> bool:
    """The usual window sizes (RFC 7932, 9.1)."""
    return data[0] & 0b1111 in {0b1011, 0b0011}


def _begins_lzma(data: bytes) -> bool:
    """The header of `.lzma`: properties, window, size; and what range coders write."""
    size = int.from_bytes(data[5:13], "little")
    known = size < 1 << 32 or size == _LZMA_UNKNOWN
    return known and data[0] < 225 and data[13] == 0


def _begins_lzma1(data: bytes) -> bool:
    """A range coder's first byte."""
    return data[0] == 0


def _begins_lzma2(data: bytes) -> bool:
    """A first chunk that ends in `data`, and the mark of the end."""
    if data[-1]:
        return False
    size = int.from_bytes(data[3:5]) + 6 if data[0] >= _LZMA2_RESET else 0
    if data[0] == 1:
        size = int.from_bytes(data[1:3]) + 4
    return 0 < size < len(data)


def _begins_zlib_of_small_window(data: bytes) -> bool:
    """The header of RFC 1950, 2.2, with a window under the usual 32 KiB."""
    return data[0] & 0x8F == 8 and data[0] < 0x78 and not int.from_bytes(data[:2]) % 31


def _begins_zlib_with_dictionary(data: bytes) -> bool:
    """The header of RFC 1950, 2.2, with the bit that asks for a dictionary."""
    head = int.from_bytes(data[:2])
    return head >> 8 & 15 == 8 and head % 31 == 0 and bool(head & 0x20)


def _begins_zlib_under_one_byte(data: bytes, way: str) -> bool:
    """The first byte tells it; the second is one of four."""
    head = data[:2].translate(under_one_byte(data[0], way))
    return head != data[:2] and head in ZLIB


_CODECS: dict[str, Callable[[bytes], bool]] = {
    "deflate": _begins_deflate,
    "br": _begins_brotli,
    "lzma": _begins_lzma,
    "lzma1": _begins_lzma1,
    "lzma2": _begins_lzma2,
    "zlib": _begins_zlib_of_small_window,
    "zlib with a dictionary": _begins_zlib_with_dictionary,
    "zlib xored": partial(_begins_zlib_under_one_byte, way="xor"),
    "zlib added": partial(_begins_zlib_under_one_byte, way="add"),
}
"""How encoders begin."""


def headless_streams(source: Source, *, by_chance: bool = False) -> Iterator[View]:
    """
    What comes out of a view that is such a stream.

    `by_chance`: the view may be noise, in which a few bytes of brotli become megabytes.
    """
    data, budget = source.data, source.budget
    if not (codec := codec_of(data)):
        return
    stream = inflate(data, codec, budget.cap(len(data)))
    if stream.capped and by_chance:
        return
    if stream.capped:
        budget.capped(len(data))
    elif stream.cut_short(len(data)):
        budget.cut.append((source.view, 0, codec))
    yield source.child(codec, stream.data)
