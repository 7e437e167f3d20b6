"""
Content codings of an answer, undone as it arrives.

Why not `decode.transfer`: that has the whole of a body and looks behind its end; here
each piece must go on at once, and what is damaged must not pass for whole.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP_BYTES = 4096
"""Input undone at a time: at deflate's best ratio of 1032 it makes 4 MiB."""


class DamagedError(ValueError):
    """The body is not in the coding that it is said to be in."""


class _Stream(Protocol):
    """What zlib and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class Undo(Protocol):
    """One stream being undone."""

    def __call__(self, piece: bytes) -> Iterator[bytes]: ...


class _Members:
    """Streams that follow one another (RFC 1952, 2.2; RFC 8878, 3.1)."""

    def __init__(self, make: Callable[[], _Stream]) -> None:
        self._make = make
        self._stream = make()

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        try:
            while piece:
                if self._stream.eof:
                    self._stream = self._make()
                yield self._stream.decompress(piece)
                piece = self._stream.unused_data
        except (zlib.error, zstd.ZstdError) as error:
            raise DamagedError(str(error)) from error


class _Deflate:
    """`deflate` is zlib's format; some servers send it without its head."""

    def __init__(self) -> None:
        self._undo: Undo | None = None
        self._head = b""

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        if self._undo is None:
            self._head += piece
            if len(self._head) < 2:
                return
            wbits = 15 if int.from_bytes(self._head[:2]) % 31 == 0 else -15
            self._undo = _Members(lambda: zlib.decompressobj(wbits))
            piece = self._head
        yield from self._undo(piece)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        try:
            yield self._stream.process(piece)
        except brotli.error as error:
            raise DamagedError(str(error)) from error


_CODINGS: dict[str, Callable[[], Undo]] = {
    "gzip": lambda: _Members(lambda: zlib.decompressobj(31)),
    "x-gzip": lambda: _Members(lambda: zlib.decompressobj(31)),
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": lambda: _Members(zstd.ZstdDecompressor),
}


def undo(coding: str) -> Undo | None:
    """What undoes a coding piece by piece; None when nothing here does."""
    name = coding.strip().lower()
    if name in ("", "identity"):
        return _same
    make = _CODINGS.get(name)
    return _stepwise(make()) if make else None


def _same(piece: bytes) -> Iterator[bytes]:
    yield piece


def _stepwise(one: Undo) -> Undo:
    def run(piece: bytes) -> Iterator[bytes]:
        for start in range(0, len(piece), _STEP_BYTES):
            yield from one(piece[start : start + _STEP_BYTES])

    return run
