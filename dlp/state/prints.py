"""
A fingerprint as bytes, to be sealed by whoever keeps it.

Variants are written by name, so that a fingerprint outlives a change of their order.

Why not in `vault.py`: registered secrets and issued tokens are kept in different
places in the same form.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from dlp.detect.known.enrol import Fingerprint
from dlp.detect.known.grams import Octets
from dlp.detect.known.stretches import RUN
from dlp.detect.known.variants import VARIANTS


def pack(taken: Fingerprint) -> bytes:
    """The bytes of a fingerprint. They tell the secret to who has the gram key."""
    used, numbers = np.unique(taken.runs["variant"], return_inverse=True)
    runs = taken.runs.copy()
    runs["variant"] = numbers
    head = {
        "digest": taken.digest.hex(),
        "length": taken.length,
        "threshold": taken.threshold,
        "before": taken.before,
        "after": taken.after,
        "edges": taken.edges,
        "variants": [VARIANTS[number].name for number in used],
        "runs": len(runs),
    }
    text = orjson.dumps(head)
    size = len(text).to_bytes(4, "little")
    return b"".join([size, text, runs.tobytes(), taken.tags.tobytes()])


def unpack(data: bytes) -> Fingerprint:
    """
    The fingerprint that `pack` wrote.

    Raises:
        ValueError: the bytes are none, or name an unknown variant.
    """
    start = 4 + int.from_bytes(data[:4], "little")
    head: dict[str, Any] = orjson.loads(data[4:start])
    numbers = _numbers(tuple(head["variants"]))
    runs = np.frombuffer(data, RUN, head["runs"], start).copy()
    runs["variant"] = numbers[runs["variant"]]
    return Fingerprint(
        digest=bytes.fromhex(head["digest"]),
        length=head["length"],
        threshold=head["threshold"],
        before=head["before"],
        after=head["after"],
        edges=(head["edges"][0], head["edges"][1]),
        runs=runs,
        tags=np.frombuffer(data, "<u8", offset=start + runs.nbytes),
    )


@lru_cache(maxsize=64)
def _numbers(names: tuple[str, ...]) -> Octets:
    """Where these variants stand in `VARIANTS`."""
    present = {variant.name: number for number, variant in enumerate(VARIANTS)}
    if unknown := [name for name in names if name not in present]:
        raise ValueError(f"unknown variants {unknown}")
    return np.array([present[name] for name in names], np.uint8)
