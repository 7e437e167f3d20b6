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
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from dlp.detect.grams import GRAM, Words, grams, multiplier
from dlp.detect.material import MIN_BITS, Material, Piece, dissect
from dlp.detect.variants import VARIANTS, Domain, Variant, texts

FRAGMENT_BITS = 46
"""Evidence below which a stretch of a secret may be an accident, and is ignored."""
LEAK_BITS = 60
"""Evidence at which no accident is left to think of."""
FRAGMENT = 32
"""Characters of a secret, in one message or over many, that are always a leak."""
RUN = np.dtype(
    [("variant", "u1"), ("need", "u1"), ("stride", "<u2"), ("length", "<u2")]
)
"""One text of one variant: grams at 0, stride, 2*stride... of `length` bytes."""

_RARE_SHARE = 0.75
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
    runs: NDArray[np.void] = field(repr=False)
    tags: Words = field(repr=False)


def digest(value: bytes, key: bytes) -> bytes:
    """The keyed digest that tells whether two values are one."""
    return blake2b(value, key=key, digest_size=16, person=b"agent-dlp value").digest()


def fingerprint(value: bytes, key: bytes) -> Fingerprint:
    """
    Take the fingerprint of a value, under the key of the index it is for.

    Raises:
        SecretError: the value is too short, too long, or could be guessed.
    """
    material = dissect(value)
    threshold = _threshold(material)
    runs: list[tuple[int, int, int, int]] = []
    tags: list[Words] = []
    seen: set[tuple[Domain, bytes]] = set()
    for number, variant in enumerate(VARIANTS):
        factor = multiplier(key, variant.domain.value)
        for piece in material.pieces:
            if not _applies(variant, piece, material):
                continue
            for text in texts(variant, piece.data):
                if len(text) < GRAM or (variant.domain, text) in seen:
                    continue
                plan = _plan(variant, len(text), piece, material, threshold)
                if plan is None:
                    continue
                seen.add((variant.domain, text))
                need, stride = plan
                runs.append((number, need, stride, len(text)))
                tags.append(grams(text)[::stride] * factor)
    return Fingerprint(
        digest(value, key),
        len(material.pieces[0].data),
        threshold,
        material.before,
        material.after,
        material.edges,
        np.array(runs, RUN),
        np.concatenate(tags),
    )


def _threshold(material: Material) -> int:
    """`min(half, FRAGMENT)` bytes, more where so few would be no evidence."""
    length = len(material.pieces[0].data)
    per_byte = material.bits / length
    evidence = math.ceil(LEAK_BITS / per_byte)
    return min(max(min(math.ceil(length / 2), FRAGMENT), evidence), length)


def _applies(variant: Variant, piece: Piece, material: Material) -> bool:
    if not piece.text:
        return not variant.text_only
    if variant.domain is not Domain.RAW:
        return True
    return material.needs_raw


def _plan(
    variant: Variant, size: int, piece: Piece, material: Material, threshold: int
) -> tuple[int, int] | None:
    """(consecutive grams needed, stride), or None where all of it is no evidence."""
    length = len(piece.data)
    bits = material.bits * length / len(material.pieces[0].data)
    if variant.domain is Domain.NORMAL and piece.text:
        bits = min(bits, size * material.bits_per_char)
    per_byte = bits / size
    if bits < MIN_BITS:
        return None
    count = size - GRAM + 1
    if variant.dense:
        enough = FRAGMENT_BITS if variant.domain is Domain.NORMAL else LEAK_BITS
        return min(count, max(1, math.ceil(enough / per_byte) - GRAM + 1), 255), 1
    window = size * threshold / length
    if variant.rare:
        window = max(window, min(size * _RARE_SHARE, _RARE_WINDOW))
    need = min(max(2, math.ceil(LEAK_BITS / (GRAM * per_byte))), 255)
    stride = max(1, min(int(window - GRAM - 1) // need, count - 1))
    return min(need, (count - 1) // stride + 1), stride
