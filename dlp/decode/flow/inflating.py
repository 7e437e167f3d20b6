"""
Compressed streams that go on from window to window, undone as they come.

Contract of the family (`runs.py` keeps it too): a follower begins at `start` of its
stream. `read(data)` takes the bytes that follow those it has read, all of them, and
yields what they decode to, in pieces of bounded size. `done`: it has come to its end,
and later bytes are not its own. `failed`: why the rest cannot be followed, or empty.

Why not in `inflate`: that has all of its input at hand and gives one result; this keeps
an engine between calls, and its memory is one piece whatever the stream becomes.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import brotli

from dlp.decode.budget import FREE_OUTPUT_BYTES
from dlp.decode.compressed import magic

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_INPUT_BYTES = 4096
"""As in `inflate`: what an error takes with it is the same."""
OUTPUT_BYTES = 256 << 10
"""The longest piece that is made at a time."""
_XZ_MEMORY_BYTES = 96 << 20
_SIGNATURE_BYTES = 6

_ENGINES: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(31),
    "zlib": lambda: zlib.decompressobj(15),
    "deflate": lambda: zlib.decompressobj(-15),
    "br": brotli.Decompressor,
    "zstd": zstd.ZstdDecompressor,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES),
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY_BYTES),
}
CODECS = frozenset(_ENGINES)
_ON: dict[str, tuple[bytes, ...]] = {
    "gzip": (magic.GZIP,),
    "zlib": magic.ZLIB,
    "zstd": (magic.ZSTD,),
    "bz2": (magic.BZIP2,),
    "xz": (magic.XZ,),
}
"""How the next stream begins when one text is cut over several."""
_ERRORS = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, zstd.ZstdError)


class Inflating:
    """One compressed stream, and those of its codec that follow at once."""

    def __init__(self, codec: str, start: int, ratio: int, *, lasting: bool) -> None:
        self.codec = codec
        self.start = start
        self.done = False
        self.failed = ""
        self.ended = False
        """The last stream that began has come to its end."""
        self.lasting = lasting
        """The whole body was declared to be this: what damages it is told."""
        self._ratio = ratio
        self._taken = self._made = 0
        self._between = b""
        self._engine: Any = _ENGINES[codec]()

    def read(self, data: bytes) -> Iterator[bytes]:
        """See the contract above."""
        at = 0
        while at < len(data) and not self.done:
            piece = data[at : at + _INPUT_BYTES]
            at += len(piece)
            self._taken += len(piece)
            for out in self._undone(piece):
                self._made += len(out)
                if self._made > FREE_OUTPUT_BYTES + self._ratio * self._taken:
                    self._give_up("ratio")
                    return
                if out:
                    yield out

    def close(self) -> None:
        """Nothing follows any more."""
        if self.lasting and not self.done and not self.ended and self._taken:
            self._give_up(self.codec)

    def _give_up(self, why: str) -> None:
        self.failed, self.done = why, True

    def _undone(self, piece: bytes) -> Iterator[bytes]:
        while piece and not self.done:
            if self.ended:
                piece = self._begin_next(piece)
                continue
            step = _STEPS.get(type(self._engine).__module__, _buffered)
            try:
                yield from step(self._engine, piece)
            except (*_ERRORS, brotli.error):
                self._damaged()
                return
            piece = b""
            if _has_ended(self._engine):
                self.ended = True
                piece = getattr(self._engine, "unused_data", b"")

    def _damaged(self) -> None:
        if self.lasting:
            self._give_up(self.codec)
        self.done = True

    def _begin_next(self, piece: bytes) -> bytes:
        """What the next stream, if one begins here, is to read."""
        self._between += piece
        signatures = _ON.get(self.codec, ())
        if any(self._between.startswith(known) for known in signatures):
            piece, self._between = self._between, b""
            self._engine = _ENGINES[self.codec]()
            self.ended = False
            return piece
        if len(self._between) >= _SIGNATURE_BYTES or not signatures:
            self.done = True
        return b""


def _has_ended(engine: Any) -> bool:
    finished = getattr(engine, "is_finished", None)
    return bool(finished()) if finished else bool(engine.eof)


def _zlib(engine: Any, piece: bytes) -> Iterator[bytes]:
    """What zlib throws away with its error is had byte by byte."""
    while piece:
        before = engine.copy()
        try:
            out = engine.decompress(piece, OUTPUT_BYTES)
        except zlib.error:
            for at in range(len(piece)):
                yield before.decompress(piece[at : at + 1], OUTPUT_BYTES)
            raise
        yield out
        piece = engine.unconsumed_tail


def _brotli(engine: Any, piece: bytes) -> Iterator[bytes]:
    yield engine.process(piece, output_buffer_limit=OUTPUT_BYTES)
    while not engine.can_accept_more_data() and not engine.is_finished():
        yield engine.process(b"", output_buffer_limit=OUTPUT_BYTES)


def _buffered(engine: Any, piece: bytes) -> Iterator[bytes]:
    yield engine.decompress(piece, OUTPUT_BYTES)
    while not engine.eof and not engine.needs_input:
        yield engine.decompress(b"", OUTPUT_BYTES)


_STEPS = {"zlib": _zlib, "brotli": _brotli, "_brotli": _brotli}


class Unchunking:
    """`aws-chunked` (Amazon S3, SigV4 streaming): size;signature CRLF data CRLF."""

    _LINE_BYTES = 1024

    def __init__(self, start: int) -> None:
        self.codec = "aws-chunked"
        self.start = start
        self.done = False
        self.failed = ""
        self._line = b""
        self._left = 0
        """Bytes of the chunk, with the line end after it, that are still to come."""

    def read(self, data: bytes) -> Iterator[bytes]:
        """See the contract above."""
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                piece = data[at : at + min(self._left, OUTPUT_BYTES)]
                at += len(piece)
                self._left -= len(piece)
                yield piece[: len(piece) - max(0, 2 - self._left)]
            else:
                end = data.find(b"\n", at)
                stop = end + 1 if end >= 0 else len(data)
                self._line += data[at:stop]
                at = stop
                if end >= 0 or len(self._line) > self._LINE_BYTES:
                    self._begin_chunk()

    def close(self) -> None:
        """Nothing follows any more."""
        if not self.done:
            self.failed, self.done = self.codec, True

    def _begin_chunk(self) -> None:
        head = self._line.split(b";")[0].strip()
        whole = self._line.endswith(b"\r\n")
        self._line = b""
        if not whole or not head or head.strip(b"0123456789abcdefABCDEF"):
            self.failed, self.done = self.codec, True
        elif size := int(head, 16):
            self._left = size + 2
        else:
            self.done = True
