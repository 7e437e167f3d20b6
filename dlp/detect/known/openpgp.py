"""
The secret parts of OpenPGP private keys (RFC 9580).

Why not in `privatekey.py`: packets are another format than DER, with rules of their own
for where the public half ends.
"""

from __future__ import annotations

from collections.abc import Iterator

_SECRET_PACKETS = frozenset({5, 7})
"""Secret-Key and Secret-Subkey, 5.5.1.3 and 5.5.1.4."""
_MPIS = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4}
"""Algorithm to the number of integers in its public half: RSA, Elgamal, DSA."""
_FIXED = {25: 32, 26: 56, 27: 32, 28: 57}
"""Algorithm to the bytes of its public half: X25519, X448, Ed25519, Ed448."""
_CURVES = frozenset({18, 19, 22})
"""ECDH, ECDSA, EdDSALegacy: a curve, a point, for ECDH also how keys are derived."""
_ECDH = 18
_SHORTEST = 16


def secret_parts(data: bytes) -> Iterator[tuple[int, int]]:
    """The half-open spans of secret bytes in a binary key, sealed or not."""
    for tag, start, stop in _packets(data):
        if tag in _SECRET_PACKETS:
            begin = start + _public_size(data[start:stop])
            if stop - begin >= _SHORTEST:
                yield begin, stop


def _packets(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Tag and span of every packet (4.2); stops at what is none."""
    at = 0
    while at + 2 <= len(data) and data[at] & 0x80:
        head = data[at]
        if head & 0x40:
            tag, first = head & 0x3F, data[at + 1]
            if first < 192:
                size, at = first, at + 2
            elif first < 224:
                size = int.from_bytes(data[at + 1 : at + 3]) - (192 << 8) + 192
                at += 3
            elif first == 255:
                size, at = int.from_bytes(data[at + 2 : at + 6]), at + 6
            else:
                return
        else:
            tag, width = head >> 2 & 0x0F, 1 << (head & 3)
            if width == 8:
                return
            size, at = int.from_bytes(data[at + 1 : at + 1 + width]), at + 1 + width
        if size < 0 or at > len(data):
            return
        yield tag, at, min(at + size, len(data))
        at += size


def _public_size(body: bytes) -> int:
    """Bytes of a secret-key packet that its public-key packet has too (5.5.2)."""
    if len(body) < 10:
        return len(body)
    version, algorithm, at = body[0], body[5], 6
    if version >= 5:
        return 10 + int.from_bytes(body[6:10])
    if version < 4:
        algorithm, at = body[7], 8
    if algorithm in _FIXED:
        return at + _FIXED[algorithm]
    if algorithm in _CURVES and at < len(body):
        at = _after_integer(body, at + 1 + body[at])
        return at + 1 + body[at] if algorithm == _ECDH and at < len(body) else at
    for _ in range(_MPIS.get(algorithm, 0)):
        at = _after_integer(body, at)
    return at


def _after_integer(body: bytes, at: int) -> int:
    """Past a multiprecision integer: its length in bits, then its bytes (3.2)."""
    return at + 2 + (int.from_bytes(body[at : at + 2]) + 7) // 8
