"""
What a pure function gave for a text, by keyed digest: no text is kept.

An agent sends the same headers and the same instructions in every request, and what
reading them gave is the same each time. Why not in `decode` or `detect`: both remember.
"""

from __future__ import annotations

from hashlib import blake2b

LONGEST = 4096
"""Bytes of a text that is remembered; hashing a longer one costs what it saves."""
_MOST = 16384
"""Answers of the newer half, after which the older half is forgotten."""


class Memory[V]:
    """
    Answers by text; those that are asked for stay. Any number of threads may use it;
    what is lost is made again.
    """

    __slots__ = ("_key", "_newer", "_older")

    def __init__(self, key: bytes = b"") -> None:
        """`key`: of the digests, at most 64 bytes."""
        self._key = key
        self._newer: dict[bytes, V] = {}
        self._older: dict[bytes, V] = {}

    def name(self, text: bytes, kind: bytes = b"") -> bytes:
        """What `text` is remembered by; `kind` (16 bytes at most) tells uses apart."""
        return blake2b(text, digest_size=16, key=self._key, person=kind).digest()

    def get(self, name: bytes) -> V | None:
        """The answer, or None."""
        answer = self._newer.get(name)
        if answer is None:
            answer = self._older.get(name)
            if answer is not None:
                self.put(name, answer)
        return answer

    def put(self, name: bytes, answer: V) -> None:
        """Remember an answer."""
        if len(self._newer) >= _MOST:
            self._older, self._newer = self._newer, {}
        self._newer[name] = answer
