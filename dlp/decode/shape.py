"""
What text looks like after a radix-2^k code: a pattern that hardly occurs by chance.

Printable ASCII leaves bits unused in every byte, so each position of a coded group
allows only some symbols. A few groups in a row tell coded text from a random
identifier without decoding anything, at any offset and alignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

TEXT = frozenset(range(0x20, 0x7F))
NUL = frozenset({0})


def shape(
    alphabets: Sequence[str], cycle: Sequence[frozenset[int]], groups: int
) -> str:
    """
    A pattern for `groups` coded groups of bytes drawn from the sets of `cycle` in turn.

    `alphabets` are the symbols in order of value, 16, 32 or 64 of them.
    """
    bits = len(alphabets[0]).bit_length() - 1
    size = lcm(8 * len(cycle), bits) // bits
    classes = [
        _class({alphabet[v] for alphabet in alphabets for v in values})
        for values in _values(cycle, bits, size)
    ]
    return f"(?:{''.join(classes)}){{{groups}}}"


def _values(
    cycle: Sequence[frozenset[int]], bits: int, size: int
) -> list[frozenset[int]]:
    """For each symbol of a group the values that the bytes it covers allow."""
    result = []
    for index in range(size):
        first = index * bits
        byte, offset = divmod(first, 8)
        spill = offset + bits - 8
        here = cycle[byte % len(cycle)]
        mask = (1 << bits) - 1
        if spill <= 0:
            result.append(frozenset(b >> -spill & mask for b in here))
            continue
        after = cycle[(byte + 1) % len(cycle)]
        # Few of their bits are in it: put together, not byte by byte.
        upper = {b << spill & mask for b in here}
        lower = {b >> 8 - spill for b in after}
        result.append(frozenset(high | low for high in upper for low in lower))
    return result


def literal(alphabets: Sequence[str], data: bytes) -> list[str]:
    """Patterns for `data` coded at each alignment, its shared symbols left open."""
    bits = len(alphabets[0]).bit_length() - 1
    everything = frozenset(range(256))
    patterns = []
    for lead in range(lcm(8, bits) // 8):
        tail = -(lead + len(data)) % (lcm(8, bits) // 8)
        cycle = [everything] * lead + [frozenset({b}) for b in data]
        cycle += [everything] * tail
        values = _values(cycle, bits, len(cycle) * 8 // bits)
        classes = [
            _class({alphabet[v] for alphabet in alphabets for v in vs}) for vs in values
        ]
        full = 1 << bits
        while len(values[0]) == full:
            del values[0], classes[0]
        while len(values[-1]) == full:
            del values[-1], classes[-1]
        patterns.append("".join(classes))
    return patterns


def _class(symbols: set[str]) -> str:
    return "[" + "".join(f"\\x{ord(s):02x}" for s in sorted(symbols)) + "]"
