"""
Bytes as words that can be said: proquints (Wilkerson 2009, arXiv:0901.4016), five
letters for two bytes, and Bubble Babble (Huima 2000, as in OpenSSH), with checksums.

Why not in worded.py: there words are English, and numbers; here they mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.pieces import Span
from dlp.decode.printable import readable_for_its_size
from dlp.decode.source import Source
from dlp.model import View

_QUINT_ENDS, _QUINT_MIDDLES = b"bdfghjklmnprstvz", b"aiou"
_ENDS, _MIDDLES = b"bcdfghklmnprstvzx", b"aeiouy"
_E, _M = f"[{_QUINT_ENDS.decode()}]", f"[{_QUINT_MIDDLES.decode()}]"
_QUINT = f"{_E}{_M}{_E}{_M}{_E}"
_C, _V = f"[{_ENDS[:16].decode()}]", f"[{_MIDDLES.decode()}]"
_BABBLE = f"{_V}{_C}{_V}{_C}-{_C}"
HINTS = (rf"(?i)(?:{_QUINT}[\-_. ]){{5}}", rf"(?i)x(?:{_BABBLE}){{3}}")

_QUINTS = re.compile(
    rf"(?<![a-z])(?:{_QUINT}[\-_. ]){{5,}}+(?:{_QUINT})?(?![a-z])".encode()
)
_ONE_QUINT = re.compile(rb"[a-z]{5}")
_BABBLED = re.compile(
    rf"(?<![a-z])x(?:{_BABBLE}){{3,}}+{_V}[{_ENDS.decode()}]{_V}x".encode()
)


def syllables(source: Source) -> Iterator[View]:
    """What such words say."""
    lower = source.data.lower()
    found: list[tuple[Span, bytes]] = []
    for match in _QUINTS.finditer(lower):
        text = b"".join(map(_two_bytes, _ONE_QUINT.findall(match[0])))
        if readable_for_its_size(text.rstrip(b"\0")):
            found.append((match.span(), text.rstrip(b"\0")))
    found += [(m.span(), _babbled(m[0])) for m in _BABBLED.finditer(lower)]
    yield from source.found("spelled out", [row for row in found if row[1]])


def _two_bytes(quint: bytes) -> bytes:
    value = 0
    for place, letter in enumerate(quint):
        alphabet, bits = (_QUINT_MIDDLES, 2) if place % 2 else (_QUINT_ENDS, 4)
        value = value << bits | alphabet.index(letter)
    return value.to_bytes(2)


def _babbled(words: bytes) -> bytes:
    """The bytes; none where a checksum does not agree."""
    out = bytearray()
    letters = words[1:-1].replace(b"-", b"")
    check = 1
    for at in range(0, len(letters), 5):
        first, middle, last = letters[at : at + 3]
        high = (_MIDDLES.index(first) - check) % 6
        low = (_MIDDLES.index(last) - check // 6) % 6
        four = _ENDS.index(middle)
        rest = letters[at + 3 : at + 5]
        if not rest and four == len(_ENDS) - 1:
            return bytes(out) if not high and not low else b""
        if high > 3 or low > 3:
            return b""
        out.append(high << 6 | four << 2 | low)
        if rest:
            out.append(_ENDS.index(rest[0]) << 4 | _ENDS.index(rest[1]))
            check = (check * 5 + out[-2] * 7 + out[-1]) % 36
    return bytes(out)
