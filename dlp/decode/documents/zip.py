"""
Zip archives (APPNOTE.TXT), which are also jars, wheels and office documents.

Read by local headers, wherever they are: a central directory may hide members, and a
member's data ends by itself. Also by the central directory, which is all that most
readers believe. Large stored members and all names stand in the raw bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.magic import ZIP
from dlp.decode.documents.unpacked import unpacked
from dlp.decode.pieces import Pieces, Span
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"PK\x03\x04", r"PK\x01\x02")

_HEADER = struct.Struct("<4x5H4xI4x2H")
_ENTRY = struct.Struct("<4x2x3H8xI4x3H8xI")
_ENTRY_MARK, _END_MARK, _DESCRIPTOR_MARK = b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
_END = struct.Struct("<12x2I2x")
_NAMES = struct.Struct("<2H")
_HEADER_BYTES, _ENTRY_BYTES = 30, 46
_CODECS = {8: "deflate", 12: "bz2", 14: "zip-lzma", 93: "zstd", 95: "xz"}
_STORED = 0
_SIZE_FOLLOWS = 1 << 3
_MOST_STORED = 16 << 10
"""
Larger ones stand in the raw bytes; of smaller ones what is beside them matters: no key
ends where a letter follows.
"""
_NO_ZIP = b"\n" * len(ZIP)
"""
Instead of the headers in a stored member: what they begin is read where it stands, and
if sizes are wrong, as in bytes that were taken for text, every member holds the others.
"""
_KNOWN_METHODS = frozenset({*range(20), *range(93, 100)})
_HIGHEST_VERSION = 63


@dataclass(frozen=True, slots=True)
class Member:
    """One local header."""

    name: str
    start: int
    """Where its data begins."""
    size: int
    """Of its data, 0 where only what follows it tells (APPNOTE 4.4.4)."""
    method: int
    encrypted: bool
    sure: bool
    """No chance: it begins where the archive does, or the directory names it."""


def members(source: Source) -> Iterator[View]:
    """The compressed members of an archive, one after the other."""
    data, budget = source.data, source.budget
    names: list[str] = []
    spans: list[Span] = []
    texts: list[bytes] = []
    room = budget.room
    stored = 0
    for member in _members(data):
        codec = _CODECS.get(member.method)
        if member.encrypted or (codec is None and member.method != _STORED):
            if member.sure or (data.startswith(ZIP) and not _is_gathered(source)):
                budget.undecodable.append(f"{source.view.path} > zip")
                break
            continue
        if codec is None:
            if member.size <= _MOST_STORED:
                stop = min(member.start + member.size, len(data))
                stored += stop - member.start
                if stored > len(data):
                    # Members overlap: it was damaged, and one size is as wrong as all.
                    begin = data.find(ZIP, member.start, stop)
                    stop = begin if begin >= 0 else stop
                span = member.start, stop
                names.append(member.name)
                spans.append(span)
                texts.append(data[slice(*span)].replace(ZIP, _NO_ZIP))
            continue
        size = len(data) - member.start
        cap = min(room, budget.cap(size))
        stream = inflate(memoryview(data)[member.start :], codec, cap)
        if stream.capped:
            budget.capped(size)
        elif stream.cut_short(size):
            budget.cut.append((source.view, member.start, codec))
        room -= len(stream.data)
        names.append(member.name)
        spans.append((member.start, member.start + stream.used))
        texts.append(stream.data)
    yield from unpacked(source, "zip", spans, texts, names)


def _is_gathered(source: Source) -> bool:
    """
    Whether it was put together of pieces, as base64 line by line: what then looks like
    a member may be none.
    """
    trace = source.view.trace
    return isinstance(trace, Pieces) and len(trace.spans) > 1


def _members(data: bytes) -> Iterator[Member]:
    """By their own headers; then those of which only the directory tells the same."""
    found: set[tuple[int, int]] = set()
    at = data.find(ZIP)
    while at >= 0:
        member = _member(data, at)
        if member:
            found.add((member.start, member.method))
            yield member
        at = data.find(ZIP, at + 4)
    for member in _listed(data):
        if (member.start, member.method) not in found:
            found.add((member.start, member.method))
            yield member


def _member(data: bytes, at: int) -> Member | None:
    if at + _HEADER_BYTES > len(data):
        return None
    version, flags, method, _, _, size, name, extra = _HEADER.unpack_from(data, at)
    if version & 0xFF > _HIGHEST_VERSION or method not in _KNOWN_METHODS:
        return None
    start = at + _HEADER_BYTES
    label = data[start : start + min(name, 80)].decode("utf-8", "replace")
    start += name + extra
    if method == _STORED and not size and flags & _SIZE_FOLLOWS:
        size = max(0, data.find(_DESCRIPTOR_MARK, start) - start)
    return Member(label, start, size, method, bool(flags & 1), at == 0)


def _listed(data: bytes) -> Iterator[Member]:
    """
    What the directory lists, at every place where a reader may look for it: behind the
    names of either header. What stands before the archive moves all of it.
    """
    end = data.rfind(_END_MARK)
    if not 0 <= end <= len(data) - _END.size:
        return
    size, offset = _END.unpack_from(data, end)
    at = max(0, end - size)
    at = at if data.startswith(_ENTRY_MARK, at) else offset
    moved = max(0, at - offset)
    while data.startswith(_ENTRY_MARK, at) and at + _ENTRY_BYTES <= len(data):
        entry = _ENTRY.unpack_from(data, at)
        _, flags, method, packed, name, extra, comment, local = entry
        begin = at + _ENTRY_BYTES
        label = data[begin : begin + min(name, 80)].decode("utf-8", "replace")
        at = begin + name + extra + comment
        if comment:
            noted = at - comment, comment, _STORED
            yield Member(label, *noted, encrypted=False, sure=True)
        local += moved
        if local + _HEADER_BYTES > len(data):
            continue
        names, extras = _NAMES.unpack_from(data, local + _HEADER_BYTES - _NAMES.size)
        for length in {names, name}:
            start = local + _HEADER_BYTES + length + extras
            yield Member(label, start, packed, method, bool(flags & 1), sure=True)
