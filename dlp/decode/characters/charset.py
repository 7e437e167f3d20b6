"""
Text in character sets that are no superset of ASCII: UTF-16, UTF-32, UTF-7, EBCDIC.

Found by how ASCII looks in them, at any offset and in either byte order; a text that
begins with a byte order mark is decoded whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
import pybase64

from dlp.decode.pieces import Pieces, Rewrite, Span
from dlp.decode.rewriting import rewritten
from dlp.decode.runs import Alphabet
from dlp.decode.sieve import BETWEEN
from dlp.decode.source import Source
from dlp.model import View

_ASCII = rb"[\x09\x0a\x0d\x20-\x7e]"
_WIDE = {
    2: re.compile(rb"(?:%s\x00){4,}+%s?" % (_ASCII, _ASCII)),
    4: re.compile(rb"(?:%s\x00\x00\x00){4,}+%s?" % (_ASCII, _ASCII)),
    8: re.compile(rb"(?:%s\x00{7}){4,}+%s?" % (_ASCII, _ASCII)),
}
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"),
)  # fmt: skip

_MARKED = tuple(mark for mark, _ in _MARKS)
_BEHIND_OTHERS = tuple(BETWEEN + mark for mark in _MARKED)
_KINDS = bytes(1 if 0x20 <= b < 0x7F else 0 if b == 0 else 2 for b in range(256))
_WIDE_KINDS = tuple((b"\1" + bytes(width - 1)) * 6 for width in _WIDE)
"""Six characters in terms of `_KINDS`: to count zeros takes a pattern far longer."""
_FLOATS: tuple[tuple[bytes, str], ...] = (
    (rb"(?s:\0\0.B){8,}+", "<f4"),
    (rb"(?s:B.\0\0){8,}+", ">f4"),
    (rb"(?:\0{5}[\0@\x80\xc0][@-_]@){8,}+", "<f8"),
    (rb"(?:@[@-_][\0@\x80\xc0]\0{5}){8,}+", ">f8"),
)
"""How the numbers 32 to 127 are written as floats (IEEE 754)."""
FLOAT_HINTS = tuple(
    pattern.decode("latin-1").removesuffix(",}+") + "}" for pattern, _ in _FLOATS
)
_FLOAT_RUNS = tuple((re.compile(pattern), kind) for pattern, kind in _FLOATS)
UTF7_HINTS = (r"\+A[C-H][A-Za-z0-9+/]{6}", r"\+A[C-H][A-Za-z0-9+/]-")

_WIDE_LETTERS: tuple[tuple[str, re.Pattern[bytes], bytes], ...] = (
    ("shift_jis", re.compile(rb"(?:\x82[\x4f-\x58\x60-\x79\x81-\x9a]){8,}"), b"\x82"),
    ("euc", re.compile(rb"(?:\xa3[\xab-\xfe]){8,}"), b"\xa3"),
)
"""Fullwidth letters and digits (JIS X 0208, GB 2312 and KS X 1001, row 3)."""
WIDE_LETTER_HINTS = (
    r"(?:\x82[\x4f-\x58\x60-\x79\x81-\x9a]){8}",
    r"(?:\xa3[\xab-\xfe]){8}",
)

_OVERLONG = re.compile(
    rb"(?:[\xc0\xc1][\x80-\xbf]|\xe0[\x80\x81][\x80-\xbf]|[!-~]){8,}+"
)
OVERLONG_HINTS = (r"(?:[\xc0\xc1].[!-~]{0,8}){8}", r"(?:\xe0[\x80\x81].[!-~]{0,8}){8}")
"""ASCII in more bytes than it needs, which strict readers refuse (RFC 3629, 3)."""

_EBCDIC_WORD = (
    rb"\x81-\x89\x91-\x99\xa2-\xa9\xc1-\xc9\xd1-\xd9\xe2-\xe9\xf0-\xf9"
    rb"\x60\x6d\x4b\x61\x4e\x7e"
)
"""Letters, digits and `-_./+=` in code pages 037 and 500."""
_EBCDIC = Alphabet(
    re.sub(rb"[^\x40\x15\x25%s]" % _EBCDIC_WORD, b"", bytes(range(256))), 16
)
EBCDIC_HINTS = (f"[{''.join(map(chr, _EBCDIC_WORD))}]{{16}}",)
_FEWEST_LETTERS = 5
"""Different ones in a run; what is filled has fewer."""
_TO_ASCII = bytes(range(256)).decode("cp037").encode("latin-1")


def is_wide(data: bytes) -> bool:
    """Whether such text, or the mark of its order, stands here."""
    if b"\0" in data:
        kinds = data.translate(_KINDS)
        if any(kinds.find(some) >= 0 for some in _WIDE_KINDS):
            return True
    return not data.isascii() and (
        data.startswith(_MARKED) or any(data.find(some) >= 0 for some in _BEHIND_OTHERS)
    )


def wide(source: Source) -> Iterator[View]:
    """ASCII in two or four bytes a character."""
    data = source.data
    for mark, codec in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(codec, "replace")
            yield source.child(codec[:6], text.encode("utf-8", "replace"))
            break
    for width, pattern in _WIDE.items():
        spans = [match.span() for match in pattern.finditer(data)]
        texts = [data[start:stop:width] for start, stop in spans]
        if texts:
            trace = Pieces(spans, list(map(len, texts)), inner=partial(_widened, width))
            yield source.gather(f"utf-{8 * width}", texts, trace)


def _widened(width: int, source: bytes, start: int, stop: int) -> Span:
    return start * width, min(stop * width, len(source))


def _undo_utf7(match: re.Match[bytes]) -> bytes:
    coded = match[1]
    coded = coded[:-1] if len(coded) % 4 == 1 else coded
    raw = pybase64.b64decode(coded + b"=" * (-len(coded) % 4))
    text = raw[: len(raw) & ~1].decode("utf-16-be", "replace")
    # Base64 has plus signs, too: what came out then is from all over Unicode.
    plain = all(char < "\u0250" and (char >= " " or char.isspace()) for char in text)
    return text.encode("utf-8", "replace") if plain else match[0]


UTF7 = Rewrite(re.compile(rb"\+([A-Za-z0-9+/]{3,})-?"), _undo_utf7)


def utf7(source: Source) -> Iterator[View]:
    """The lines that have UTF-7 (RFC 2152), decoded."""
    yield from rewritten(source, "utf-7", b"+A", UTF7)


def overlong(source: Source) -> Iterator[View]:
    """ASCII in UTF-8 of two or three bytes a character."""
    found = [
        (match.span(), _LONG_FORM.sub(_short, match[0]))
        for match in _OVERLONG.finditer(source.data)
    ]
    yield from source.found("utf-8", found)


_LONG_FORM = re.compile(rb"[\xc0\xc1].|\xe0[\x80\x81].", re.DOTALL)


def _short(match: re.Match[bytes]) -> bytes:
    return bytes([(match[0][-2] & 1) << 6 | match[0][-1] & 0x3F])


def ebcdic(source: Source) -> Iterator[View]:
    """Runs of EBCDIC letters and digits."""
    data = source.data
    # What is a sign there is ASCII here: a line of tildes.
    spans = [(a, b) for a, b in _EBCDIC.runs(data) if _is_ebcdic(data[a:b])]
    if spans:
        texts = [data[start:stop].translate(_TO_ASCII) for start, stop in spans]
        yield source.gather("ebcdic", texts, Pieces(spans, list(map(len, texts))))


def may_be_ebcdic(data: bytes) -> bool:
    """Whether it is worth a try, in what came out of a code."""
    return not data.isascii()


def _is_ebcdic(run: bytes) -> bool:
    """Not ASCII, nor the even ground of a picture."""
    return not run.isascii() and len(set(run)) >= _FEWEST_LETTERS


def wide_letters(source: Source) -> Iterator[View]:
    """Fullwidth letters in the two bytes that East Asian character sets give them."""
    for codec, pattern, lead in _WIDE_LETTERS:
        spans = [match.span() for match in pattern.finditer(source.data)]
        if spans:
            texts = [_narrow(source.data[a:b][1::2], lead) for a, b in spans]
            trace = Pieces(spans, list(map(len, texts)), inner=partial(_widened, 2))
            yield source.gather(codec, texts, trace)


def _narrow(seconds: bytes, lead: bytes) -> bytes:
    if lead == b"\xa3":
        return bytes(b & 0x7F for b in seconds)
    return bytes(b - (0x20 if b >= 0x81 else 0x1F) for b in seconds)


def floats(source: Source) -> Iterator[View]:
    """Characters as binary floating-point numbers."""
    for pattern, kind in _FLOAT_RUNS:
        for match in pattern.finditer(source.data):
            values = np.frombuffer(match[0], kind)
            if (values == np.floor(values)).all() and (values < 127).all():
                text = values.astype(np.uint8).tobytes()
                yield source.child("floats", text, match.span())
