"""
What several tokens say only together: their symbols taken in turn, a one-time pad and
what it hides, a code cut into pieces that stand apart.

What comes out must be text, or a whole compressed stream; of tokens that have nothing
to do with each other nothing does. Only for short stretches (drawn.py).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations

from dlp.decode.ciphers.picked import from_base32, from_base64
from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.magic import BZIP2, GZIP, XZ, ZLIB
from dlp.decode.printable import TEXT_BYTES

_SHORTEST = 12
"""Symbols of a token, bytes that are text by no chance."""
_TOKEN = re.compile(rb"[A-Za-z0-9+/=_\-]{%d,}" % _SHORTEST)
_MOST_TOKENS = 8
_MOST_TURNS = 4
_LONG = 24
"""Symbols of a code that is put together."""
_STREAMS = (
    (GZIP, "gzip"),
    (BZIP2, "bz2"),
    (XZ, "xz"),
    *((head, "zlib") for head in ZLIB),
)
_MOST_BYTES = 64 << 10
"""Of a stream that is tried."""


def in_turn(text: bytes) -> Iterator[bytes]:
    """The symbols of neighbours that are as long as each other, in turn."""
    tokens = _TOKEN.findall(text)[:_MOST_TOKENS]
    for count in range(2, _MOST_TURNS + 1):
        for at in range(len(tokens) - count + 1):
            group = tokens[at : at + count]
            if _as_long(group):
                yield _interleaved(group)
                if count == 2:
                    yield _interleaved(group[::-1])


def padded(tokens: Sequence[bytes]) -> Iterator[bytes]:
    """The texts that two of the tokens are when one is taken from the other."""
    coded = [(code, token) for code in _CODES for token in tokens[:_MOST_TOKENS]]
    plain = [data for code, token in coded if (data := code(token)) is not None]
    for one, other in combinations(dict.fromkeys(plain), 2):
        if len(one) != len(other) or len(one) < _SHORTEST:
            continue
        for way in _WAYS:
            text = bytes(map(way, one, other))
            if _is_text(text):
                yield text


def said_by(texts: Iterable[bytes], source: bytes) -> Iterator[bytes]:
    """
    What symbols that were put together say, in any code, if they do; what stands in
    `source` as it is, is read there, and keeps its place.
    """
    for symbols in texts:
        if len(symbols) < _LONG:
            continue
        for code in _CODES:
            data = code(symbols)
            if data and (_is_text(data) or _is_stream(data)) and symbols not in source:
                yield data


def _as_long(group: Sequence[bytes]) -> bool:
    """Whether all are as long as the first, or the last ones by one shorter."""
    sizes = [len(token) for token in group]
    return (
        min(sizes) >= _SHORTEST
        and sizes[0] - sizes[-1] in {0, 1}
        and sizes == sorted(sizes, reverse=True)
    )


def _interleaved(group: Sequence[bytes]) -> bytes:
    whole = bytearray(sum(map(len, group)))
    for at, token in enumerate(group):
        places = len(whole[at :: len(group)])
        if places != len(token):
            return b""
        whole[at :: len(group)] = token
    return bytes(whole)


def _is_text(data: bytes) -> bool:
    return len(data) >= _SHORTEST and not data.translate(None, TEXT_BYTES)


def _is_stream(data: bytes) -> bool:
    """Whether a compressed stream begins here that ends with a right checksum."""
    return any(
        data.startswith(head) and inflate(data, codec, _MOST_BYTES).whole
        for head, codec in _STREAMS
    )


def _tried(decode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes | None]:
    """None where `decode` fails."""

    def run(symbols: bytes) -> bytes | None:
        try:
            return decode(symbols)
        except ValueError:
            return None

    return run


_CODES = (
    _tried(binascii.unhexlify),
    _tried(lambda symbols: from_base64(symbols.replace(b"=", b""))),
    _tried(lambda symbols: from_base32(symbols.replace(b"=", b""))),
)
_WAYS: Iterable[Callable[[int, int], int]] = (
    int.__xor__,
    lambda a, b: (a - b) & 255,
    lambda a, b: (b - a) & 255,
    lambda a, b: (a + b) & 255,
)
