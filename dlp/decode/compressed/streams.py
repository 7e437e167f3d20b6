"""
Compressed streams wherever they start: gzip, zlib, bzip2, xz, zstd, lzma, lzip, LZ4.

Found by signature, tried in order of offset; what one stream covers is not searched
again. Because every stream is found by itself, a git packfile or a PDF that was cut
anywhere gives all it still holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from dlp.decode.compressed import delta, magic
from dlp.decode.compressed.inflate import Stream, begins_zlib, inflate
from dlp.decode.documents.unpacked import unpacked
from dlp.decode.pieces import Span
from dlp.decode.printable import readable
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (magic.GZIP, "gzip"),
    *((signature, "zlib") for signature in magic.ZLIB),
    (magic.BZIP2, "bz2"),
    (magic.XZ, "xz"),
    (magic.ZSTD, "zstd"),
    (magic.LZMA, "lzma"),
    (magic.LZ4, "lz4"),
    (magic.LZIP, "lzip"),
)


def _literal(signature: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in signature)


_SMALL = tuple((signature, "zlib") for signature in magic.SMALL_ZLIB)
_SMALL_HEADS = tuple(signature[-2:] for signature in magic.SMALL_ZLIB)
_MOST_SMALL = 4096
"""Of these, that are looked at: pixels of one colour are such a signature each."""
HINTS = (
    *(_literal(signature) for signature, _ in SIGNATURES),
    *(rf"{_literal(head[-2:])}[\x00-\xff]{{0,7}}[\x80-\xff]" for head, _ in _SMALL),
)

_SHORTEST_BYTES = 12
_CHECKED = frozenset({"gzip", "zlib", "bz2", "xz", "lzip"})
"""Formats that end in a checksum: what is whole is no chance, however short."""
_HEAD_BYTES = 24
_PIXELS = frozenset({b"IDAT", b"fdAT"})
_SMALL_IMAGE_BYTES = 64 << 10
_CHUNK_FRAME_BYTES = 12
"""Checksum of one chunk, length and name of the next."""
_JUDGED_BYTES = 4096
"""Output that is enough to see whether decoding made sense."""
_FREE_FAILURES = 2000
_BYTES_PER_FAILURE = 1024
"""Chance finds two bytes of a signature in 16 KiB."""
_LZMA_KNOWN, _LZMA_UNKNOWN = 1 << 38, (1 << 64) - 1
"""Declared sizes that xz believes: below 256 GiB, or none."""
_TEXT = bytes([9, 10, 13, *range(32, 127)])


@dataclass(slots=True)
class _Found:
    spans: list[Span] = field(default_factory=list)
    texts: list[bytearray] = field(default_factory=list)

    def add(self, span: Span, text: bytes) -> None:
        """Take in a stream; one that follows another goes on with its text."""
        if self.spans and self.spans[-1][1] == span[0]:
            self.spans[-1] = self.spans[-1][0], span[1]
            self.texts[-1] += text
        else:
            self.spans.append(span)
            self.texts.append(bytearray(text))


def streams(source: Source) -> Iterator[View]:
    """Everything that decompresses, by format."""
    found: dict[str, _Found] = {}
    for codec, start, stream in _read(source):
        here = found.setdefault(codec, _Found())
        span = start, start + stream.used
        here.add(span, stream.data)
        literals = delta.literals(stream.data) if codec == "zlib" else None
        if literals is not None:
            # What reads as a delta may be text all the same: both are shown.
            here.spans.append(span)
            here.texts.append(bytearray(literals))
    for codec, here in found.items():
        yield from unpacked(source, codec, here.spans, list(map(bytes, here.texts)))


def _read(source: Source) -> Iterator[tuple[str, int, Stream]]:
    data, budget = source.data, source.budget
    room = budget.room
    failures = _FREE_FAILURES + len(data) // _BYTES_PER_FAILURE
    done = first = 0
    last = ""
    for start, codec in _places(data):
        if start < done or not _plausible(data, start):
            continue
        if failures < 0:
            budget.over("expansions")
            return
        size = len(data) - start
        cap = min(room, budget.cap(size))
        stream = inflate(memoryview(data)[start:], codec, cap)
        begun = first if (start, codec) == (done, last) else start
        if stream.cut_short(size) and _begins(data, start, codec):
            budget.cut.append((source.view, begun, codec))
        if not _makes_sense(stream, codec):
            if stream.capped and (cap < _JUDGED_BYTES or _surely(data, start, codec)):
                budget.capped(size)
                return
            if not start and stream.beyond:
                budget.undecodable.append(f"{source.view.path} > {codec}")
            failures -= 1
            continue
        if stream.capped:
            budget.capped(size)
        room -= len(stream.data)
        first, done, last = begun, start + stream.used, codec
        yield codec, start, stream
    if last and len(data) - done < len(magic.XZ):
        # Another that goes on with the text may begin behind the end.
        budget.cut.append((source.view, first, last))


@cache
def _locator(signatures: tuple[tuple[bytes, str], ...]) -> Locator:
    return Locator([signature for signature, _ in signatures])


def _places(data: bytes) -> list[tuple[int, str]]:
    """Where a signature stands, and whose it is."""
    few = _MOST_SMALL + len(data) // _BYTES_PER_FAILURE
    places = [(0, "zlib")] if data.startswith(_SMALL_HEADS) else []
    for signatures, most in (SIGNATURES, len(data)), (_SMALL, few):
        for index, stop in _locator(signatures).find(data, most):
            signature, codec = signatures[index]
            places.append((stop - len(signature.lstrip(b"\0")), codec))
    return sorted(places)


def _plausible(data: bytes, start: int) -> bool:
    """No text, no error at once, and not the pixels of a large image."""
    head = data[start : start + _HEAD_BYTES]
    if not head.translate(None, _TEXT):
        return False
    if head.startswith(_SMALL_HEADS) and not begins_zlib(memoryview(data)[start:]):
        return False
    return data[start - 4 : start] not in _PIXELS or _is_small_image(data, start)


def _is_small_image(data: bytes, start: int) -> bool:
    """
    Whether the chunks of pixels from here on are few bytes together: encoders cut them
    into as little as 8 KiB (PNG, third edition, 11.2.3: as if they were one).
    """
    size = 0
    while size <= _SMALL_IMAGE_BYTES and data[start - 4 : start] in _PIXELS:
        length = int.from_bytes(data[start - 8 : start - 4])
        size += length
        start += length + _CHUNK_FRAME_BYTES
    return size <= _SMALL_IMAGE_BYTES


def _begins(data: bytes, start: int, codec: str) -> bool:
    """Whether a header says more than a signature that chance may write."""
    if codec == "lz4":  # Frame format 1.6: version 01, reserved bits, block sizes
        flags, sizes = data[start + 4], data[start + 5]
        return flags >> 6 == 1 and not sizes & 0x8F and sizes >> 4 >= 4
    return codec != "lzma" or _surely(data, start, codec)


def _surely(data: bytes, start: int, codec: str) -> bool:
    """
    Whether what became so much is a stream and no chance, whatever its begin looks
    like: text may follow any padding. Pixels of one colour become as much.
    """
    if data[start - 4 : start] in _PIXELS:
        return False
    if codec != "lzma":
        return True
    # A range coder takes anything: its header decides, as in xz's own lzma_alone.
    window = int.from_bytes(data[start + 1 : start + 5], "little")
    declared = int.from_bytes(data[start + 5 : start + 13], "little")
    known = declared < _LZMA_KNOWN or declared == _LZMA_UNKNOWN
    return known and window.bit_count() <= 2


def _makes_sense(stream: Stream, codec: str) -> bool:
    if stream.whole and codec in _CHECKED:
        return stream.data != b""
    if len(stream.data) < _SHORTEST_BYTES:
        return False
    return stream.whole or codec == "gzip" or readable(stream.data)
