"""Signatures of the formats that are opened wherever they start."""

from __future__ import annotations

import re

GZIP = b"\x1f\x8b\x08"
ZIP = b"PK\x03\x04"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\0"
ZSTD = b"\x28\xb5\x2f\xfd"
LZMA = b"\x5d\x00\x00"
LZ4 = b"\x04\x22\x4d\x18"
PDF = b"%PDF-"
PACK = b"PACK\0\0\0"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

MAGICS = (GZIP, ZIP, BZIP2 + b"9", XZ, ZSTD, LZ4, PDF, PACK)
"""Those long enough to be told from chance in coded text."""
CONTAINERS = (*MAGICS, *ZLIB)

_NEAR_BYTES = 96
_QUERY = re.compile(rb"..[\x00\x01].\x00\x01\x00{5}[\x00\x01]", re.DOTALL)
"""The head of a DNS query of one name (RFC 1035, 4.1.1)."""


def begins_known(data: bytes) -> bool:
    """True when a container begins at or near the start of `data`."""
    head = data[:_NEAR_BYTES]
    return head.startswith(ZLIB) or any(magic in head for magic in MAGICS)


def is_query(data: bytes) -> bool:
    """Whether `data` is a question to a name server."""
    return _QUERY.match(data) is not None
