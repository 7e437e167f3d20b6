"""
Compressed streams, undone piece by piece under a cap.

Contract of the family: `inflate(data, codec, cap)` reads one stream that begins at
`data[0]`, makes at most `cap` bytes and returns a `Stream`. A damaged or cut stream
gives what came before the damage, as a lenient recipient would see it. Memory is the
output plus one chunk, whatever the stream claims.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import brotli

from dlp.decode.compressed import lz

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES = 4096
_PROBE_BYTES = 48
_XZ_MEMORY_BYTES = 96 << 20  # `xz -9` needs 65 MiB
_BEYOND = ("Memory usage limit", "too much memory", "Dictionary mismatch")
"""What liblzma and libzstd say of such a stream."""
_LZIP_HEAD_BYTES, _LZIP_TRAILER_BYTES = 6, 20
_BLANK = b" " * 32768
"""A dictionary as long as any (RFC 1951, 2)."""
_WINDOW_BYTES = 64 << 20
"""Of LZMA, at most: nothing stands further back than what was made so far."""


_ZLIB_HEAD = 0x78
"""The first byte of the usual window (RFC 1950, 2.2)."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream, undone."""

    data: bytes
    used: int
    """Bytes of input up to the end of the stream, or all that were read."""
    whole: bool
    """True when the stream ended where its format says, with a right checksum."""
    capped: bool = False
    """True when more output was to come than the cap allowed."""
    beyond: bool = False
    """True when it says that it needs a dictionary, or more memory than we give."""

    def cut_short(self, size: int) -> bool:
        """Whether all of the `size` bytes of input were read and more had to come."""
        return not self.whole and not self.capped and self.used >= size


def inflate(data: bytes | memoryview, codec: str, cap: int) -> Stream:
    """Undo one stream of a codec in `CODECS`. Never raises on any data."""
    return CODECS[codec](memoryview(data), cap)


def begins_zlib(data: memoryview) -> bool:
    """Whether its first bytes are no error; of noise one in thirty is none."""
    try:
        zlib.decompressobj().decompress(data[:_PROBE_BYTES])
    except zlib.error:
        return False
    return True


def _zlib(wbits: int) -> Callable[[memoryview, int], Stream]:
    def run(data: memoryview, cap: int) -> Stream:
        done = _run(zlib.decompressobj(wbits), data, cap, zlib.error)
        if done.whole or done.capped or done.used == len(data):
            return done
        return _damaged(data, wbits, cap, done)

    return run


def _zlib_with_dictionary(data: memoryview, cap: int) -> Stream:
    """As if the dictionary were blank; the checksum is not that of what comes out."""
    head, tail = 6, 4
    engine = zlib.decompressobj(-zlib.MAX_WBITS, _BLANK)
    stream = _run(engine, data[head:], cap, zlib.error)
    used = min(head + stream.used + tail * stream.whole, len(data))
    return Stream(stream.data, used, stream.whole, stream.capped)


def under_one_byte(first: int, way: str) -> bytes:
    """The table that undoes a byte by which the first one of zlib became `first`."""
    if way == "xor":
        return bytes(byte ^ first ^ _ZLIB_HEAD for byte in range(256))
    return bytes(byte + _ZLIB_HEAD - first & 255 for byte in range(256))


def _zlib_under_one_byte(way: str) -> Callable[[memoryview, int], Stream]:
    def run(data: memoryview, cap: int) -> Stream:
        table = under_one_byte(data[0], way) if data else b""
        return _zlib(zlib.MAX_WBITS)(memoryview(bytes(data).translate(table)), cap)

    return run


def _damaged(data: memoryview, wbits: int, cap: int, done: Stream) -> Stream:
    """
    The output zlib threw away with its error: once more, without the checksum, and in
    ever smaller steps up to the damage.
    """
    at = _gzip_head(data) if wbits > 15 else 2 if wbits > 0 else 0
    engine = zlib.decompressobj(-15)
    out: list[bytes] = []
    size = 0
    for step in _CHUNK_BYTES, 64, 1:
        while at < len(data) and not engine.eof and size <= cap:
            if step == _CHUNK_BYTES and at + step > done.used:
                break
            before = engine.copy() if step == 64 else engine
            try:
                out.append(engine.decompress(data[at : at + step], cap - size + 1))
            except zlib.error:
                engine = before
                break
            size += len(out[-1])
            at += step
    return Stream(
        b"".join(out)[:cap], min(at, len(data)), whole=False, capped=size > cap
    )


def _gzip_head(data: memoryview) -> int:
    """Length of a gzip header (RFC 1952, 2.3)."""
    flags, at = data[3] if len(data) > 3 else 0, 10
    if flags & 4 and len(data) > 11:
        at += 2 + int.from_bytes(data[10:12], "little")
    for bit in (8, 16):
        if flags & bit:
            at = bytes(data[at : at + 65536]).find(0) + at + 1
    return at + 2 if flags & 2 else at


def _run(engine: Any, data: memoryview, cap: int, *errors: type[Exception]) -> Stream:
    out: list[bytes] = []
    size = at = 0
    try:
        while at < len(data) and not engine.eof:
            out.append(engine.decompress(data[at : at + _CHUNK_BYTES], cap - size + 1))
            size += len(out[-1])
            at += _CHUNK_BYTES
            if size > cap:
                return Stream(b"".join(out)[:cap], at, whole=False, capped=True)
    except errors as error:
        beyond = any(word in str(error) for word in _BEYOND)
        used = min(at, len(data) - 1)
        return Stream(b"".join(out), used, whole=False, beyond=beyond)
    used = min(at, len(data)) - len(engine.unused_data)
    return Stream(b"".join(out), used, whole=engine.eof)


