"""
From a value to its fingerprint: which grams of which variants stand for it.

The plain variant keeps every gram, so that fragments count; the others keep one in
`stride`, chosen so that any stretch as long as the threshold holds `need` of them at a
known distance. What is no evidence, because too much text looks like it, is left out.

Why not in `fingerprint.py`: registering happens once, with the value at hand; scanning
happens always, without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from dlp.detect.known.forms import Domain
from dlp.detect.known.grams import GRAM, Words, grams, multiplier
from dlp.detect.known.material import (
    MIN_BITS,
    WORDS,
    Material,
    Piece,
    dissect,
    most_bits,
)
from dlp.detect.known.stretches import RUN, SPARSE, RunTable
from dlp.detect.known.variants import VARIANTS, Variant, texts
from dlp.detect.known.wholes import marks

FRAGMENT_BITS = 46
"""
Evidence below which a stretch of a secret may be an accident, and is ignored. Of words,
which no drawn text is, `MIN_BITS` do, as they do for a value as a whole.
"""
LEAK_BITS = 60
"""Evidence at which no accident is left to think of."""
FRAGMENT = 32
"""Characters of a secret, in one message or over many, that are always a leak."""
_ENOUGH = {Domain.NORMAL: FRAGMENT_BITS, Domain.VISIBLE: FRAGMENT_BITS}
"""Steps from byte to byte are alike more often than text is: they take `LEAK_BITS`."""
_RARE_SHARE = 0.9
_RARE_WINDOW = 512


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a value. With the key it is enough to recover it: encrypt it."""

    digest: bytes
    """Keyed digest of the value."""
    length: int
    """Bytes of the first piece."""
    threshold: int
    """Bytes of it that make a leak."""
    before: int
    """Public bytes of the value before the first piece."""
    after: int
    edges: tuple[int, int]
    """Bytes at the two ends of the first piece that normalising drops."""
    runs: RunTable = field(repr=False)
    tags: Words = field(repr=False)


def digest(value: bytes, key: bytes) -> bytes:
    """The keyed digest that tells whether two values are one."""
    return blake2b(value, key=key, digest_size=16, person=b"agent-dlp value").digest()


def fingerprint(value: bytes, key: bytes, *, only: str = "") -> Fingerprint:
    """
    Take the fingerprint of a value, under the key of the index it is for.

    `only`: the one variant that is wanted, by name; all of them when empty.

    Raises:
        SecretError: the value is too short, too long, or could be guessed.
    """
    material = dissect(value)
    runs: list[tuple[int, int, int, int]] = []
    tags: list[Words] = []
    seen: set[tuple[Domain, bytes]] = set()
    for number, variant in enumerate(VARIANTS):
        if only and variant.name != only:
            continue
        factor = multiplier(key, variant.domain.value)
        for piece in material.pieces:
            for text in _texts(variant, piece):
                plan = _plan(variant, text, piece)
                if plan is None or (variant.domain, text) in seen:
                    continue
                seen.add((variant.domain, text))
                need, stride = plan
                runs.append((number, need, stride, len(text)))
                tags.append(grams(text)[::stride] * factor)
    first = material.pieces[0]
    for number, length, tag in () if only else _marks(value, material, key):
        runs.append((number, 1, length, GRAM))
        tags.append(tag)
    return Fingerprint(
        digest(value, key),
        len(first.data),
        _threshold(first, _leak_bits(first)),
        material.before,
        material.after,
        material.edges,
        np.array(runs, RUN),
        np.concatenate([np.empty(0, np.uint64), *tags]),
    )


def _marks(
    value: bytes, material: Material, key: bytes
) -> Iterator[tuple[int, int, Words]]:
    pieces = (piece.data for piece in material.pieces if piece.text)
    for text in dict.fromkeys((value, *pieces)):
        yield from marks(text, key)


def _threshold(piece: Piece, bits: float) -> int:
    """`min(half, FRAGMENT)` bytes, more where so few hold less than these bits."""
    length = len(piece.data)
    fragment = FRAGMENT if piece.text else FRAGMENT * 6 // 8
    half = min(math.ceil(length / 2), fragment)
    return min(max(half, math.ceil(bits * length / piece.bits)), length)


def _leak_bits(piece: Piece) -> float:
    """What makes a leak of a piece as it is: less where chance writes no such text."""
    if piece.bits_per_char <= WORDS:
        return MIN_BITS
    return FRAGMENT_BITS if piece.text and piece.needs_visible else LEAK_BITS


def _texts(variant: Variant, piece: Piece) -> Iterator[bytes]:
    if not _applies(variant, piece):
        return iter(())
    return texts(variant, piece.data)


def _applies(variant: Variant, piece: Piece) -> bool:
    match variant.domain:
        case Domain.RAW:
            return not piece.text
        case Domain.VISIBLE:
            return piece.text and piece.needs_visible
        case _:
            return piece.text or not variant.text_only


def _plan(variant: Variant, text: bytes, piece: Piece) -> tuple[int, int] | None:
    """(consecutive grams needed, stride), or None where all of it is no evidence."""
    bits, size = piece.bits, len(text)
    if variant.domain is Domain.NORMAL and piece.text:
        bits = min(bits, size * piece.bits_per_char)
    if variant.part:
        bits = min(bits, most_bits(text))
    count = size - GRAM + 1
    if count < 1 or bits < MIN_BITS:
        return None
    per_byte = bits / size
    if variant.dense:
        enough: float = _ENOUGH.get(variant.domain, LEAK_BITS)
        if variant.domain is Domain.NORMAL:
            enough = min(enough, _leak_bits(piece))
        need = max(1, math.ceil(enough / per_byte) - GRAM + 1)
        if variant.domain in {Domain.XOR, Domain.ADD} and count >= 2 * SPARSE:
            return min(count // 2, math.ceil(need / 2), 255), 2
        return min(count, need, 255), 1
    window = size * _threshold(piece, LEAK_BITS) / len(piece.data)
    if variant.rare:
        window = max(window, min(size * _RARE_SHARE, _RARE_WINDOW))
    need = min(max(2, math.ceil(LEAK_BITS / (GRAM * per_byte))), 255)
    stride = max(1, min(int(window - GRAM - 1) // need, count - 1))
    # Grams that overlap are less evidence than as many that do not.
    while stride < GRAM and ((need - 1) * stride + GRAM) * per_byte < LEAK_BITS:
        if need >= min((count - 1) // stride + 1, int(window - GRAM - 1)):
            break
        need += 1
        stride = max(1, min(stride, int(window - GRAM - 1) // need))
    return min(need, (count - 1) // stride + 1), stride
