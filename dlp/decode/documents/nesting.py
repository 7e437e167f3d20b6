"""
JSON strings within JSON strings: how deep a place stands, and what is written there.

A tool call is a document in a string of a document: what stands in it is escaped twice.
Redaction asks what a cut text reads as, restoring how it must be written elsewhere.

Why not in `leaves`: that reads a whole document; this follows one that arrives in
pieces, and keeps nothing of it.
"""

from __future__ import annotations

import json
import re

_BEGIN = (b"{", b"[")
_BLANK = b" \t\r\n\xef\xbb\xbf\x1e"
_DEEPEST = 8
"""Each level doubles the backslashes: 32 MiB hold some twenty."""
_TOKEN = re.compile(
    rb'[^"\\]+|"|\\u[0-9a-fA-F]{4}|\\[^u]|(?P<cut>\\(?:u[0-9a-fA-F]{0,3})?\Z)|\\'
)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Nesting:
    """
    Follows a text; `depth` counts the JSON strings that are open where it has come to.

    A text is JSON when its first character begins an object or an array.
    """

    __slots__ = ("_cut", "_inside", "_json", "_level")

    def __init__(self, level: int = 0) -> None:
        self._level = level
        self._json: bool | None = None
        self._inside: Nesting | None = None
        self._cut = b""

    @property
    def depth(self) -> int:
        """Strings within one another that are open here."""
        return 1 + self._inside.depth if self._inside else 0

    @property
    def bare(self) -> bool:
        """Whether the innermost text is JSON, and no string of it is open here."""
        return self._inside.bare if self._inside else bool(self._json)

    def feed(self, text: bytes) -> None:
        """Go on over `text`, wherever it is cut."""
        if self._json is None:
            head = text.lstrip(_BLANK)
            if not head:
                return
            self._json = head.startswith(_BEGIN) and self._level < _DEEPEST
        if not self._json:
            return
        for token in _TOKEN.finditer(self._cut + text):
            self._read(token)

    def _read(self, token: re.Match[bytes]) -> None:
        self._cut = token["cut"] or b""
        said = token[0]
        if self._cut:
            return
        if said == b'"':
            self._inside = None if self._inside else Nesting(self._level + 1)
        elif self._inside:
            self._inside.feed(_meant(said) if said[:1] == b"\\" else said)


def unescaped(text: bytes, depth: int) -> bytes | None:
    """What a piece of nested JSON strings reads as; None when it is no such piece."""
    for _ in range(depth if b"\\" in text else 0):
        try:
            text = json.loads(b'"' + text + b'"', strict=False).encode()
        except ValueError:
            return None
    return text


def escaped(text: str, depth: int) -> str:
    """`text` as it is written that many JSON strings deep."""
    for _ in range(depth):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return text


def _meant(escape: bytes) -> bytes:
    """The character of an escape; of others than ASCII only that there is one."""
    if escape[1:2] == b"u":
        code = int(escape[2:].decode(), base=16)
        return bytes([code]) if code < 128 else b"?"
    return _CONTROL.get(escape[1:], escape[1:])
