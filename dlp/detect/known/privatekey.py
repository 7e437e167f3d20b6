"""
The private part of a private key, apart from what is public in it.

A PEM file holds the public key too, and whole lines of it are equal for all keys of a
kind. So the numbers that are private are looked up in the decoded file, and indexed as
bytes (whatever container they reappear in: PKCS#1, PKCS#8, OpenSSH, JWK, DER) and as
the base64 text that they make in this file.

Why not in `material.py`: formats of keys are a subject of their own.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from dlp.detect.known.openpgp import secret_parts

_ARMOUR = re.compile(
    rb"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----"
    rb"(?P<body>.*?)-----END (?P=kind)-----",
    re.DOTALL,
)
_HEADERS = re.compile(rb"\s*(?:[A-Za-z-]+:[^\n]*\n)+\s*\n")
_CHECKSUM = re.compile(rb"\s=[A-Za-z0-9+/]{4}\s*\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]")
_OPENSSH = b"openssh-key-v1\0"
_SHORTEST = 16
_GAP = 8
"""Bytes of tags and lengths between two numbers of one key."""
_SEALED_HEAD = 160
"""
Bytes of an encrypted PKCS#8 key that say how it is encrypted; RFC 8018, A.4, with the
longest parameters that OpenSSL writes.
"""


@dataclass(frozen=True, slots=True)
class PrivatePart:
    """What is secret in a key file."""

    span: tuple[int, int]
    """The base64 text in the value that holds it; empty in a binary file."""
    numbers: tuple[bytes, ...] = field(repr=False)
    """The same as bytes."""


def private_part(value: bytes) -> PrivatePart | None:
    """The secret part of a private key in any armour or DER; None when it is none."""
    match = _ARMOUR.search(value)
    if match is None:
        key = _load(value) if value.startswith(b"0") else None
        return PrivatePart((0, 0), tuple(_numbers(key))) if key else None
    headers = _HEADERS.match(match["body"])
    start = match.start("body") + (headers.end() if headers else 0)
    # A key inside JSON may come with its line ends still escaped.
    text = value[start : match.end("body")].replace(b"\\n", b"\n\n")
    offsets = [m.start() for m in _BASE64.finditer(_CHECKSUM.sub(b"", text))]
    usable = len(offsets) // 4 * 4 + (0, 0, 2, 3)[len(offsets) % 4]
    der = base64.b64decode(bytes(text[at] for at in offsets[:usable]) + b"==")
    if match["kind"].startswith(b"PGP"):
        parts = list(secret_parts(der))
    else:
        key = _load(match[0].replace(b"\\n", b"\n"))
        places = [(der.find(n), len(n)) for n in _numbers(key)]
        parts = [(at, at + size) for at, size in places if at >= 0]
        parts = parts or [_sealed_part(der)]
    if not parts:
        return None
    first, last = _neighbours(parts)
    low, high = -(-first * 4 // 3), last * 4 // 3
    if high <= low or last > len(der):
        return None
    span = start + offsets[low], start + offsets[high - 1] + 1
    return PrivatePart(span, tuple(der[a:b] for a, b in parts))


def _neighbours(parts: list[tuple[int, int]]) -> tuple[int, int]:
    """The first stretch of parts with next to nothing between them."""
    ordered = sorted(parts)
    first, last = ordered[0]
    for start, stop in ordered[1:]:
        if start - last > _GAP:
            break
        last = max(last, stop)
    return first, last


def _sealed_part(der: bytes) -> tuple[int, int]:
    """What is behind the public head of a key that cannot be opened."""
    if der.startswith(_OPENSSH):
        return _sealed_openssh(der), len(der)
    return min(_SEALED_HEAD, len(der) // 2), len(der)


def _sealed_openssh(der: bytes) -> int:
    """
    Where the encrypted section begins (OpenSSH, PROTOCOL.key): after the strings
    cipher, kdf, kdf options, a count, and the public key.
    """
    at = len(_OPENSSH)
    for skip in (0, 0, 0, 4):
        at += skip
        at += 4 + int.from_bytes(der[at : at + 4])
    return min(at + 4, max(len(der) - _SHORTEST, 0))


def _load(data: bytes) -> PrivateKeyTypes | None:
    for load in (
        serialization.load_pem_private_key,
        serialization.load_ssh_private_key,
        serialization.load_der_private_key,
    ):
        try:
            return load(data, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return None


def _numbers(key: PrivateKeyTypes | None) -> Iterator[bytes]:
    """The private numbers, big-endian, that are long enough to be told apart."""
    match key:
        case None:
            return
        case rsa.RSAPrivateKey():
            n = key.private_numbers()
            found = [n.d, n.p, n.q, n.dmp1, n.dmq1, n.iqmp]
        case ec.EllipticCurvePrivateKey():
            found = [key.private_numbers().private_value]
        case dsa.DSAPrivateKey():
            found = [key.private_numbers().x]
        case _:
            raw = getattr(key, "private_bytes_raw", None)
            if raw is not None:
                yield raw()
            return
    for number in found:
        data = number.to_bytes((number.bit_length() + 7) // 8)
        if len(data) >= _SHORTEST:
            yield data
