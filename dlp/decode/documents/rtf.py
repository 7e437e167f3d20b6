"""
The text of RTF (1.9.1): its characters in hexadecimal or as numbers among plain ones,
its runs without what formats them.

Why not in escapes.py: there a quotation mark behind a backslash is one, here it begins
two digits, and nothing but the first word of the file tells which is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"\{\\rtf[01]\b",)

_BEGINS = re.compile(rb"\{\\rtf[01]\b")
_TOKEN = re.compile(
    rb"\\'([0-9A-Fa-f]{2})"
    rb"|\\u(-?[0-9]{1,6}) ?(?:\\'[0-9A-Fa-f]{2}|[^\\{}])?"
    rb"|\\([A-Za-z]{1,32})(?:-?[0-9]{1,10})? ?"
    rb"|\\([\s\S])"
    rb"|[{}\r\n]+"
)
_WORDS = {
    b"par": b"\n", b"line": b"\n", b"sect": b"\n", b"page": b"\n", b"row": b"\n",
    b"tab": b"\t", b"cell": b"\t", b"emdash": b"-", b"endash": b"-",
}  # fmt: skip
_SIGNS = {b"~": b" ", b"-": b"", b"_": b"-", b"*": b"", b"\n": b"\n", b"\r": b"\n"}
_CHARSET = "cp1252"
"""Of `ansi`, which is what nearly all writers say."""


def shown_text(source: Source) -> Iterator[View]:
    """What a reader shows of the file, from its first word on."""
    begin = _BEGINS.search(source.data)
    if begin:
        text = source.data[begin.start() :]
        yield source.child("rtf", _TOKEN.sub(_meant, text))


def _meant(match: re.Match[bytes]) -> bytes:
    byte, number, word, sign = match.groups()
    if byte:
        return bytes.fromhex(byte.decode()).decode(_CHARSET, "replace").encode()
    if number:
        return chr(int(number) & 0xFFFF).encode("utf-8", "replace")
    if word:
        return _WORDS.get(word, b"")
    return _SIGNS.get(sign, sign) if sign else b""
