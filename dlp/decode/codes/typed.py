"""
Characters of which each carries a type, a tag or a key of its own, as MessagePack,
CBOR, BSON, protobuf and Avro write numbers and short strings; and records of one
length, of which each holds one: rows of SQLite, pages of Parquet.

There is no parser per format: a table of what stands before a value, and columns that
do not change beside one that does. What is read is looked through for known secrets,
and for what a vendor's key begins with.

Why not in numbers.py: that reads text. Why not in packed.py: there strings are longer
than their lengths.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from dlp.decode.beginnings import KEY
from dlp.decode.codes.scaled import codes_in
from dlp.decode.pieces import Span
from dlp.decode.printable import is_text
from dlp.decode.runs import long_spans_of
from dlp.decode.source import Source
from dlp.model import View

_FEWEST = 12
"""Values, and records."""
_INDEX = rb"[0-9]{1,4}\0"
"""The key of an element of an array of BSON."""
_FORMS: tuple[tuple[bytes, str], ...] = (
    (rb"\xcb(.{8})", ">f8"),
    (rb"\xca(.{4})", ">f4"),
    (rb"\xfb(.{8})", ">f8"),
    (rb"\xfa(.{4})", ">f4"),
    (rb"\xf9(..)", ">f2"),
    (rb"#(.{8})", ">f8"),
    (rb"\x01%b(.{8})" % _INDEX, "<f8"),
    (rb"\x10%b(.\0\0\0)" % _INDEX, "<i4"),
    (rb"\x12%b(.\0{7})" % _INDEX, "<i8"),
    (rb"\x02%b\x02\0\0\0(.)\0" % _INDEX, "u1"),
    (rb"(?:[\x0a-\x7a]|[\x82-\xfa][\x01-\x1f])\x01([ -~])", "u1"),
)
"""What a value looks like in MessagePack, CBOR, plists, BSON and protobuf."""
_GROUP = re.compile(rb"\((?!\?)")
_RUNS = tuple(
    (
        re.compile(b"(?:%b){%d,}+" % (_GROUP.sub(b"(?:", one), _FEWEST), re.DOTALL),
        re.compile(one, re.DOTALL),
        kind,
    )
    for one, kind in _FORMS
)
_SHORT = re.escape(bytes(range(0x40, 0x7F, 2)))
_LONG = re.escape(bytes(range(0x80, 0xFE, 2)))
_SIGNED = rb"(?:[%b]\x01|[%b])" % (_LONG, _SHORT)
"""A number that was doubled, so that a sign goes into its last bit (zigzag)."""
_SIGNED_RUNS = (
    re.compile(rb"%b{%d,}+" % (_SIGNED, _FEWEST)),
    re.compile(rb"([\x08-\x78])%b(?:\1%b){%d,}+" % (_SIGNED, _SIGNED, _FEWEST - 1)),
)
_ONE_SIGNED = re.compile(rb"([%b])\x01|([%b])" % (_LONG, _SHORT))
_LARGEST_BYTES = 16 << 10
_RARE = 5
"""In so many bytes of short data a type stands at least once."""
_WIDEST = 24
"""Bytes of a record."""
_MOST_DIFFERENT = 3
"""Bytes that are others in each record: two counters and what is looked for."""
_COLUMN = re.compile(rb"[!-~]{%d,}" % _FEWEST)
_FEWEST_DIFFERENT = 5
_MOST_BYTES = 4 << 10
"""What is made of one view, at most."""

type Bytes = npt.NDArray[np.uint8]


def may_be_typed(data: bytes) -> bool:
    """Whether it is short and no text, and one byte stands in it often."""
    if not 2 * _FEWEST <= len(data) <= _LARGEST_BYTES or is_text(data):
        return False
    often = np.bincount(np.frombuffer(data, np.uint8)).max()
    return bool(often >= min(_FEWEST, len(data) // _RARE))


def typed(source: Source) -> Iterator[View]:
    """What the values, and the columns of records, are together."""
    data = source.data
    lists: list[tuple[Span, list[float]]] = []
    for run, one, kind in _RUNS:
        for match in run.finditer(data):
            values = np.frombuffer(b"".join(one.findall(match[0])), kind)
            lists.append((match.span(), values.astype(np.float64).tolist()))
    for run in _SIGNED_RUNS:
        lists += [(match.span(), _halved(match)) for match in run.finditer(data)]
    yield from codes_in(source, lists)
    texts = dict.fromkeys(_columns(np.frombuffer(data, np.uint8)))
    rest = b"\n".join(texts)[:_MOST_BYTES]
    if rest:
        source.budget.remains(source.child("numbers", rest))
    keys = [text[found.start() :] for text in texts if (found := KEY.search(text))]
    if keys:
        yield source.child("numbers", b"\n".join(keys))


def _halved(match: re.Match[bytes]) -> list[float]:
    """Each as a number; the tag before it, if there is one, is no part of it."""
    tag = match[1] if match.re.groups else b""
    step = len(tag)
    text, values, at = match[0], list[float](), step
    while at < len(text) and (one := _ONE_SIGNED.match(text, at)):
        values.append((one[1] or one[2])[0] // 2)
        if one[1]:  # the low seven bits, and 128
            values[-1] = ((one[1][0] & 0x7F) | 0x80) // 2
        at = one.end() + step
    return values


def _columns(array: Bytes) -> Iterator[bytes]:
    """The printable columns of records of one length, from either end."""
    for width in range(2, min(_WIDEST, len(array) // _FEWEST) + 1):
        other = array[width:] != array[:-width]
        counts = np.cumsum(np.append(0, other))
        few = counts[width:] - counts[:-width] <= min(width - 1, _MOST_DIFFERENT)
        for start, stop in long_spans_of(few, width * (_FEWEST - 2)):
            end = min(len(array), stop + 2 * width - 1)
            for first in range(start, start + width):
                column = array[first:end:width].tobytes()
                for text in _COLUMN.findall(column):
                    if len(set(text)) >= _FEWEST_DIFFERENT:
                        yield text
                        yield text[::-1]
