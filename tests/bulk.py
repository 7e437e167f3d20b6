"""
Large bodies, and keys to hide in them, drawn from seeds: the same in every run.

Not in `parts.py`: those are parts of requests as vendors' clients send them.
"""

import random
import string

LETTERS = string.ascii_letters + string.digits
WORDS = "river stone table window paper light number garden winter silver".split()


def drawn(seed: int, size: int) -> bytes:
    return "".join(random.Random(seed).choices(LETTERS, k=size)).encode()


def shaped(seed: int) -> bytes:
    """A key that a vendor's rule knows, registered or not."""
    return b"sk-" + b"ant-api03-" + drawn(seed, 93) + b"AA"


def text(size: int, seed: int = 0) -> bytes:
    chance = random.Random(seed)
    return " ".join(chance.choice(WORDS) for _ in range(size // 4)).encode()[:size]


def mixed(size: int, seed: int = 0) -> bytes:
    """Text and noise in turns: does not shrink away, and is no ciphertext."""
    chance = random.Random(seed)
    rows = (text(60, seed + n) + chance.randbytes(40) for n in range(size // 100 + 1))
    return b"".join(rows)[:size]
