"""
How much of a message there was, and how much of it was read.

Why not in `account`: it counts bytes before there is a record to put them in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dlp.model import Part, PartKind

_CONTENT = frozenset({PartKind.BODY, PartKind.FRAME})
_SAMPLE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Volume:
    """Bytes of one message, as sent."""

    out: int = 0
    inspected: int = 0
    skipped: int = 0
    """Not inspected: an uninspected statement, or a body refused before it was read."""
    opaque: int = 0
    """Of bodies and frames that are no text; see `opaque`."""
    why_skipped: str = ""
    """One word: `inspect-none`, `refused`, `passthrough`."""


NOTHING = Volume()


def opaque(parts: Iterable[Part]) -> int:
    """
    Bytes of content that could hide anything: neither text nor declared as compressed.

    Text is what is UTF-8 without NUL, judged by the first `_SAMPLE_BYTES`.
    """
    return sum(
        len(part.data)
        for part in parts
        if part.kind in _CONTENT and not part.encodings and not _is_text(part.data)
    )


def _is_text(data: bytes) -> bool:
    sample = data[:_SAMPLE_BYTES]
    if b"\0" in sample:
        return False
    if sample.isascii():
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(data) > len(sample)
    return True
