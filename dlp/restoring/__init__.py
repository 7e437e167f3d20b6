"""
Answers in which placeholders are turned back into what they stood for.

Why beside `redact` and not in it: that sees a whole request; an answer arrives in
pieces, and each must go on at once.

Contract of the family: `feed(piece)` gives what can go on, `flush()` the rest. Nothing
is held but what may become a placeholder: the last bytes of a text, an event whose text
ends so, and the part of an event that has come. What holds no placeholder passes byte
for byte. A value is written as the place it comes to demands: escaped as often as the
JSON strings there are nested, as entities in XML, on lines of its own in an event.
Rule 1: only what this agent's own request held is put back, and only in the answer to
it: `Placeholders` are made for one exchange and end with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from dlp.restoring.events import Events
from dlp.restoring.frames import Framing
from dlp.restoring.names import Placeholders
from dlp.restoring.running import Running, as_json, as_markup, as_text


class Restorer(Protocol):
    """See the top of this file."""

    def feed(self, piece: bytes) -> bytes: ...
    def flush(self) -> bytes: ...


type _Make = Callable[[Placeholders], Restorer]

_KINDS: tuple[tuple[tuple[str, ...], _Make], ...] = (
    (("text/event-stream",), lambda names: Events(names, Framing.SSE)),
    (
        ("ndjson", "jsonl", "json-lines", "jsonlines", "stream+json", "json-seq"),
        lambda names: Events(names, Framing.LINES),
    ),
    (("json", "javascript"), lambda names: Running(names, as_json)),
    (("html", "xml"), lambda names: Running(names, as_markup)),
    (("text/",), lambda names: Running(names, as_text)),
)
"""By words of the media type; the first that stands in it decides."""


def restorer(stands_for: Mapping[str, str], media_type: str) -> Restorer | None:
    """What puts values back into a body of that type; None when nothing does."""
    kind = media_type.partition(";")[0].strip().lower()
    for words, make in _KINDS:
        if stands_for and any(word in kind for word in words):
            return make(Placeholders(stands_for))
    return None
