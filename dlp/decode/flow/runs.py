"""
Coded runs longer than a window: a file in base64, base32 or hex, in a JSON string or in
wrapped lines. Contract: see `inflating.py`.

Text in such a run is read in every window, at any alignment; only what is compressed
inside it has to be followed from its first byte.

Why not in `base64`: that has the whole run; this carries the symbols that make no whole
group yet from window to window.
"""

from __future__ import annotations

import binascii
import re
from base64 import b32decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dlp.decode.compressed.magic import begins_known

_SYMBOLS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_BETWEEN = b"\r\n\\"
"""Line ends, and the backslash that writes them in JSON, or stands before a slash."""
_INSIDE = re.compile(rb"[A-Za-z0-9+/\-_\r\n\\]*+")
_ESCAPE = re.compile(rb"\\(?:[nrt]|u002[BbFf]|u003[Dd]|(?=/))")
_WRITTEN = {
    b"\\": b"", b"n": b"\n", b"r": b"\n", b"t": b"\n",
    b"b": b"+", b"B": b"+", b"f": b"/", b"F": b"/", b"d": b"=", b"D": b"=",
}  # fmt: skip
_MARKS = bytes(
    ord("a") if code in _SYMBOLS + _BETWEEN else ord(" ") for code in range(256)
)
_ESCAPE_BYTES = 6
_PIECE_BYTES = 64 << 10
_JUDGED_BYTES = 4096
"""Symbols that are enough to see what kind of run it is."""
_PROBE_BYTES = 256
_STANDARD = bytes.maketrans(b"-_", b"+/")

Decode = Callable[[bytes], bytes]


def run_at_end(data: bytes, longest_tail: int) -> int | None:
    """Where a run begins that holds more than the last `longest_tail` bytes."""
    marks = data.translate(_MARKS)
    gap = marks.rfind(b" ")
    return gap + 1 if len(data) - gap - 1 > longest_tail else None


def _base64(symbols: bytes) -> bytes:
    return binascii.a2b_base64(symbols.translate(_STANDARD))


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to write bytes."""

    symbols: re.Pattern[bytes]
    fewest: int
    """Different symbols; of fewer nobody can tell it from base64 of padding."""
    group: int
    """How many symbols make whole bytes."""
    decode: Decode

    def fits(self, head: bytes) -> bool:
        """Whether a run that begins like this may be of the kind."""
        return self.symbols.fullmatch(head) is not None and len(set(head)) > self.fewest


BASE64 = Kind(re.compile(rb"[A-Za-z0-9+/\-_]*"), -1, 4, _base64)
_KINDS = (
    Kind(re.compile(rb"[0-9a-fA-F]+"), 8, 2, binascii.unhexlify),
    Kind(re.compile(rb"[A-Z2-7]+"), 16, 8, b32decode),
    BASE64,
)


class Run:
    """One coded run."""

    codec = "run"

    def __init__(self, start: int) -> None:
        self.start = start
        self.done = False
        self.failed = ""
        self._held = b""
        """An escape that is not whole."""
        self._symbols = bytearray()
        self._kind: Kind | None = None

    def read(self, data: bytes) -> Iterator[bytes]:
        """See the contract in `inflating.py`."""
        inside = _INSIDE.match(data)
        assert inside is not None
        stop = inside.end()
        for at in range(0, stop, _PIECE_BYTES):
            self._take(data[at : min(stop, at + _PIECE_BYTES)])
            yield from self._whole_groups()
        if stop < len(data):
            yield from self._last()

    def close(self) -> None:
        """Nothing follows any more."""
        self.done = True

    def _take(self, piece: bytes, *, last: bool = False) -> None:
        piece = self._held + piece
        cut = len(piece) if last else piece.rfind(b"\\", -_ESCAPE_BYTES)
        cut = cut if cut >= 0 else len(piece)
        self._held = piece[cut:]
        piece = piece[:cut]
        if b"\\" in piece:
            piece = _ESCAPE.sub(lambda escape: _WRITTEN[escape[0][-1:]], piece)
        if self._kind is None:
            self._symbols += piece  # the lines still tell where the run begins
        else:
            self._symbols += piece.translate(None, b"\r\n\\")

    def _whole_groups(self) -> Iterator[bytes]:
        if self._kind is None:
            if len(self._symbols) < _JUDGED_BYTES:
                return
            self._settle()
        assert self._kind is not None
        if pad := self._symbols.find(b"=") + 1:
            del self._symbols[pad - 1 :]
            self.done = True
        group = self._kind.group
        whole = len(self._symbols) // group * group
        symbols = bytes(self._symbols[:whole])
        del self._symbols[:whole]
        try:
            yield self._kind.decode(symbols)
        except ValueError:  # its begin was made to look like another kind
            self.failed, self.done = self.codec, True

    def _last(self) -> Iterator[bytes]:
        if not self.done:
            self._take(b"", last=True)
            if self._kind is None:
                self._settle()
            yield from self._whole_groups()
        self.done = True

    def _settle(self) -> None:
        """
        Which kind of run it is, and where its first symbol stands: what goes before a
        line end, or up to three symbols, may be no part of it.
        """
        text = bytes(self._symbols)
        lines = [m.end() for m in re.finditer(rb"\n+", text[:_JUDGED_BYTES])][:3]
        runs = [text[begin:].translate(None, b"\r\n\\") for begin in (0, *lines)]
        for symbols in runs:
            for kind in filter(lambda kind: kind.fits(_head(symbols)), _KINDS):
                for lead in range(min(kind.group, 4)):
                    if begins_known(_probed(kind, symbols[lead:])):
                        self._set(symbols[lead:], kind)
                        return
        symbols = runs[1] if lines else runs[0]
        self._set(symbols, next(kind for kind in _KINDS if kind.fits(_head(symbols))))

    def _set(self, symbols: bytes, kind: Kind) -> None:
        self._symbols[:] = symbols
        self._kind = kind


def _head(symbols: bytes) -> bytes:
    return symbols[:_JUDGED_BYTES].partition(b"=")[0]


def _probed(kind: Kind, symbols: bytes) -> bytes:
    symbols = symbols[:_PROBE_BYTES].partition(b"=")[0]
    try:
        return kind.decode(symbols[: len(symbols) // kind.group * kind.group])
    except ValueError:
        return b""
