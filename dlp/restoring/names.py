"""The placeholders of one request, and how to find them in pieces of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dlp.decode.documents.nesting import escaped


class Placeholders:
    """What stood where; lives as long as one exchange, and is never written down."""

    __slots__ = ("_by_name", "_longest", "pattern", "special")

    def __init__(self, stands_for: Mapping[str, str]) -> None:
        self._by_name = {name.encode(): text for name, text in stands_for.items()}
        names = sorted(self._by_name, key=len, reverse=True)
        self.pattern = re.compile(b"|".join(map(re.escape, names)))
        self._longest = len(names[0])
        self.special = any(escaped(text, 1) != text for text in stands_for.values())
        """Whether it matters how deep in JSON a value comes to stand."""

    def text(self, name: bytes) -> str:
        """What a placeholder stands for."""
        return self._by_name[name]

    def begun(self, data: bytes) -> int:
        """How many bytes at the end of `data` may begin a placeholder."""
        at = max(0, len(data) - self._longest + 1)
        while (at := data.find(b"r", at)) >= 0:
            if self.could_be(data[at:]):
                return len(data) - at
            at += 1
        return 0

    def could_be(self, head: bytes) -> bool:
        """Whether more than `head` would make a placeholder of it."""
        return any(
            name.startswith(head) and len(head) < len(name) for name in self._by_name
        )
