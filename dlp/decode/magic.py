"""Signatures of formats: containers that we open, media that we only look into."""

from __future__ import annotations

GZIP = b"\x1f\x8b\x08"
ZIP = b"PK\x03\x04"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\0"
ZSTD = b"\x28\xb5\x2f\xfd"
PDF = b"%PDF-"
PACK = b"PACK\0\0\0"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

MAGICS = (GZIP, ZIP, b"BZh9", XZ, ZSTD, PDF, PACK)
"""Containers whose signature is long enough to be told from chance."""


def starts_known(data: bytes) -> bool:
    """True when `data` begins like a container."""
    return data.startswith((*MAGICS, *ZLIB))
