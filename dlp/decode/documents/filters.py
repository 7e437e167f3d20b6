"""
Streams of PDF whose filters no other decoder undoes: LZW, run lengths, and predictors
(ISO 32000-1, 7.4), alone or in a chain with the others.

Why not in pdf.py: that reads what pages show, this what a dictionary says of bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator

import numpy as np

from dlp.decode.compressed.inflate import inflate
from dlp.decode.documents.unpacked import unpacked
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"/(?:LZW|RunLength)Decode\b", r"/(?:LZW|RL)\b", r"/Predictor\s{0,9}[1-9]")

_STREAM = re.compile(rb"stream\r?\n")
_DICTIONARY_BYTES = 2 << 10
_ENDS = b"endstream"
_FILTERS = re.compile(rb"/F(?:ilter)?\s*(?:\[([^\]]*)\]|(/\w+))")
_NAME = re.compile(rb"/(\w+)")
_NUMBER = re.compile(
    rb"/(Predictor|Columns|Colors|BitsPerComponent|EarlyChange)\s+(\d{1,5})\b"
)
_UNREAD = re.compile(rb"/Subtype\s*/Image\b|/Type\s*/XRef\b")
"""Pixels, and tables of numbers."""
_ONLY_HERE = frozenset({b"LZWDecode", b"LZW", b"RunLengthDecode", b"RL"})
_MOST_BYTES = 2 << 20
"""Of all that comes out: these filters take a step of Python for each byte or two."""


def filtered(source: Source) -> Iterator[View]:
    """What the streams hold whose dictionaries name such a filter."""
    data, budget = source.data, source.budget
    spans: list[Span] = []
    texts: list[bytes] = []
    room = min(_MOST_BYTES, budget.room)
    for match in _STREAM.finditer(data):
        start = match.end()
        head = data[max(0, match.start() - _DICTIONARY_BYTES) : match.start()]
        head = head[head.rfind(b"obj") + 1 :]
        names = _filters(head)
        said = {name: int(value) for name, value in _NUMBER.findall(head)}
        is_predicted = said.get(b"Predictor", 1) > 1
        if _UNREAD.search(head) or not (is_predicted or _ONLY_HERE & set(names)):
            continue
        stop = data.find(_ENDS, start)
        stop = len(data) if stop < 0 else stop
        text = _undone(data[start:stop], names, said, room)
        if len(text) > room:
            budget.over("decoded")
            break
        if text:
            room -= len(text)
            spans.append((start, stop))
            texts.append(text)
    yield from unpacked(source, "pdf filters", spans, texts)


def _filters(head: bytes) -> list[bytes]:
    found = _FILTERS.search(head)
    return _NAME.findall(found[1] or found[2] or b"") if found else []


def _undone(
    data: bytes, names: list[bytes], said: dict[bytes, int], room: int
) -> bytes:
    """What a chain of filters hides; where that is over `room`, a byte more than it."""
    for name in names:
        undo = _UNDO.get(name)
        if undo is None:
            return b""
        data = undo(data, said, room)
        if said.get(b"Predictor", 1) > 1 and undo in (_flate, _lzw):
            data = _unpredicted(data, said)
    return data


def _flate(data: bytes, _said: dict[bytes, int], room: int) -> bytes:
    return inflate(data, "zlib", room + 1).data


def _lzw(data: bytes, said: dict[bytes, int], room: int) -> bytes:
    return lzw(data, said.get(b"EarlyChange", 1), room)


def _run_lengths(data: bytes, _said: dict[bytes, int], room: int) -> bytes:
    out = bytearray()
    at = 0
    while at < len(data) and data[at] != 128:
        size = data[at] + 1
        if size > 128:
            out += data[at + 1 : at + 2] * (258 - size)
            at += 2
        else:
            out += data[at + 1 : at + 1 + size]
            at += 1 + size
        if len(out) > room:
            break
    return bytes(out[: room + 1])


def _ascii85(data: bytes, _said: dict[bytes, int], _room: int) -> bytes:
    try:
        return base64.a85decode(data.partition(b"~>")[0])
    except ValueError:
        return b""


def _hexadecimal(data: bytes, _said: dict[bytes, int], _room: int) -> bytes:
    digits = b"".join(data.partition(b">")[0].split())
    try:
        return binascii.unhexlify(digits + b"0" * (len(digits) % 2))
    except ValueError:
        return b""


_UNDO: dict[bytes, Callable[[bytes, dict[bytes, int], int], bytes]] = {
    b"FlateDecode": _flate,
    b"Fl": _flate,
    b"LZWDecode": _lzw,
    b"LZW": _lzw,
    b"RunLengthDecode": _run_lengths,
    b"RL": _run_lengths,
    b"ASCII85Decode": _ascii85,
    b"A85": _ascii85,
    b"ASCIIHexDecode": _hexadecimal,
    b"AHx": _hexadecimal,
}
_CLEAR, _END, _WIDEST = 256, 257, 12


def lzw(data: bytes, early: int, room: int) -> bytes:
    """Codes of 9 to 12 bits, which grow `early` codes before they must (7.4.4.2)."""
    out = bytearray()
    table: list[bytes] = []
    before = b""
    held = bits = 0
    width = 9
    for byte in data:
        held = held << 8 | byte
        bits += 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits
        held &= (1 << bits) - 1
        if code == _END or len(out) > room:
            break
        if code == _CLEAR:
            table, before, width = [bytes([n]) for n in range(256)] + [b"", b""], b"", 9
            continue
        if code < len(table):
            text = table[code]
        elif before and code == len(table):
            text = before + before[:1]
        else:
            break
        out += text
        if before and len(table) < 1 << _WIDEST:
            table.append(before + text[:1])
        before = text
        width = min(_WIDEST, max(9, (len(table) + early).bit_length()))
    return bytes(out[: room + 1])


def _unpredicted(data: bytes, said: dict[bytes, int]) -> bytes:
    colours, depth = said.get(b"Colors", 1), said.get(b"BitsPerComponent", 8)
    step = max(1, colours * depth // 8)
    width = (said.get(b"Columns", 1) * colours * depth + 7) // 8
    if not 0 < width <= len(data):
        return data
    if said[b"Predictor"] == 2:
        return _differences(data, width, step) if depth == 8 else data
    return unfiltered(data, width, step)


def _differences(data: bytes, width: int, step: int) -> bytes:
    """TIFF 6.0, section 14: each sample less that of the pixel before it."""
    rows = np.frombuffer(data[: len(data) // width * width], np.uint8)
    pixels = rows.reshape(-1, width // step, step)
    return np.cumsum(pixels, axis=1, dtype=np.uint8).tobytes()


def unfiltered(data: bytes, width: int, step: int) -> bytes:
    """Rows, each behind the number of its filter (PNG, third edition, 9)."""
    above = bytes(width)
    out: list[bytes] = []
    for at in range(0, len(data), width + 1):
        row = data[at + 1 : at + 1 + width].ljust(width, b"\0")
        undo = _ROWS.get(data[at])
        above = undo(row, above, step) if undo else row
        out.append(above)
    return b"".join(out)


def _sub(row: bytes, _above: bytes, step: int) -> bytes:
    made = bytearray(step) + row
    for at in range(step, len(made)):
        made[at] = made[at] + made[at - step] & 255
    return bytes(made[step:])


def _up(row: bytes, above: bytes, _step: int) -> bytes:
    return bytes(a + b & 255 for a, b in zip(row, above, strict=True))


def _average(row: bytes, above: bytes, step: int) -> bytes:
    made = bytearray(step) + row
    for at in range(step, len(made)):
        made[at] = made[at] + (made[at - step] + above[at - step]) // 2 & 255
    return bytes(made[step:])


def _paeth(row: bytes, above: bytes, step: int) -> bytes:
    made, higher = bytearray(step) + row, bytes(step) + above
    for at in range(step, len(made)):
        left, up, corner = made[at - step], higher[at], higher[at - step]
        guess = left + up - corner
        nearest = min((left, up, corner), key=lambda one: abs(guess - one))
        made[at] = made[at] + nearest & 255
    return bytes(made[step:])


_ROWS: dict[int, Callable[[bytes, bytes, int], bytes]] = {
    1: _sub,
    2: _up,
    3: _average,
    4: _paeth,
}
