"""
The rule: what one thing to look for is, once its file has been read.

Stands apart from `rules`, which reads the files and needs the confirming half of the
engine to run a rule's samples; that half needs only this.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dlp.detect.pattern import Pattern
from dlp.errors import Problem
from dlp.model import Tier

GENERIC = "generic"
"""The family of rules that know no vendor: any other explains a match better."""


_SEAM = re.compile(rb"[ _.-]+|(?<=[a-z0-9])(?=[A-Z])")


def in_words(name: bytes) -> bytes:
    """A name in one spelling: small letters, `_` between its words."""
    return _SEAM.sub(b"_", name).lower()


SURE = frozenset({Tier.CERTAIN, Tier.STRONG})
"""Rules that name a shape: no other finds by chance what is put together on trial."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for. Plain data, so that it can cross a process border."""

    id: str
    family: str
    description: str
    tier: Tier
    pattern: Pattern
    keywords: tuple[bytes, ...] = ()
    """Lower case."""
    context: int = 0
    """Bytes before the match in which a keyword must stand; 0: inside the match."""
    aside: tuple[bytes, ...] = ()
    """Names, as `in_words` spells them, beside which only a password counts."""
    prefixed: tuple[bytes, ...] = ()
    """The same, beside which nothing counts that has a prefix."""
    hosts: tuple[str, ...] = ()
    """The vendor's own; `*.x` means names under x."""
    slots: tuple[str, ...] = ()
    checks: tuple[tuple[str, float | None], ...] = ()
    on_secret: str = ""
    """What a finding does; empty: what the statement says."""
    unless: tuple[str, ...] = ()
    """Expressions: a secret in which one is found does not count."""
    matches: tuple[str, ...] = field(default=(), repr=False)
    ignores: tuple[str, ...] = field(default=(), repr=False)
    plugin: tuple[str, str, str] | None = None
    """Instead of the pattern, a detect-secrets plugin: file, class, file's digest."""
    place: tuple[str, int, int] = ("", 0, 0)
    """File, line and column of the pattern."""
    imported: bool = False
    """Made of a rule of another tool: in force also when its sample does not hold."""

    def problem(self, what: str, remedy: str) -> Problem:
        """A fault of this rule, at its pattern."""
        return Problem(*self.place, f"rule {self.id}: {what}", remedy)
