"""Signatures of the formats that are opened wherever they start."""

from __future__ import annotations

import re

GZIP = b"\x1f\x8b\x08"
ZIP = b"PK\x03\x04"
BZIP2 = b"BZh"
XZ = b"\xfd7zXZ\0"
ZSTD = b"\x28\xb5\x2f\xfd"
LZMA = b"\x5d\x00\x00"
LZIP = b"LZIP\x01"
LZ4 = b"\x04\x22\x4d\x18"
PDF = b"%PDF-"
PACK = b"PACK\0\0\0"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_CODE = b"\x48\x89"
"""Also how every tenth instruction of x86-64 begins."""
SMALL_ZLIB = tuple(
    b"\0" * (head == _CODE) + head
    for window in range(0x08, 0x78, 0x10)
    for level in range(0x00, 0x100, 0x40)
    for head in [bytes([window, level + 31 - (window << 8 | level) % 31])]
)
"""
The same for windows under 32 KiB (RFC 1950, 2.2), as libpng writes short texts; the one
that is code too behind a zero, which is not of it.
"""

MAGICS = (GZIP, ZIP, BZIP2 + b"9", XZ, ZSTD, LZ4, LZIP, PDF, PACK)
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
