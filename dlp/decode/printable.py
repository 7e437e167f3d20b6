"""
The printable stretches of bytes that are no text as a whole.

A decoded image or object file is not worth scanning byte by byte; what could carry a
secret in it, as `strings(1)` would show, is a small part.
"""

from __future__ import annotations

import re

from dlp.decode.pieces import Span
from dlp.decode.runs import Alphabet

_TEXT_BYTES = bytes([9, 10, 13, *range(0x20, 0x7F)])
STRETCH_BYTES = 12
"""Shorter stretches occur in random bytes by chance."""

_STRETCHES = Alphabet(_TEXT_BYTES, STRETCH_BYTES)
_STRETCH = re.compile(rb"[\x20-\x7e]{%d}" % STRETCH_BYTES)
_SAMPLE_BYTES = 4096


def has_text(data: bytes) -> bool:
    """True when a printable stretch occurs."""
    return _STRETCH.search(data) is not None


def is_texty(data: bytes) -> bool:
    """True when most of `data` is ASCII text, judged by both its ends."""
    sample = data[:_SAMPLE_BYTES] + data[-_SAMPLE_BYTES:]
    return len(sample.translate(None, _TEXT_BYTES)) * 4 <= len(sample)


def stretches(data: bytes) -> list[Span]:
    """Spans of the printable stretches of `data`."""
    return _STRETCHES.runs(data)
