"""
Backslash escapes of JSON, JavaScript, C, Python, shells, regular expressions and
Markdown (CommonMark, 2.4: before any sign of ASCII), undone in one pass.

One decoder for all of them: a recipient's language is unknown, and no two give one
escape different printable characters.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator

from dlp.decode.pieces import Rewrite, Span
from dlp.decode.rewriting import rewritten, rewritten_at
from dlp.decode.source import Source
from dlp.model import View

HINTS = (
    r"""\\["'\\/nrtuUxXoON0-7\r\n]""",
    r"[0-9A-Za-z{]\\[!-/:-@\[-`{-~][0-9A-Za-z}]",
    r"(?:\\-){5}",
)
NAMED_HINTS = (r"_x00[2-7][0-9A-Fa-f]_",)
CSS_HINTS = (r"(?:\\[0-9a-fA-F]{1,6}[ ]?){8}",)

_ESCAPE = re.compile(
    rb"\\(?:u\{0*([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})"
    rb"|[xX]\{?([0-9a-fA-F]{2})\}?|[oO]?([0-7]{2,3})|(\r?\n)"
    rb"|N\{([A-Za-z0-9 \-]{3,60})\}|([nrtbfae0 !-/:-@\[-`{-~]))"
    rb"(?:(?<=[dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}))?"
)
_SIMPLE = {
    b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"a": b"\a",
    b"e": b"\x1b", b"0": b"\0",
}  # fmt: skip
_SIMPLE |= {bytes([sign]): bytes([sign]) for sign in b" " + string.punctuation.encode()}


def _undo(match: re.Match[bytes]) -> bytes:
    braced, short, long, byte, octal, newline, name, simple, low = match.groups()
    if name:
        return _named(name.decode())
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


def _named(name: str) -> bytes:
    try:
        return unicodedata.lookup(name).encode()
    except KeyError:
        return b""


ESCAPES = Rewrite(_ESCAPE, _undo)


def unescape(data: bytes) -> bytes:
    """
    `data` with every escape undone; what is no escape stays.

    The same as `ESCAPES.apply`, without a match per escape where they are simple ones.
    """
    if b"\\ud" in data or b"\\uD" in data:
        return ESCAPES.apply(data)  # surrogates come in pairs
    pieces = data.split(b"\\")
    out = [pieces[0]]
    index, count = 1, len(pieces)
    while index < count:
        piece = pieces[index]
        index += 1
        if piece:
            simple = _SIMPLE.get(piece[:1])
            if simple is None or piece[:2].isdigit():
                out.append(ESCAPES.apply(b"\\" + piece))
            else:
                out.append(simple)
                out.append(piece[1:])
        elif index < count:
            out.append(b"\\")
            out.append(pieces[index])
            index += 1
        else:
            out.append(b"\\")
    return b"".join(out)


_SIGNS = {
    b"dot": b".", b"period": b".", b"underscore": b"_", b"dash": b"-", b"hyphen": b"-",
    b"minus": b"-", b"slash": b"/", b"colon": b":", b"at": b"@", b"equals": b"=",
}  # fmt: skip
_SAID = "underscore|dash|hyphen|dot"
"""Between two words without brackets: rare there."""
_BRACKETED = r"[\[({](?:[._:@/=+-]|" + "|".join(map(bytes.decode, _SIGNS)) + r")[\])}]"
_ARMOUR_BYTES = 4 << 10
"""From one line with signs to the next there may be the lines of a key."""
SIGN_HINTS = (
    rf"(?i)[0-9A-Za-z]{_BRACKETED}[0-9A-Za-z]",
    rf"(?i)(?:{_BRACKETED}){{3}}",
    rf"(?i)[0-9A-Za-z] (?:{_SAID}) [0-9A-Za-z]",
)


def _sign(match: re.Match[bytes]) -> bytes:
    word = match[0].strip(b" []{}()")
    return _SIGNS.get(word.lower(), word)


SAID_SIGNS = Rewrite(
    re.compile(
        rf"{_BRACKETED}|(?<=[0-9A-Za-z]) (?:{_SAID}) (?=[0-9A-Za-z])".encode(),
        re.IGNORECASE,
    ),
    _sign,
)


def signs(source: Source) -> Iterator[View]:
    """
    The lines with signs in brackets or as words, with the signs: `SG[.]a(dot)b`,
    `ghp underscore a`, as addresses are written that nobody is to follow.
    """
    data = source.data
    spans: list[Span] = []
    for match in SAID_SIGNS.pattern.finditer(data):
        start = data.rfind(b"\n", 0, match.start()) + 1
        stop = data.find(b"\n", match.end())
        stop = len(data) if stop < 0 else stop
        if spans and start < spans[-1][1] + _ARMOUR_BYTES:
            start, _ = spans.pop()
        spans.append((start, stop))
    yield from rewritten_at(source, "escapes", spans, SAID_SIGNS)


_BYTE = rb"[2-7][0-9a-fA-F]"
_CODE = rb"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_SPELLED = re.compile(
    rb"(?:(?:%%(?:25)*|\\x|\\u00|[uU]\+00)%b ?|&#(?:[xX]0{0,4}%b|%b);"
    rb"|(?:0[xX])?%b[ ,:;]{1,2})+" % (_BYTE, _BYTE, _CODE, _BYTE)
)
"""Each the code of a printable character."""
_OTHER_SCRIPT = re.compile(rb"=[89A-F][0-9A-F]")
"""Of a letter of another script than ours in mail: `=D0=B8` (RFC 2045, 6.7)."""
_BESIDE = 16
"""A name before, and of an escape the half."""


def is_spelled(data: bytes, start: int, stop: int) -> bool:
    """
    Whether that stretch is text of which each character is written as its code: who
    undoes that has what is left when the signs of it are taken out. Or mostly letters
    of another script, as mail writes them.
    """
    if data.count(b"=", start, stop) * 5 > stop - start:
        letters = len(_OTHER_SCRIPT.findall(data, start, stop))
        if letters * 5 > stop - start:
            return True
    found = _SPELLED.search(data, max(start - _BESIDE, 0), stop + 1)
    return found is not None and found.end() - found.start() > stop - start - _BESIDE


def escapes(source: Source) -> Iterator[View]:
    """The lines that have escapes, with these undone."""
    yield from rewritten(source, "escapes", b"\\", ESCAPES, unescape)


def _undo_named(match: re.Match[bytes]) -> bytes:
    return chr(int(match[1], 16)).encode("utf-8", "replace")


NAMED = Rewrite(re.compile(rb"_[xX]([0-9A-Fa-f]{4})_"), _undo_named)


def named(source: Source) -> Iterator[View]:
    """The lines that have escapes of Office Open XML and of names in XML: `_x0041_`."""
    yield from rewritten(source, "escapes", b"_", NAMED)


def _undo_css(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16)
    return chr(min(code, 0x10FFFF)).encode("utf-8", "replace")


CSS = Rewrite(re.compile(rb"\\([0-9a-fA-F]{1,6})[ \t\n]?"), _undo_css)


def css(source: Source) -> Iterator[View]:
    """The lines that have escapes of CSS (Syntax 3, 4.3.7), of one to six digits."""
    yield from rewritten(source, "css escapes", b"\\", CSS)
