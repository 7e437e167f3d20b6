"""
Keyed grams of eight bytes, and the table that finds known ones in a buffer.

A gram is the 8 bytes at a position read as a little-endian integer; its tag is that
integer times a secret odd number modulo 2**64 (multiply-shift hashing, Dietzfelbinger
et al. 1997: the high bits are the good ones). A lookup is three steps, each over what
the last one left: a table of bits, a second one under another hash, a binary search.
Every step is one numpy pass, so the cost per byte hardly grows with the number of
secrets.

Why not in `fingerprint.py`: this knows nothing of secrets, only of tags and ordinals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

GRAM = 8
"""Bytes in a gram."""
MIN_TAG_BITS = 40
MOST_GRAMS = (1 << (64 - MIN_TAG_BITS)) - 1
"""What one table holds."""
CHUNK = 1 << 16
"""Positions per pass: what a pass touches stays in the second-level cache."""

Words = NDArray[np.uint64]
Octets = NDArray[np.uint8]
Places = NDArray[np.int64]

_BITS_PER_ENTRY = 48
"""Of each bit table, while the table stays within `_MOST_BITS`."""
_MOST_BITS = 25
_WORD = np.dtype("<u8")
_FEW = 256
"""So few are searched for sooner than hashed again."""
_MIX = np.uint64(0xD6E8FEB86659FD93)
_PAIRS = (bytes(1 << a | 1 << b for a, b in combinations(range(8), 2)) * 10)[:256]
"""Two of eight bits, for each value of a byte."""


def multiplier(key: bytes, domain: str) -> np.uint64:
    """The secret odd number of one kind of gram."""
    digest = blake2b(domain.encode(), key=key, digest_size=8, person=b"agent-dlp gram")
    return np.uint64(int.from_bytes(digest.digest(), "little") | 1)


def grams(data: bytes | Octets, step: int = 1) -> Words:
    """The gram at every `step`-th position; a view that copies nothing."""
    count = (len(data) - GRAM) // step + 1
    if count < 1:
        return np.empty(0, np.uint64)
    return np.ndarray((count,), _WORD, data, strides=(step,))


@dataclass(frozen=True, slots=True)
class _BitTable:
    """
    Two bits per hash value in one byte (a blocked Bloom filter: Putze et al. 2007), so
    that one look into memory tells. No false negatives; at `_MOST_BITS` and 3 million
    values 5 % false positives, where single bits have 9 %.
    """

    table: NDArray[np.uint8]
    shift: np.uint64

    @classmethod
    def build(
        cls, tags: Words, bits: int, hashed: Callable[[Words], Words]
    ) -> _BitTable:
        shift = np.uint64(64 - bits + 3)
        table = np.zeros(1 << (bits - 3), np.uint8)
        for start in range(0, len(tags), CHUNK):
            some = hashed(tags[start : start + CHUNK])
            np.bitwise_or.at(table, (some >> shift).view(np.int64), _pairs(some))
        return cls(table, shift)

    def maybe(self, hashes: Words) -> Places:
        """Positions in `hashes` (contiguous) that may be in the table."""
        found = self.table.take((hashes >> self.shift).view(np.int64))
        wanted = _pairs(hashes)
        found &= wanted
        same: NDArray[np.bool_] = found == wanted
        return same.nonzero()[0]


def _pairs(hashes: Words) -> Octets:
    # Measured: half of what `take` costs.
    return np.frombuffer(hashes.view(np.uint8)[4::8].tobytes().translate(_PAIRS), "u1")


@dataclass(frozen=True, slots=True)
class GramTable:
    """
    Tags to ordinals. Immutable, safe to share between threads.

    An entry is one integer: the high bits of the tag over the ordinal, so that the
    whole table is one sorted array of 8 bytes per gram.
    """

    entries: Words
    ordinal_bits: int
    first: _BitTable
    second: _BitTable

    @classmethod
    def build(cls, tags: Words, ordinals: Words, most: int) -> GramTable:
        """
        Take in `tags` under `ordinals`, leaving out tags that more than `most` share.

        Raises:
            ValueError: an ordinal beyond `MOST_GRAMS`.
        """
        highest = int(ordinals.max(initial=0))
        if highest > MOST_GRAMS:
            raise ValueError(f"{highest} grams are more than one table holds")
        ordinal_bits = max(highest.bit_length(), 1)
        low = np.uint64((1 << ordinal_bits) - 1)
        entries = tags & ~low
        entries |= ordinals
        entries.sort()
        if _shared(entries, most, low).any():
            new = np.append(np.flatnonzero(np.diff(entries & ~low)) + 1, len(entries))
            many = np.diff(new, prepend=0)
            entries = entries[np.repeat(many <= most, many)]
            tags = tags[np.isin(ordinals, entries & low)]
        bits = min(max((len(tags) * _BITS_PER_ENTRY).bit_length(), 16), _MOST_BITS)
        return cls(
            entries,
            ordinal_bits,
            _BitTable.build(tags, bits, np.ascontiguousarray),
            _BitTable.build(tags, min(bits, _MOST_BITS - 1), remixed),
        )

    def find(self, tags: Words) -> tuple[Places, Places]:
        """
        Every (position in `tags`, ordinal) whose tags agree, in order of position.
        """
        maybe = self.first.maybe(tags)
        if not len(maybe):
            return maybe, maybe
        kept = tags[maybe]
        if len(maybe) > _FEW:
            again = self.second.maybe(remixed(kept))
            if not len(again):
                return again, again
            maybe, kept = maybe[again], kept[again]
        low = np.uint64((1 << self.ordinal_bits) - 1)
        start = np.searchsorted(self.entries[:-1], kept & ~low, "left")
        true = ((self.entries[start] ^ kept) <= low).nonzero()[0]
        if not len(true):
            return true, true
        maybe, kept, start = maybe[true], kept[true], start[true]
        many = np.searchsorted(self.entries, kept | low, "right") - start
        total = int(many.sum())
        offsets = np.arange(total) - np.repeat(np.cumsum(many) - many, many)
        found = self.entries[np.repeat(start, many) + offsets] & low
        return np.repeat(maybe, many), found.astype(np.int64)


def _shared(entries: Words, most: int, low: np.uint64) -> NDArray[np.bool_]:
    """Where more than `most` of sorted entries begin that have one tag."""
    return (entries[most:] ^ entries[: max(len(entries) - most, 0)]) <= low


def remixed(tags: Words) -> Words:
    """The same tags under another hash."""
    return (tags ^ (tags >> np.uint64(29))) * _MIX
