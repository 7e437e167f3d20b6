"""
Backslash escapes of JSON, JavaScript, C, Python and shells, undone in one pass.

One decoder for all of them: a recipient's language is unknown, and no two give one
escape different printable characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.budget import Budget
from dlp.decode.pieces import Pieces, Rewrite, lines_with
from dlp.decode.source import Source
from dlp.model import View

_ESCAPE = re.compile(
    rb"\\(?:u\{0*([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    rb"|[xX]\{?([0-9a-fA-F]{2})\}?|[oO]?([0-7]{2,3})|(\r?\n)|([\"'\\/nrtbfae0]))"
    rb"(?:(?<=[dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}))?"
)
_SIMPLE = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b",
    b"f": b"\f", b"a": b"\a", b"e": b"\x1b", b"0": b"\0",
}  # fmt: skip


def _undo(match: re.Match[bytes]) -> bytes:
    braced, short, long, byte, octal, newline, simple, low = match.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    if newline:
        return b""
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8) & 255])
    code = int(braced or short or long, 16)
    if low:
        code = 0x10000 + ((code & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
    return chr(min(code, 0x10FFFF)).encode("utf-8", "replace")


HINTS = (r"""\\["'\\/nrtuUxXoO0-7\r\n]""",)

ESCAPES = Rewrite(_ESCAPE, _undo)


def unescape(data: bytes) -> bytes:
    """`data` with every escape undone; what is no escape stays."""
    return ESCAPES.apply(data) if b"\\" in data else data


def escapes(source: Source, _budget: Budget) -> Iterator[View]:
    """The lines that have escapes, with these undone."""
    data = source.data
    spans = lines_with(data, b"\\")
    before = [data[a:b] for a, b in spans]
    after = [unescape(line) for line in before]
    if after != before:
        lengths = [len(line) for line in after]
        trace = Pieces(spans, lengths, inner=ESCAPES.locate)
        yield source.gather("escapes", after, trace)
