"""
What of a message is known from before, and what is to be known of it afterwards.

Why not in `work`: that decodes what it is told to. Why not in `dlp.memory`: that knows
texts, and not what a document consists of.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dlp.decode.pieces import Span
from dlp.memory import LONGEST, Memory
from dlp.model import Names, View

_SHORTEST_BYTES = 8
"""Less than this is not worth a view."""
_STRING, _SECTION, _PROSE = b"a JSON string", b"a JSON join", b"known prose"


@dataclass(frozen=True, slots=True)
class Recall:
    """What is known of texts from before."""

    barren: Memory[bool] = field(default_factory=Memory)
    """No decoder makes anything of them."""
    quiet: Memory[bool] | None = None
    """
    In nothing that came out of them stood anything: they are not decoded again. Also
    strings of JSON, as they stand there. Named as `barren` names texts.
    """


@dataclass(frozen=True, slots=True)
class Known:
    """Asked about every text of one message; remembers which were new."""

    recall: Recall
    names: Names = field(default_factory=Names)
    """Of what is new."""

    def name(self, view: View) -> bytes:
        """What a view is remembered by; empty: it is not."""
        if len(view.data) > LONGEST:
            return b""
        return self.recall.barren.name(view.data, _use(view))

    def is_barren(self, name: bytes) -> bool:
        """Whether no decoder makes anything of the text of this name."""
        return name != b"" and self.recall.barren.get(name) is not None

    def put_barren(self, name: bytes) -> None:
        """No decoder made anything of it."""
        if name:
            self.recall.barren.put(name, True)  # noqa: FBT003  # an answer, no flag

    def is_new(self, view: View) -> bool:
        """Whether it is not known that nothing is to come of a view."""
        if len(view.data) < _SHORTEST_BYTES:
            return False
        name = self.name(view) if self.recall.quiet is not None else b""
        return not name or self._is_new(name, view.part, self.names.views)

    def is_new_string(self, part: int, text: bytes) -> bool:
        """Whether a string of a document is to be decoded."""
        return self._is_new_piece(text, _STRING, part, self.names.strings)

    def is_new_section(self, part: int, text: bytes) -> bool:
        """Whether a section of a join of strings is to be shown."""
        return self._is_new_piece(text, _SECTION, part, self.names.sections)

    def is_prose(self, view: View, span: Span) -> bool:
        """Whether it is known that in a long string of a document there is nothing."""
        quiet = self.recall.quiet
        if quiet is None:
            return False
        name = self.recall.barren.name(view.data[slice(*span)], _PROSE)
        if quiet.get(name):
            return True
        self.names.prose.append((name, view.part, span))
        return False

    def _is_new_piece(
        self, text: bytes, kind: bytes, part: int, rows: list[tuple[bytes, int]]
    ) -> bool:
        if self.recall.quiet is None:
            return True
        return self._is_new(self.recall.barren.name(text, kind), part, rows)

    def _is_new(self, name: bytes, part: int, rows: list[tuple[bytes, int]]) -> bool:
        assert self.recall.quiet is not None
        if self.recall.quiet.get(name):
            return False
        rows.append((name, part))
        return True


def _use(view: View) -> bytes:
    """What else a decoder goes by, besides the text."""
    return (b"+" if view.joined else b"") + view.step.encode()[:15]
