"""
Text that tells its own lengths: netstrings `4:SECR,4:ETKE,`, bencode, S-expressions,
PHP's `s:4:"SECR";`, RESP, chunks of HTTP, Hollerith constants, messages behind a
Content-Length. The pieces of each chain side by side.

There is no parser per format: a number, a sign, so many bytes, and behind the same few
bytes as before the next number with the same sign. That several fit by chance is rare.

Why not in packed.py: there lengths are bytes of their own in what is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dlp.decode.documents.fields import joined
from dlp.decode.pieces import Span
from dlp.decode.printable import VISIBLE
from dlp.decode.source import Source
from dlp.model import View

_SIGNS = r"(?::\"?|\r?\n(?:\r?\n)?|H)"
_LENGTH = re.compile(rf"([0-9]{{1,4}})({_SIGNS})".encode())
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,4})(\r?\n)")
"""In hexadecimal (RFC 9112, 7.1)."""
_BASES = ((_LENGTH, 10), (_CHUNK, 16))
HINTS = (
    # Two lengths that fit are looked for by the decoder; here, what stands round one.
    r"[0-9]{1,4}:\"?[!-~]{2,64}[^\n]{0,12}[0-9]{1,4}:\"?[!-~]",
    r"(?:\A|\n)[$*]?[0-9A-Fa-f]{1,4}\r?\n[!-~]{2,400}\r?\n[$]?[0-9A-Fa-f]{1,4}\r?\n",
    r"[0-9]{1,2}H[!-~]{2,99}[0-9]{1,2}H[!-~]",
    r"[Ll]ength: ?[0-9]{1,5}\r?\n",
)
_CLOCK = re.compile(rb"(?<![0-9])[0-5]?[0-9]:[0-5][0-9](?![0-9])")
"""A time of day: in a column of them three tell their own lengths by chance."""
_WIDEST_GAP = 28
"""Bytes between a piece and the number of the next."""
_FEWEST, _LONG = 3, 12
"""Pieces; of those that are all as long as that, two will do."""
_ANY_DIGIT = bytes.maketrans(b"0123456789abcdefABCDEF", b"0" * 10 + b"a" * 12)
_LARGEST_BYTES = 64 << 10
_MOST_CHAINS = 16


def sized(source: Source) -> Iterator[View]:
    """The pieces of each chain."""
    data = source.data
    if len(data) > _LARGEST_BYTES:
        return
    for pattern, base in _BASES:
        done = chains = 0
        for first in pattern.finditer(data):
            if first.start() < done or chains == _MOST_CHAINS:
                continue
            if _CLOCK.match(data, first.start()):
                continue
            chain = list(_chain(data, first, base))
            if len(chain) >= _FEWEST or (len(chain) == 2 and _are_long(chain)):
                done = chain[-1][1]
                chains += 1
                yield from joined(source, "sized", chain)


def _are_long(chain: Sequence[Span]) -> bool:
    return all(stop - start >= _LONG for start, stop in chain)


def _chain(data: bytes, first: re.Match[bytes], base: int) -> Iterator[Span]:
    """The pieces from a length on, each as long as its own says."""
    found: re.Match[bytes] | None = first
    gap: bytes | None = None
    while found:
        start = found.end()
        stop = start + int(found[1], base)
        if stop == start or stop > len(data):
            return
        if b"\0" in data[start:stop].translate(VISIBLE):
            return  # a piece of a secret has no blanks
        yield start, stop
        found = _next(found, stop)
        if found:
            before, gap = gap, data[stop : found.start()].translate(_ANY_DIGIT)
            if before not in {None, gap}:
                return


def _next(found: re.Match[bytes], stop: int) -> re.Match[bytes] | None:
    """The next length behind a piece, with the same sign."""
    window = found.string, stop, min(stop + _WIDEST_GAP, len(found.string))
    return next((n for n in found.re.finditer(*window) if n[2] == found[2]), None)
