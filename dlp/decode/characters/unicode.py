"""
Characters that read as ASCII, or hide in it: compatibility forms, look-alikes, marks
and invisible characters; and bytes smuggled in tag characters and variation selectors.

Works on words: only those that mix such characters with ASCII, or consist of them, are
folded. Whole texts in other scripts are left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from dlp.decode.characters.lookalikes import LOOKALIKES
from dlp.decode.pieces import Span
from dlp.decode.printable import VISIBLE, is_text
from dlp.decode.source import Source
from dlp.model import View

_JOIN = r"[0-9A-Za-z+/=_\-]"
_INVISIBLE = (
    r"(?:\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]"
    r"|\xe1\xa0[\x8b-\x8f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]"
    r"|\xe3\x85\xa4|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xef\xbe\xa0|\xf3\xa0[\x80-\x87].)"
)
_MARK = (
    r"(?:\xcc[\x80-\xbf]|\xcd[\x80-\xaf]|\xe1\xaa[\xb0-\xbf]|\xe1\xb7[\x80-\xbf]"
    r"|\xe2\x83[\x90-\xb0])"
)
_SPACE = r"(?:\xc2\xa0|\xe2\x80[\x80-\x8a\xaf]|\xe2\x81\x9f|\xe3\x80\x80|\xc2\xb7)"
_COMPATIBLE = (
    r"(?:\xef\xbc[\x8b\x8d\x8f-\x99\x9d\xa1-\xba\xbf]|\xef\xbd[\x81-\x9a]"
    r"|\xf0\x9d[\x90-\x9f].|\xf0\x90\x9e.|\xe2[\x91-\x93].|\xf0\x9f[\x84-\x87].|\xe2\x82[\x80-\x9c]|\xe2\x81[\xb0-\xbf]"
    r"|\xe2\x84.|\xe2\x85[\xa0-\xbf]|\xc2[\xaa\xb2\xb3\xb9\xba]|\xca[\xb0-\xbf]"
    r"|\xcb[\xa0-\xa4]|\xe1\xb4[\xac-\xbf]|\xe1\xb5.|\xe1\xb6[\x9b-\xbf]|\xe2\xb1[\xbc\xbd]"
    r"|\xea\x9f[\xb2-\xb4]|\xf0\x9f\xaf[\xb0-\xb9])"
)
_SIMILAR = (
    r"(?:\xcd[\xb0-\xbf]|[\xce-\xd5].|\xd6[\x80-\x8f]|\xe1\x8e[\xa0-\xbf]"
    r"|\xe1\x8f.|\xe1\xb4[\x80-\xab]|\xc7\xab|\xc9[\xa2\xaa\xb4]|\xca[\x80\x8f\x99\x9c\x9f]"
    r"|\xd9[\xa0-\xa9]|\xdb[\xb0-\xb9]|\xe0(?:[\xa5\xa7\xa9\xab\xad\xaf\xb1\xb3\xb5][\xa6-\xaf]"
    r"|[\xb9\xbb][\x90-\x99]|\xbc[\xa0-\xa9])|\xe1(?:\x81[\x80-\x89]|\x9f[\xa0-\xa9])"
    r"|\xea\x9c[\xb0\xb1]|\xea\x9e\xaf|\xe2\x80[\x90-\x95]|\xe2\x88\x92|\xe2\xb2.|\xea\x93[\x90-\xbf])"
)
_ACCENTED = r"(?:[\xc3-\xc5][\x80-\xbf]|\xc7[\x8d-\xbf]|\xe1[\xb8-\xbb][\x80-\xbf])"
"""Letters with a mark on them: a word of these with digits is in no language."""
_SMALL_CAPITAL = (
    r"(?:\xe1\xb4[\x80-\xab]|\xc9[\xa2\xaa\xb4]|\xca[\x80\x8f\x99\x9c\x9f])"
)
_WIDE_SIGN = r"(?:\xef\xbc[\x81-\xbf]|\xef\xbd[\x80-\x9e])"
"""Chinese has them, too: only letters and digits tell that a word is meant."""
_MIXED = f"(?:{_INVISIBLE}|{_MARK}|{_COMPATIBLE}|{_SIMILAR})"

HINTS = (
    f"{_JOIN}(?:{_INVISIBLE}|{_MARK}|{_COMPATIBLE})",
    f"{_COMPATIBLE}{_JOIN}",
    f"{_COMPATIBLE}{{4}}",
    f"(?:{_COMPATIBLE} ){{4}}",
    f"(?:{_WIDE_SIGN}{{1,3}}{_COMPATIBLE}{{1,3}}){{4}}",
    f"(?:{_WIDE_SIGN}{{1,8}}[ \\n]){{4}}",
    f"[0-9A-Za-z]{_SIMILAR}",
    f"{_SIMILAR}[0-9A-Za-z]",
    f"{_SMALL_CAPITAL}{{3}}",
    f"(?:[0-9A-Za-z]{_SPACE}){{3}}",
    f"[0-9][A-Za-z_\\-]{{0,6}}{_ACCENTED}[0-9A-Za-z_\\-]{{3}}",
    f"{_ACCENTED}[A-Za-z_\\-]{{0,6}}[0-9][0-9A-Za-z_\\-]{{3}}",
    f"(?:{_ACCENTED}[!-~]{{0,6}}){{4}}",
)
CARRIER_HINTS = (
    r"(?:\xf3\xa0[\x80\x81].){4}",
    r"(?:\xef\xb8[\x80-\x8f]|\xf3\xa0[\x84-\x87].){4}",
)

_WORD = re.compile(
    rf"(?<![!-~])[!-~]*+(?:{_MIXED}|{_SPACE}|{_WIDE_SIGN})"
    rf"(?:[!-~]|{_MIXED}|{_SPACE}|{_WIDE_SIGN}"
    rf"| (?=(?:[!-~] ){{0,4}}[!-~]?{_MIXED}))*+".encode(),
    re.DOTALL,
)
_APART_BYTES = 64
"""Characters farther apart than this are looked at by themselves."""
_ACROSS_BYTES = 16
"""No blank in a word has the next such character farther behind it."""
_WIDE_TEXT = re.compile(rf"{_WIDE_SIGN}(?:{_WIDE_SIGN}|[ \t\n]){{12,}}+".encode())
_NARROW = {0xFF01 + n: 0x21 + n for n in range(0x7E - 0x20)}
_SHORTEST, _SHORTEST_SECRET = 12, 8
"""Characters of a word that may be a key, and of one that may be a password."""
_WITH_ACCENTS = re.compile(rf"(?<![!-~])(?:[!#-+\-.0-~]|{_ACCENTED}){{20,}}+".encode())
_DIGITS = re.compile(rb"[0-9]")
_FEWEST_DIGITS = 2
_ARMOUR = b"PRIVATE KEY"
_ARMOURED_BYTES = 32 << 10
"""A key in armour has blanks and short words in it: all of a text is folded for one."""
_BINARY_BYTES = 4 << 10
"""Of what is larger and no text, what looks like a character is chance."""


def folded(source: Source) -> Iterator[View]:
    """The words that mix ASCII with what reads like it, as plain ASCII."""
    if len(source.data) > _BINARY_BYTES and not is_text(source.data):
        return
    words = list(_mixed(source.data))
    found = [each for each in words if len(each[1]) >= _SHORTEST]
    rest = [text for _, text in words if len(text) < _SHORTEST]
    for match in _WITH_ACCENTS.finditer(source.data):
        if match[0].isascii():
            continue
        if len(_DIGITS.findall(match[0])) >= _FEWEST_DIGITS:
            found.append((match.span(), fold(match[0])))
        else:  # some language has it, or a passphrase was so written
            rest.append(fold(match[0]))
    for match in _WIDE_TEXT.finditer(source.data):
        if any(blank in match[0] for blank in b" \n"):
            narrow = match[0].decode().translate(_NARROW).encode()
            found.append((match.span(), narrow))
    yield from source.found("folded", found)
    if rest:
        source.budget.remains(source.child("folded", b"\n".join(rest)))
    if len(source.data) <= _ARMOURED_BYTES:
        text = _read(source.data)
        if _ARMOUR in text and _ARMOUR not in source.data:
            yield source.child("folded", text)


def _mixed(data: bytes) -> Iterator[tuple[Span, bytes]]:
    """Words with such characters, as ASCII."""
    for match in _words(data):
        word = match[0]
        if len(word) >= _SHORTEST and not word.isascii():
            text = fold(word)
            if len(text) >= _SHORTEST_SECRET and text != word:
                yield match.span(), text


def _words(data: bytes) -> Iterator[re.Match[bytes]]:
    """Every match of `_WORD`, which tries each ASCII word: only those near others."""
    odd = np.flatnonzero(np.frombuffer(data, np.uint8) >= 0x80)
    if not len(odd):
        return
    borders = np.flatnonzero(odd[1:] - odd[:-1] > _APART_BYTES)
    firsts = odd[np.append(0, borders + 1)].tolist()
    lasts = odd[np.append(borders, len(odd) - 1)].tolist()
    visible = data.translate(VISIBLE)
    start = stop = 0
    for first, last in zip(firsts, lasts, strict=True):
        begin = visible.rfind(0, stop, first)
        if begin >= 0 and first - stop > _ACROSS_BYTES:  # else the word may go on
            yield from _WORD.finditer(data, start, stop)
            start = begin + 1
        stop = visible.find(0, last + 2)  # of two bytes the last may be any
        stop = len(data) if stop < 0 else stop
    yield from _WORD.finditer(data, start, stop)


def fold(word: bytes) -> bytes:
    """A word as a reader would type it."""
    return _read(word).translate(None, b" ")


def _read(data: bytes) -> bytes:
    """A text as a reader would type it."""
    text = unicodedata.normalize("NFKD", data.decode("utf-8", "ignore"))
    return text.translate(LOOKALIKES).encode("ascii", "ignore")


_TAGS = re.compile(rb"(?:\xf3\xa0[\x80\x81].){4,}", re.DOTALL)
_SELECTORS = re.compile(rb"(?:\xef\xb8[\x80-\x8f]|\xf3\xa0[\x84-\x87].){4,}", re.DOTALL)


def carried(source: Source) -> Iterator[View]:
    """Bytes written as tag characters or as variation selectors."""
    data = source.data
    for step, pattern, value in (
        ("tag characters", _TAGS, _tag),
        ("variation selectors", _SELECTORS, _selector),
    ):
        found = [
            (match.span(), bytes(value(ord(c)) & 255 for c in text))
            for match in pattern.finditer(data)
            if (text := match[0].decode("utf-8", "ignore"))
        ]
        yield from source.found(step, found)


def _tag(code: int) -> int:
    """U+E0000 to U+E007F repeat ASCII."""
    return code - 0xE0000


def _selector(code: int) -> int:
    """VS1 to VS16 stand for the first sixteen values, VS17 to VS256 for the rest."""
    return code - 0xFE00 if code < 0xFF00 else code - 0xE0100 + 16
