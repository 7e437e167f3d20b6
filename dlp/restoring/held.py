"""
Events that wait because the last text of their channel ends as a placeholder begins.

Why not in `events`: that decides what waits; this knows how a text lies over events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dlp.restoring.frames import Channel, Frame, Index

type Piece = tuple[Frame, int, int]
"""An event, and from where to where in its bytes."""


@dataclass(slots=True)
class Held:
    """The begin of what may be a placeholder, in the events of one channel."""

    channel: Channel
    block: Index | None
    pieces: list[Piece]

    @property
    def text(self) -> bytes:
        """The begin, put together."""
        return b"".join(frame.raw[start:stop] for frame, start, stop in self.pieces)

    def ended_by(self, frame: Frame) -> bool:
        """Whether an event of another channel shows that this one does not go on."""
        if frame.idle:
            return False
        if self.block is None or frame.block is None:
            return True
        return self.block[0] != frame.block[0] or self.block == frame.block

    def drop(self, size: int) -> Iterator[bytes]:
        """The first bytes begin nothing after all: the events that they free."""
        while self.pieces:
            frame, start, stop = self.pieces[0]
            if stop - start > size:
                self.pieces[0] = frame, start + size, stop
                return
            size -= stop - start
            yield frame.written()
            del self.pieces[0]

    def replace(self, size: int, new: bytes) -> None:
        """Put `new` where the first `size` bytes stand."""
        for frame, start, stop in self.pieces:
            end = min(stop, start + size)
            frame.edits.append((start, end, new))
            size -= end - start
            new = b""
