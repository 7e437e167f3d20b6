"""One event of a stream: its bytes, the texts in it, and what is changed in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from dlp.restoring.document import Leaf, Path, leaves


class Framing(Enum):
    """How a stream is cut into events."""

    SSE = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
    """An empty line (HTML standard, 9.2.6)."""
    LINES = re.compile(rb"\n")


_DATA = re.compile(rb"(?:\A|[\r\n])data:(?P<space> ?)(?P<value>[^\r\n]*)")
_NAME = re.compile(rb"(?:\A|[\r\n])event: ?(?P<value>[^\r\n]*)")
_IDLE = frozenset({"ping", "heartbeat", "keepalive", "keep-alive"})
_LABEL = re.compile(
    r"id|type|role|model|object|name|status|event|created|version|provider"
    r"|.*(?:_id|Id|_?[rR]eason|_?[sS]ignature|[fF]ingerprint|_tier|[vV]ersion)"
    r"|encrypted_content|obfuscation"
)
"""Keys whose texts are names of things: none goes on in the next event."""

type Index = tuple[str, bytes]
type Channel = tuple[str, Path, tuple[Index, ...]]


@dataclass(slots=True)
class Frame:
    """One event. `edits` are made when it is written."""

    raw: bytes
    name: str = ""
    """The type of the event, from its own line or from the document."""
    texts: list[Leaf] = field(default_factory=list)
    indexes: tuple[Index, ...] = ()
    block: Index | None = None
    """The outermost index: which choice, block or item the event belongs to."""
    is_json: bool = False
    whole: bool = False
    """Of several data lines: no texts are told apart in it."""
    edits: list[tuple[int, int, bytes]] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Whether it says nothing but that the stream lives."""
        return self.name in _IDLE or not (self.texts or self.indexes or self.whole)

    def channel(self, text: Leaf) -> Channel:
        """What goes on in the next event, if `text` does."""
        return self.name, text.path, self.indexes

    def written(self) -> bytes:
        """Its bytes as they go to the agent."""
        if not self.edits:
            return self.raw
        out: list[bytes] = []
        done = 0
        for start, stop, new in sorted(self.edits):
            out += [self.raw[done:start], new]
            done = stop
        return b"".join([*out, self.raw[done:]])


def read_frame(raw: bytes, framing: Framing) -> Frame:
    """What stands in one event, as far as restoring needs to know it."""
    if framing is Framing.LINES:
        return _read(Frame(raw), 0, len(raw))
    name = _NAME.search(raw)
    frame = Frame(raw, name["value"].decode(errors="replace") if name else "")
    data = list(_DATA.finditer(raw))
    if len(data) == 1:
        return _read(frame, *data[0].span("value"))
    frame.whole = bool(data)
    frame.is_json = bool(data) and data[0]["value"].lstrip()[:1] in (b"{", b"[")
    return frame


def _read(frame: Frame, start: int, stop: int) -> Frame:
    found = leaves(frame.raw, start, stop)
    if found is None:
        frame.texts = [Leaf((), start, stop, is_text=True)]
        return frame
    frame.is_json = True
    frame.texts = [leaf for leaf in found if leaf.is_text]
    frame.name = next(_types(frame), frame.name)
    numbers = [leaf for leaf in found if not leaf.is_text and _is_index(leaf.key)]
    frame.indexes = tuple((n.key, frame.raw[n.start : n.stop]) for n in numbers)
    if numbers:
        outer = min(numbers, key=lambda leaf: len(leaf.path))
        frame.block = outer.key, frame.raw[outer.start : outer.stop]
    return frame


def may_go_on(text: Leaf) -> bool:
    """Whether the next event could hold the rest of it."""
    return not _LABEL.fullmatch(text.key)


def _types(frame: Frame) -> Iterator[str]:
    for text in frame.texts:
        if text.path == ("type",):
            yield frame.raw[text.start : text.stop].decode(errors="replace")


def _is_index(key: str) -> bool:
    return key == "index" or key.endswith("_index")
