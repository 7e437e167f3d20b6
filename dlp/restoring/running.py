"""One text from end to end: a JSON document, a page, plain text."""

from __future__ import annotations

import html
from collections.abc import Callable

from dlp.decode.documents.nesting import Nesting, escaped
from dlp.restoring.names import Placeholders

type Spell = Callable[[str, int], str]
"""How a value is written, so many JSON strings deep."""


def as_text(text: str, _depth: int) -> str:
    return text


def as_markup(text: str, _depth: int) -> str:
    return html.escape(text)


def as_json(text: str, depth: int) -> str:
    return escaped(text, depth)


class Running:
    """Passes a text on but for an end that may begin a placeholder."""

    def __init__(self, names: Placeholders, spell: Spell) -> None:
        self._names = names
        self._spell = spell
        self._held = b""
        self._nesting = Nesting()
        self._deep = names.special and spell is as_json

    def feed(self, piece: bytes) -> bytes:
        """What can go on by now."""
        data = self._held + piece
        keep = self._names.begun(data)
        return self._restored(data, len(data) - keep)

    def flush(self) -> bytes:
        """The end, which became no placeholder."""
        return self._restored(self._held, len(self._held))

    def _restored(self, data: bytes, end: int) -> bytes:
        out: list[bytes] = []
        done = 0
        for found in self._names.pattern.finditer(data):
            self._follow(data[done : found.start()])
            text = self._spell(self._names.text(found[0]), self._nesting.depth)
            out += [data[done : found.start()], text.encode()]
            self._follow(found[0])
            done = found.end()
        end = max(done, end)
        self._follow(data[done:end])
        self._held = data[end:]
        return b"".join([*out, data[done:end]])

    def _follow(self, text: bytes) -> None:
        if self._deep:
            self._nesting.feed(text)
