"""
Containers whose blocks are compressed without a header of their own: what follows a
length is raw deflate, Snappy or LZ4, and only the container says so.

OpenPGP's compressed packets (RFC 9580, 5.6), Avro's object container files (1.12,
"Object Container Files"), ORC (v1, "Compression"). Why not in headless.py: there all of
a view is one stream, and nothing says of which kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dlp.decode.budget import Budget
from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.lz import lz4_block, snappy
from dlp.decode.documents.unpacked import unpacked
from dlp.decode.pieces import Span
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

HINTS = (
    START + r"(?:\xa0.|\xa1..|\xa2.{4}|\xa3|\xc8[\x00-\xbf]|\xc8[\xc0-\xdf].)\x01",
    START + r"Obj\x01",
    START + r"ORC[\x00-\xff]",
)

_AVRO, _ORC = b"Obj\1", b"ORC"
_CODEC = b"avro.codec"
_SYNC_BYTES = 16
_MOST_PAIRS = 1 << 10
_MOST_BLOCKS, _BYTES_PER_BLOCK = 1 << 10, 64
_ORC_HEADER_BYTES = 3
_PACKETS = {0xA0: 2, 0xA1: 3, 0xA2: 5, 0xA3: 1, 0xC8: 2}
"""How many bytes tag and length of a compressed packet take; of the new format, where
the length is short."""
_TWO_OCTETS = range(0xC0, 0xE0)
_ZIP = 1
Undo = Callable[[bytes, Budget], bytes]


def blocks(source: Source) -> Iterator[View]:
    """What the blocks of such a container hold, one after another."""
    data, budget = source.data, source.budget
    spans: list[Span] = []
    texts: list[bytes] = []
    made = 0
    read = _avro if data.startswith(_AVRO) else _orc
    read = read if data.startswith((_AVRO, _ORC)) else _openpgp
    most = _MOST_BLOCKS + len(data) // _BYTES_PER_BLOCK
    for count, ((start, stop), undo) in enumerate(read(data)):
        if count > most:
            budget.over("expansions")
            break
        text = undo(data[start:stop], budget)
        if not text or made > budget.room:
            break
        made += len(text)
        spans.append((start, stop))
        texts.append(text)
    if texts:
        whole = [b"".join(texts)]
        yield from unpacked(source, "blocks", [(spans[0][0], spans[-1][1])], whole)


def _deflate(data: bytes, budget: Budget) -> bytes:
    stream = inflate(data, "deflate", budget.cap(len(data)))
    if stream.capped:
        budget.capped(len(data))
    return stream.data


def _snappy(data: bytes, budget: Budget) -> bytes:
    return snappy(data, budget.cap(len(data))) or b""


def _checked_snappy(data: bytes, budget: Budget) -> bytes:
    return _snappy(data[:-4], budget)


def _lz4(data: bytes, budget: Budget) -> bytes:
    return lz4_block(data, budget.cap(len(data)))


def _stored(data: bytes, _budget: Budget) -> bytes:
    return data


type _Blocks = Iterator[tuple[Span, Undo]]
_OF_AVRO: dict[bytes, Undo] = {b"deflate": _deflate, b"snappy": _checked_snappy}
_OF_ORC: dict[int, Undo] = {1: _deflate, 2: _snappy, 4: _lz4}


def _openpgp(data: bytes) -> _Blocks:
    size = _PACKETS.get(data[0], 0)
    size += data[0] == 0xC8 and data[1] in _TWO_OCTETS
    if size and data[size : size + 1] == bytes([_ZIP]):
        yield (size + 1, len(data)), _deflate


def _avro(data: bytes) -> _Blocks:
    undo: Undo | None = None
    at = len(_AVRO)
    while True:  # the map of the header: blocks of pairs, up to an empty one
        pairs, at = _long(data, at)
        if pairs < 0:
            _, at = _long(data, at)
        for _ in range(min(abs(pairs), _MOST_PAIRS)):
            name, at = _text(data, at)
            value, at = _text(data, at)
            undo = _OF_AVRO.get(value) if name == _CODEC else undo
        if not pairs or at >= len(data):
            break
    at += _SYNC_BYTES
    while undo and at < len(data):
        _, at = _long(data, at)
        size, at = _long(data, at)
        if size <= 0:
            return
        yield (at, at + size), undo
        at += size + _SYNC_BYTES


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A number in zigzag coding (Avro 1.12, "Primitive Types"), and where it ends."""
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80 or shift > 63:
            break
    return value >> 1 ^ -(value & 1), at


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = _long(data, at)
    size = max(0, size)
    return data[at : at + size], min(at + size, len(data))


def _orc(data: bytes) -> _Blocks:
    """Blocks follow one another from the first stripe to the footer."""
    undo = _OF_ORC.get(_orc_kind(data))
    at = len(_ORC)
    while undo and at + _ORC_HEADER_BYTES < len(data):
        head = int.from_bytes(data[at : at + _ORC_HEADER_BYTES], "little")
        at += _ORC_HEADER_BYTES
        if not head >> 1:
            return
        yield (at, at + (head >> 1)), _stored if head & 1 else undo
        at += head >> 1


def _orc_kind(data: bytes) -> int:
    """The field 2 of the postscript, whose length is the last byte."""
    script = data[-1 - data[-1] : -1]
    at = 0
    while at + 1 < len(script) and script[at] & 7 == 0:
        field = script[at] >> 3
        value = shift = 0
        while at + 1 < len(script):
            at += 1
            value |= (script[at] & 0x7F) << shift
            shift += 7
            if script[at] < 0x80:
                break
        if field == 2:
            return value
        at += 1
    return 0
