"""
The text of PDF pages (ISO 32000-1, 9.4): the strings that text operators show.

Works on content streams, which streams.py has inflated; here also those in Ascii85. A
page shows text in pieces, down to one glyph an operator, so they are joined; glyph
codes of embedded fonts are read through the fonts' own ToUnicode tables.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress

from dlp.decode.budget import FREE_OUTPUT_BYTES
from dlp.decode.compressed.inflate import inflate
from dlp.decode.documents.unpacked import unpacked
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.decode.spellings.escapes import unescape
from dlp.model import View

TEXT_HINTS = (r"[\)\]>][ \t\r\n]{0,4}T[jJ][\s]", r"\)[ \t\r\n]{0,4}['\"][\s]")
CODED_HINTS = (r"/(?:ASCII85Decode|A85)\b",)

_SHOWN = re.compile(
    rb"\[((?:[^\]\\(<]|\\.|\((?:[^()\\]|\\.|\([^()]*\))*\)|<[0-9A-Fa-f\s]*>)*)\]\s*TJ"
    rb"|(\((?:[^()\\]|\\.|\([^()]*\))*\)|<[0-9A-Fa-f\s]*>)\s*(?:Tj|'|\")",
    re.DOTALL,
)
_OPERATORS = re.compile(rb"T(?:[jJ]\b|(?<=\bBT)\s|(?<=\bT)(?:[fd]|\*)\s)")
"""
Besides the two that are quotation marks, which any program has behind brackets. All
have a `T`, which is looked for at the speed of memory.
"""
_STRING = re.compile(
    rb"\(((?:[^()\\]|\\.|\([^()]*\))*)\)|<([0-9A-Fa-f\s]*)>|(-?[0-9.]+)", re.DOTALL
)
_CLOSES = (b")", b"]", b">")
_GAP_BYTES = 8
_LONGEST_OPERAND = 16 << 10
_LONGEST_TEXT = 64 << 10
"""In which quotation marks show text."""
_SPACE_UNITS = -180.0
"""Thousandths of an em: a kerning beyond this reads as a space."""
_MOST_TABLES = 12
_UNESCAPED = frozenset({"escapes", "css escapes"})


def shown_text(source: Source) -> Iterator[View]:
    """What the text operators of a view show, once per ToUnicode table."""
    data = source.data
    if not _OPERATORS.search(data) or _is_shown_before(source.view):
        return
    shown = (m for span in _operands(data) for m in _SHOWN.finditer(data, *span))
    pieces = [_pieces(m[1] or m[2] or b"") for m in shown]
    if not pieces:
        return
    lines = b"\n".join(b"".join(_plain(p) for p in line) for line in pieces)
    yield source.child("pdf text", lines)
    yield from _joined(source, lines)
    for table in _tables(data):
        lines = b"\n".join(b"".join(_mapped(p, table) for p in line) for line in pieces)
        yield source.child("pdf text", lines)
        yield from _joined(source, lines)


def _is_shown_before(view: View) -> bool:
    """Escapes in shown strings are undone here; undone before, they part these."""
    above = view.parent
    return view.came_of(_UNESCAPED) and above is not None and _shows(above)


def _shows(view: View) -> bool:
    return _OPERATORS.search(view.data) is not None


def _operands(data: bytes) -> Iterator[Span]:
    """
    The stretches in which something may be shown: before the operators that do nothing
    else, and behind those that only stand in a text. Brackets alone are everywhere, and
    in noise one may be open for KiB.
    """
    start = stop = 0
    for operator in _OPERATORS.finditer(data):
        low, high = operator.span()
        if data[low + 1] in b"jJ":
            if data[low - _GAP_BYTES : low].rstrip()[-1:] not in _CLOSES:
                continue
            low -= _LONGEST_OPERAND
        else:
            high += _LONGEST_TEXT
        if low > stop:
            yield start, stop
            start = low
        stop = max(stop, high)
    yield start, stop


def _joined(source: Source, lines: bytes) -> Iterator[View]:
    yield source.child("pdf text", lines.translate(None, b"\n "))


_Piece = tuple[bytes, bool]
"""A string, and whether it was written in hexadecimal."""


def _pieces(shown: bytes) -> list[_Piece]:
    found: list[_Piece] = []
    for literal, digits, kerning in _STRING.findall(shown):
        if kerning:
            if _number(kerning) < _SPACE_UNITS:
                found.append((b" ", False))
        elif digits:
            packed = b"".join(digits.split())
            found.append(
                (bytes.fromhex((packed + b"0" * (len(packed) % 2)).decode()), True)
            )
        else:
            found.append((unescape(literal), False))
    return found


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _plain(piece: _Piece) -> bytes:
    return piece[0].replace(b"\0", b"")


def _mapped(piece: _Piece, table: dict[bytes, bytes]) -> bytes:
    text, coded = piece
    if not coded:
        return text
    width = len(next(iter(table)))
    codes = (text[at : at + width] for at in range(0, len(text), width))
    return b"".join(table.get(code, b"") for code in codes)


_SECTION = re.compile(rb"begincmap(.*?)endcmap", re.DOTALL)
_BLOCK = re.compile(rb"beginbf(char|range)(.*?)endbf(?:char|range)", re.DOTALL)
_HEX = re.compile(rb"<([0-9A-Fa-f]+)>")
_RANGE = re.compile(
    rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])"
)


def _tables(data: bytes) -> Iterator[dict[bytes, bytes]]:
    for count, section in enumerate(_SECTION.finditer(data)):
        table: dict[bytes, bytes] = {}
        for kind, body in _BLOCK.findall(section[1]):
            table.update(_chars(body) if kind == b"char" else _ranges(body))
        if table and count < _MOST_TABLES:
            yield table


def _chars(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    found = _HEX.findall(body)
    for code, text in zip(found[0::2], found[1::2], strict=False):
        yield _bytes(code), _utf16(_bytes(text))


def _ranges(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for low, high, first, listed in _RANGE.findall(body):
        start, stop, width = int(low, 16), int(high, 16), len(_bytes(low))
        texts = [_bytes(text) for text in _HEX.findall(listed)]
        for offset in range(min(stop - start, 0xFFFF) + 1):
            if listed:
                text = texts[offset] if offset < len(texts) else b""
            else:
                base = int(first, 16) + offset
                text = base.to_bytes(max(2, (base.bit_length() + 7) // 8))
            code = start + offset
            if code < 1 << 8 * width:
                yield code.to_bytes(width), _utf16(text)


def _bytes(digits: bytes) -> bytes:
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _utf16(text: bytes) -> bytes:
    return text.decode("utf-16-be", "ignore").encode("utf-8", "ignore")


type Coded = list[tuple[Span, bytes]]
"""Where a stream stands, and what it holds."""
_JPEG_BEGINS, _JPEG_ENDS = b"\xff\xd8\xff", b"\xff\xd9"
_FEWEST_IN_JPEG = 200
"""Different bytes in any but the smallest."""
_A85_STREAM = re.compile(
    rb"/(?:ASCII85Decode|A85)\b.{0,400}?stream\r?\n(.{1,4194304}?)~>", re.DOTALL
)


def coded_streams(source: Source) -> Iterator[View]:
    """Streams in Ascii85, decoded; most hold deflate."""
    yield from shown_streams(source, coded(source.data))


def shown_streams(source: Source, found: Coded) -> Iterator[View]:
    """What `coded` found."""
    spans, texts = [span for span, _ in found], [text for _, text in found]
    yield from unpacked(source, "ascii85", spans, texts)


def settled(found: Coded) -> list[Span]:
    """
    The streams in Ascii85 that are whole deflate, checksum and all, or a photograph:
    nothing else was written there, and to decoders that guess, it is text.
    """
    return [span for span, text in found if _is_whole(text)]


def coded(data: bytes) -> Coded:
    """The streams in Ascii85 and what they hold; a megabyte takes a quarter second."""
    found: list[tuple[Span, bytes]] = []
    for match in _A85_STREAM.finditer(data):
        with suppress(ValueError):
            found.append((match.span(1), base64.a85decode(match[1])))
    return found


def _is_whole(text: bytes) -> bool:
    if text.startswith(_JPEG_BEGINS):
        return text.endswith(_JPEG_ENDS) and len(set(text)) >= _FEWEST_IN_JPEG
    stream = inflate(text, "zlib", FREE_OUTPUT_BYTES)
    return stream.whole and stream.used == len(text)
