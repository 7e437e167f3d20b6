"""
Tokens that hosts issued, as an index beside that of the registered secrets.

Only the plain form is kept: such tokens are many and short-lived, and what an encoding
hides the decoder shows. Two indexes share the work, so that a new token costs the
building of a small one.

Why not in `fingerprint.py`: a registered secret never changes under a running scan and
comes from a person; these come and go with the traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dlp.detect.known.enrol import Fingerprint, fingerprint
from dlp.detect.known.fingerprint import SecretHit, SecretIndex, SecretInfo
from dlp.detect.known.material import dissect
from dlp.detect.proof.bigrams import randomness
from dlp.errors import SecretError
from dlp.model import View

MIN_BITS = 64
"""Of a token, estimated; less is an id, a preference, a language."""
_DIGITS = re.compile(rb"(?=[\d-]*[a-f])[\da-f-]+|(?=[\d-]*[A-F])[\dA-F-]+")
"""Of base 16, in which no letter says what follows: UUIDs, most ids of sessions."""
LONGEST = 4096
"""Bytes; what is longer is data that somebody keeps in a cookie."""


@dataclass(frozen=True, slots=True)
class LearnedIndex:
    """Issued tokens. Immutable; scanned like `SecretIndex`."""

    parts: tuple[SecretIndex, ...] = ()

    @classmethod
    def build(
        cls, *groups: Iterable[tuple[SecretInfo, Fingerprint]], key: bytes
    ) -> LearnedIndex:
        """
        Make the index of several groups of tokens.

        Raises:
            SecretError: two tokens of a group have one name.
        """
        made = (SecretIndex.build(group, key) for group in groups)
        return cls(tuple(index for index in made if index.infos))

    def scan(self, views: Sequence[View]) -> list[SecretHit]:
        """Every place in the views where a token, or enough of one, stands."""
        return [hit for part in self.parts for hit in part.scan(views, hidden=False)]

    def named(self, value: bytes) -> tuple[str, ...]:
        """The names of exactly this token."""
        return tuple(name for part in self.parts for name in part.named(value))

    def info(self, name: str) -> SecretInfo:
        """Where a token that a hit named may go."""
        return next(part.infos[name] for part in self.parts if name in part.infos)


NONE = LearnedIndex()
"""What is known before any host issued anything."""


def is_material(value: bytes) -> bool:
    """Whether a token is random enough, and no words, to be worth knowing."""
    try:
        body = dissect(value).pieces[0]
    except SecretError:
        return False
    random = _DIGITS.fullmatch(body.data) is not None or randomness(body.data) >= 0
    return body.bits >= MIN_BITS and random


def learnable(value: bytes, key: bytes) -> Fingerprint | None:
    """The fingerprint of a token, or None when it is too plain, too long, or words."""
    if len(value) > LONGEST or not is_material(value):
        return None
    try:
        return fingerprint(value, key, only="plain")
    except SecretError:
        return None


def name_of(issuer: str, digest: bytes) -> str:
    """What a token is called in the index."""
    return f"issued:{issuer}:{digest.hex()[:12]}"


def issuer_of(name: str) -> str:
    """The host that handed out what is called so."""
    return name.removeprefix("issued:").rpartition(":")[0]
