"""
How much of a message there was, and how much of it was read.

Why not in `account`: it counts bytes before there is a record to put them in.
"""

from __future__ import annotations

from dataclasses import dataclass


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


STREAMING = "streaming"
"""`why_skipped` of a body that is judged as it flows: another record tells its end."""
NOTHING = Volume()
BROKEN_OFF = "broken off after"
"""In the detail of a refusal: how many bytes of a body had gone on before it."""