def _brotli(data: memoryview, cap: int) -> Stream:
    engine = brotli.Decompressor()
    out: list[bytes] = []
    size = at = 0
    try:
        while not engine.is_finished():
            ready = engine.can_accept_more_data()
            if ready and at >= len(data):
                break
            piece = bytes(data[at : at + _CHUNK_BYTES]) if ready else b""
            at += len(piece)
            out.append(engine.process(piece, output_buffer_limit=cap - size + 1))
            size += len(out[-1])
            if size > cap:
                return Stream(b"".join(out)[:cap], at, whole=False, capped=True)
    except brotli.error:
        return Stream(b"".join(out), at, whole=False)
    return Stream(b"".join(out), at, whole=engine.is_finished())


def _zstd(data: memoryview, cap: int) -> Stream:
    return _run(zstd.ZstdDecompressor(), data, cap, zstd.ZstdError)


def _bz2(data: memoryview, cap: int) -> Stream:
    return _run(bz2.BZ2Decompressor(), data, cap, OSError, ValueError)


def _lzma(form: int) -> Callable[[memoryview, int], Stream]:
    def run(data: memoryview, cap: int) -> Stream:
        engine = lzma.LZMADecompressor(form, memlimit=_XZ_MEMORY_BYTES)
        return _run(engine, data, cap, lzma.LZMAError)

    return run


def _lzma_alone(data: memoryview, cap: int) -> Stream:
    """`.lzma`, whatever window its header asks for."""
    asked = int.from_bytes(data[1:5], "little")
    head = bytes(data[:1]) + min(asked, _window(cap)).to_bytes(4, "little")
    engine = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY_BYTES)
    with suppress(lzma.LZMAError):  # properties that no encoder writes
        engine.decompress(head, 0)
    stream = _run(engine, data[len(head) :], cap, lzma.LZMAError)
    used = min(stream.used + len(head), len(data))
    return Stream(stream.data, used, stream.whole, stream.capped)


def _headless_lzma(kind: int) -> Callable[[memoryview, int], Stream]:
    """As `xz --format=raw` writes it."""

    def run(data: memoryview, cap: int) -> Stream:
        return _raw_lzma(data, {"id": kind, "dict_size": _window(cap)}, cap)

    return run


def _window(cap: int) -> int:
    return max(4096, min(cap, _WINDOW_BYTES))


def _zip_lzma(data: memoryview, cap: int) -> Stream:
    """LZMA as in zip (APPNOTE.TXT, 5.8.8): version, size of properties, properties."""
    if len(data) < 9 or data[4] >= 225:
        return Stream(b"", 0, whole=False)
    rest, literal = divmod(data[4], 9)
    options = {
        "id": lzma.FILTER_LZMA1,
        "lc": literal,
        "lp": rest % 5,
        "pb": rest // 5,
        "dict_size": int.from_bytes(data[5:9], "little") | 4096,
    }
    stream = _raw_lzma(data[9:], options, cap)
    return Stream(stream.data, stream.used + 9, stream.whole, stream.capped)


def _lzip(data: memoryview, cap: int) -> Stream:
    """Lzip (draft-diaz-lzip, 2): a header of six bytes, LZMA to its end, a trailer."""
    if len(data) < _LZIP_HEAD_BYTES:
        return Stream(b"", len(data), whole=False)
    base, less = 1 << (data[5] & 31), data[5] >> 5
    size = base - base // 16 * less
    options = {"id": lzma.FILTER_LZMA1, "dict_size": max(4096, min(size, cap))}
    stream = _raw_lzma(data[_LZIP_HEAD_BYTES:], options, cap)
    ends = _LZIP_HEAD_BYTES + stream.used + _LZIP_TRAILER_BYTES * stream.whole
    return Stream(stream.data, min(ends, len(data)), stream.whole, stream.capped)


def _raw_lzma(data: memoryview, options: dict[str, int], cap: int) -> Stream:
    """LZMA without a header; no distance in it is longer than what came out."""
    options["dict_size"] = min(options["dict_size"], _XZ_MEMORY_BYTES)
    try:
        engine = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options])
    except lzma.LZMAError:
        return Stream(b"", 0, whole=False)
    return _run(engine, data, cap, lzma.LZMAError)


def _lz4(data: memoryview, cap: int) -> Stream:
    text, used, whole = lz.lz4(data, cap)
    return Stream(text[:cap], used, whole, len(text) > cap)


CODECS: dict[str, Callable[[memoryview, int], Stream]] = {
    "gzip": _zlib(31),
    "zlib": _zlib(15),
    "zlib with a dictionary": _zlib_with_dictionary,
    "zlib xored": _zlib_under_one_byte("xor"),
    "zlib added": _zlib_under_one_byte("add"),
    "deflate": _zlib(-15),
    "br": _brotli,
    "zstd": _zstd,
    "bz2": _bz2,
    "xz": _lzma(lzma.FORMAT_XZ),
    "lzma": _lzma_alone,
    "lzma1": _headless_lzma(lzma.FILTER_LZMA1),
    "lzma2": _headless_lzma(lzma.FILTER_LZMA2),
    "zip-lzma": _zip_lzma,
    "lz4": _lz4,
    "lzip": _lzip,
}
