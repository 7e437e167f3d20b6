"""
How much of a message there was, and how much of it was read.

Why not in `account`: it counts bytes before there is a record to put them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Flowed(StrEnum):
    """How far a body came that went on while it was judged."""

    BEGUN = "begun"
    """Nothing has left yet; another record tells its end."""
    WHOLE = "whole"
    REFUSED = "refused"
    CUT = "cut"
    """A peer went away, or the inspection failed."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Bytes of one message, as sent."""

    out: int = 0
    inspected: int = 0
    skipped: int = 0
    """Not inspected: an uninspected statement, or a body refused before it was read."""
    opaque: int = 0
    """Charged to the ledger of what nobody can read; 0 when the message was refused."""
    why_skipped: str = ""
    """One word: `inspect-none`, `refused`, `passthrough`; empty when all was read."""
    flow: Flowed | None = None
    """None for a message that was held whole."""
    streamed: int = 0
    """Of a body that went on while it was judged: bytes that did, refused or not."""


NOTHING = Volume()
