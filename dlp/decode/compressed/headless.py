"""
Streams without a signature: raw deflate (SAML's redirect binding) and brotli.

Only tried on all of what something else decoded to: from anywhere else they cannot be
told from noise.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from dlp.decode.compressed.inflate import inflate
from dlp.decode.printable import is_text, readable
from dlp.decode.sieve import START
from dlp.decode.source import Source
from dlp.model import View

HINTS = (
    START + r".{0,24}[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]",
    START + r".{0,24}[\xc0-\xff][\x00-\x7f]",
)
"""Begins like no text."""

_SHORTEST_BYTES = 18
_PROBE_BYTES = 4096
_LONG_PROBE_BYTES = 256 << 10
"""The same for what begins as no text: chance does not become so much."""
_FIRST_BYTES = 64
_CODECS = ("deflate", "br")
_FIRST_MASK = {"deflate": 0b111, "br": 0b1111}
_FIRST = {
    "deflate": frozenset({0b011, 0b101, 0b100}),
    "br": frozenset({0b1011, 0b0011}),
}
"""How encoders begin: the kind of the first block (RFC 1951, 3.2.3), the usual window
sizes (RFC 7932, 9.1)."""


def headless(data: bytes) -> bool:
    """True when all of `data` is one such stream and text comes out, at any place."""
    return any(fits(data, codec) for codec in _CODECS)


def fits(data: bytes, codec: str) -> bool:
    """True when all of `data` is one stream of the codec and text comes out."""
    if len(data) < _SHORTEST_BYTES or data[0] & _FIRST_MASK[codec] not in _FIRST[codec]:
        return False
    if codec == "deflate" and not _begins(data):
        return False
    probe = inflate(data, codec, _PROBE_BYTES)
    if probe.capped and not is_text(probe.data):
        probe = inflate(data, codec, _LONG_PROBE_BYTES)
    ended = probe.whole and probe.used == len(data)
    if not (ended or probe.capped) or len(probe.data) <= 12:
        return False
    return is_text(probe.data) or readable(probe.data)


def _begins(data: bytes) -> bool:
    """Whether the first bytes of raw deflate come out without an error."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        return len(engine.decompress(data, _FIRST_BYTES)) == _FIRST_BYTES or engine.eof
    except zlib.error:
        return False


def headless_streams(source: Source, *, by_chance: bool = False) -> Iterator[View]:
    """
    What comes out of a view that is such a stream.

    `by_chance`: the view may be noise, in which a few bytes of brotli become megabytes.
    """
    data, budget = source.data, source.budget
    for codec in _CODECS:
        if fits(data, codec):
            stream = inflate(data, codec, budget.cap(len(data)))
            if stream.capped and by_chance:
                return
            if stream.capped:
                budget.capped(len(data))
            elif stream.cut_short(len(data)):
                budget.cut.append((source.view, 0, codec))
            yield source.child(codec, stream.data)
            return
