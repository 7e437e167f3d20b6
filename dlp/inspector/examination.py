"""
What was seen in a message: of the whole way, and of decode and detect alone.

Why not in the inspector: stores, record and redaction know these, not what made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from dlp.detect.opaque import Opaque
from dlp.model import Cut, Finding, Message, View, noun
from dlp.policy.reach import Reach


@noun
class Examination:
    """What stands in a message, before anything outside it is known."""

    message: Message
    reach: Reach
    findings: tuple[Finding, ...] = ()
    partials: Mapping[str, int] = field(default_factory=dict)
    """Per known secret, the bitmap of its grams seen outside its binding."""
    truncated: str = ""
    undecodable: tuple[str, ...] = ()
    foreign_credential: str = ""
    breach: str = ""
    inspected: int = 0
    """Decoded bytes that were looked at."""
    credentials: tuple[bytes, ...] = field(default=(), repr=False)
    """What filled the credential slots."""
    opaque: tuple[Opaque, ...] = ()
    """What nobody can read."""
    cut: tuple[Cut, ...] = ()
    """Compressed streams that do not end in the message."""


@noun
class Detection:
    """What decode and detect say of some parts."""

    findings: tuple[Finding, ...]
    partials: Mapping[str, int]
    truncated: str
    undecodable: tuple[str, ...]
    inspected: int
    views: tuple[View, ...]
    searched: tuple[View, ...]
    quiet: tuple[bytes, ...]
    """Names of what need not be decoded again, as far as rules and secrets go."""
    cut: tuple[Cut, ...]
