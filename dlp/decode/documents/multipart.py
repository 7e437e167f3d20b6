"""
Multipart bodies (RFC 2046, 5.1; RFC 7578): field values joined, parts named.

Parts stand in the raw bytes already, and so do preamble, part headers and file names;
what is encoded in a part is found there by the decoder of that encoding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from dlp.decode.documents.fields import joined
from dlp.decode.pieces import Span
from dlp.decode.places import word
from dlp.decode.printable import is_text
from dlp.decode.source import Source
from dlp.model import View

LOOKS_LIKE_MULTIPART = re.compile(
    rb"(?:[^\n]{0,200}\n){0,8}?--([^\s]{1,200})[ \t]*\r?\n"
)
_NAME = re.compile(rb"\bname\*?=\"?([^\";\r\n]*)", re.IGNORECASE)
_HEAD_BYTES = 64
_FIELD_BYTES = 4096
"""A part longer than this is a file: no piece of a cut secret."""


def multipart_values(source: Source) -> Iterator[View]:
    """Parts that are no text; the short ones side by side, in order and by name."""
    found: list[tuple[bytes, Span]] = []
    for name, span in parts(source.data):
        if _is_field(span):
            found.append((name, span))
        if not is_text(source.data[span[0] : span[0] + _HEAD_BYTES]):
            yield source.slice("", span)
    spans = [span for _, span in found]
    yield from joined(source, "fields", spans)
    by_name = [span for _, span in sorted(found, key=lambda field: field[0])]
    if by_name != spans:
        yield from joined(source, "fields by name", by_name)


def _is_field(span: Span) -> bool:
    return span[1] - span[0] <= _FIELD_BYTES


def parts(data: bytes) -> Iterator[tuple[bytes, Span]]:
    """The name and the span of the content of each part."""
    first = LOOKS_LIKE_MULTIPART.match(data)
    if first is None:
        return
    mark = b"--" + first[1]
    at = first.start(1) + len(first[1])
    while at < len(data):
        stop = data.find(mark, at)
        end = stop if stop >= 0 else len(data)
        yield _part(data, at, end)
        if stop < 0:
            return
        if data.startswith(b"--", stop + len(mark)):
            epilogue = stop + len(mark) + 2
            epilogue += 2 * data.startswith(b"\r\n", epilogue)
            yield b"", (epilogue, len(data))
            return
        at = stop + len(mark)


def _part(data: bytes, start: int, stop: int) -> tuple[bytes, Span]:
    head = data.find(b"\n\r\n", start, stop)
    gap = 3
    if head < 0:
        head, gap = data.find(b"\n\n", start, stop), 2
    begin = head + gap if head >= 0 else start
    name = _NAME.search(data, start, begin)
    end = stop
    for newline in (b"\n", b"\r"):
        end -= data[begin:end].endswith(newline)
    return (name[1] if name else b""), (begin, max(begin, end))


class PartPlaces:
    """Names places of one multipart body, which is read once."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[tuple[int, int, bytes]] | None = None

    def __call__(self, data: bytes, start: int, stop: int) -> str:
        """The part whose content holds the span."""
        if self._parts is None:
            self._parts = [(*span, name) for name, span in parts(data)]
        index = bisect_right(self._parts, start, key=itemgetter(0)) - 1
        if index < 0 or stop > self._parts[index][1]:
            return ""
        return f"part:{word(self._parts[index][2])}"
