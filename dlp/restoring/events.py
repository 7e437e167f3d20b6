"""
Streams of small documents: server-sent events, JSON lines.

A model's text comes in deltas, so a placeholder may begin in one event and end in
another. Which texts go on where the last one stopped is not asked of each vendor: texts
are one **channel** when they stand at the same path of events of the same type with the
same indexes (of choice, block, item, tool call). An event whose text ends as a
placeholder begins is held until the next of its channel, or until an event shows that
there is none; pings, and events of another choice or block, pass it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from dlp.decode.documents.nesting import Nesting, escaped, unescaped
from dlp.restoring.document import Leaf
from dlp.restoring.frames import Channel, Frame, Framing, may_go_on, read_frame
from dlp.restoring.held import Held
from dlp.restoring.names import Placeholders
from dlp.restoring.running import Running, as_json

MOST_BYTES = 256 << 10
"""Of an event that does not end; from there on it passes as a running text."""
MOST_CHANNELS = 64
"""That are held at once, or followed for how deep their text stands in JSON."""


class Events:
    """Passes events on; see the top of this file."""

    def __init__(self, names: Placeholders, framing: Framing) -> None:
        self._names = names
        self._framing = framing
        self._begun = b""
        self._long: Running | None = None
        self._held: list[Held] = []
        self._nestings: dict[Channel, Nesting] = {}

    def feed(self, piece: bytes) -> bytes:
        """The events that can go on by now."""
        data = self._begun + piece
        # An end of several bytes may have come in two pieces.
        seen = max(0, len(self._begun) - 3)
        at = 0
        out: list[bytes] = []
        for end in self._framing.value.finditer(data, seen):
            out += self._event(data[at : end.end()])
            at = end.end()
        self._begun = data[at:]
        if self._long or len(self._begun) > MOST_BYTES:
            out += self._running(self._begun)
            self._begun = b""
        return b"".join(out)

    def flush(self) -> bytes:
        """Everything that is left."""
        rest, self._begun = self._begun, b""
        out = list(self._event(rest)) if rest or self._long else []
        return b"".join([*out, *self._let_go(self._held)])

    def _running(self, piece: bytes) -> Iterator[bytes]:
        if self._long is None:
            yield from self._let_go(self._held)
            self._long = Running(self._names, as_json)
        yield self._long.feed(piece)

    def _event(self, raw: bytes) -> Iterator[bytes]:
        if self._long:
            yield self._long.feed(raw) + self._long.flush()
            self._long = None
            return
        frame = read_frame(raw, self._framing)
        at = [text.start for text in frame.texts]
        waits = False
        for held in list(self._held):
            longer = yield from self._go_on(held, frame, at, free=not waits)
            waits = waits or longer
        self._replace(frame, at)
        if not waits and not self._ends_open(frame, at):
            yield frame.written()
        elif len(self._held) > MOST_CHANNELS:
            yield from self._let_go(list(self._held))

    def _go_on(
        self, held: Held, frame: Frame, at: list[int], *, free: bool
    ) -> Generator[bytes, None, bool]:
        """
        What an event means to one that waits; `at` moves on over what it completes.
        True when now both wait, which a frame can do for one channel only (`free`).
        """
        channels = [frame.channel(text) for text in frame.texts]
        if held.channel not in channels:
            if held.ended_by(frame):
                yield from self._let_go([held])
            return False
        number = channels.index(held.channel)
        text = frame.texts[number]
        begun = len(held.text)
        joined = held.text + frame.raw[text.start : text.stop]
        for first in range(begun):
            name = self._names.pattern.match(joined, first)
            longer = free and not name and self._names.could_be(joined[first:])
            if name or longer:
                break
        else:
            yield from self._let_go([held])
            return False
        self._follow(held.channel, joined[:first])
        yield from held.drop(first)
        held.pieces.append((frame, text.start, text.stop))
        at[number] = text.stop
        if name:
            held.replace(len(name[0]), self._spelled(name[0], frame, held.channel))
            at[number] = text.start + name.end() - begun
            self._held.remove(held)
            yield from (one.written() for one, _, _ in held.pieces[:-1])
        return longer

    def _let_go(self, held: list[Held]) -> Iterator[bytes]:
        for one in held:
            self._held.remove(one)
            self._follow(one.channel, one.text)
            yield from (frame.written() for frame, _, _ in one.pieces)

    # -- what stands in one event ---------------------------------------------------

    def _replace(self, frame: Frame, at: list[int]) -> None:
        """Whole placeholders; `at` moves on over them."""
        if frame.whole:
            running = Running(self._names, as_json if frame.is_json else as_lines)
            frame.raw = running.feed(frame.raw) + running.flush()
        for number, text in enumerate(frame.texts):
            channel = frame.channel(text)
            for name in self._names.pattern.finditer(frame.raw, at[number], text.stop):
                self._follow(channel, frame.raw[at[number] : name.start()])
                new = self._spelled(name[0], frame, channel)
                frame.edits.append((*name.span(), new))
                at[number] = name.end()

    def _ends_open(self, frame: Frame, at: list[int]) -> bool:
        """Whether a text ends as a placeholder begins; then the event waits."""
        longest: tuple[int, Leaf] | None = None
        for number, text in enumerate(frame.texts):
            rest = frame.raw[at[number] : text.stop]
            size = self._names.begun(rest) if may_go_on(text) else 0
            if size and (longest is None or size > longest[0]):
                longest = size, text
            self._follow(frame.channel(text), rest[: len(rest) - size])
        if longest is None:
            return False
        size, text = longest
        piece = frame, text.stop - size, text.stop
        self._held.append(Held(frame.channel(text), frame.block, [piece]))
        return True

    def _spelled(self, name: bytes, frame: Frame, channel: Channel) -> bytes:
        text = self._names.text(name)
        if not frame.is_json:
            return as_lines(text, 0).encode()
        nesting = self._nestings.get(channel)
        self._follow(channel, name)
        return escaped(text, 1 + (nesting.depth if nesting else 0)).encode()

    def _follow(self, channel: Channel, raw: bytes) -> None:
        """Know how deep in JSON of its own the text of a channel has come."""
        if not self._names.special or not raw:
            return
        if channel not in self._nestings and len(self._nestings) >= MOST_CHANNELS:
            self._nestings.clear()
        nesting = self._nestings.setdefault(channel, Nesting())
        nesting.feed(unescaped(raw, 1) or b"")


def as_lines(text: str, _depth: int) -> str:
    """In an event that is no JSON each line is a field of its own."""
    return "\ndata: ".join(text.splitlines()) if len(text.splitlines()) > 1 else text
