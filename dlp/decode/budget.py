"""
What one message may still cost, and what could not be read.

Every decoder gets the `Budget`: it asks `room` before it makes bytes and says `over`
with the name of the limit that stopped it. Nothing is ever raised, but for who cannot
wait: who asks may say when all is to be left as it is. Bytes bound the work of a
message; processor time is the backstop for the bytes that cost more than others.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dlp.errors import UnfinishedError
from dlp.model import Limits, View

type Spent = Callable[[], bool]
"""Whether the time is over that who asks can wait; once it is, it stays so."""

FREE_OUTPUT_BYTES = 1 << 20
"""Output of one compressed stream that no ratio bounds."""
FREE_WORK_BYTES = 4 << 20
"""
Output of all decoders that no ratio bounds. Streams in streams multiply their ratios:
822 bytes of gzip in gzip took three seconds until they came to `decoded`.
"""

BYTES_PER_EXPANSION = 128
"""
Bytes that were sent for each decoder run beyond `expansions`. A push of 300 commits has
one for each 390 bytes, a short one for each 130: its objects are compressed one by one.
"""


@dataclass(slots=True)
class Budget:
    """Counts of one `decode` call."""

    limits: Limits
    produced: int = 0
    """Bytes that decoders have made so far."""
    expansions: int = 0
    truncated: str = ""
    undecodable: list[str] = field(default_factory=list)
    residue: list[View] = field(default_factory=list)
    """What came out and is no text: see `Decoded.residue`."""
    barren: set[tuple[str, bytes]] = field(default_factory=set, repr=False)
    """Step and run of symbols: what gave no text where another view had it."""
    cut: list[tuple[View, int, str]] = field(default_factory=list)
    """Streams that go on where their view ends: the view, the start, the codec."""

    spent: Spent | None = field(default=None, repr=False)
    end: float = math.inf
    """Of this thread's processor time, when it is over; see `Limits.seconds`."""

    @classmethod
    def of(cls, limits: Limits, size: int, spent: Spent | None = None) -> Budget:
        """For a message of `size` raw bytes."""
        fair = FREE_WORK_BYTES + limits.ratio * size
        runs = limits.expansions + size // BYTES_PER_EXPANSION
        limits = replace(limits, decoded=min(limits.decoded, fair), expansions=runs)
        end = time.thread_time() + limits.seconds * (1 + size / (1 << 20))
        return cls(limits, spent=spent, end=end)

    @property
    def room(self) -> int:
        """Bytes that may still be made."""
        return max(0, self.limits.decoded - self.produced)

    def over(self, limit: str) -> None:
        """Record the first limit that was hit."""
        self.truncated = self.truncated or limit

    def cap(self, size: int) -> int:
        """The most bytes a compressed stream of `size` bytes may become."""
        return min(self.room, FREE_OUTPUT_BYTES + self.limits.ratio * size)

    def capped(self, size: int) -> None:
        """Record which limit cut a compressed stream of `size` bytes."""
        by_ratio = FREE_OUTPUT_BYTES + self.limits.ratio * size
        self.over("ratio" if by_ratio < self.room else "decoded")

    def spend(self, size: int) -> bool:
        """Count the bytes of a view that was made; False when none fits any more."""
        had = self.room
        self.produced += size
        if size > had:
            self.over("decoded")
        return (had > 0 or size == 0) and not self._is_late()

    def remains(self, view: View) -> None:
        """Keep what came out and is no text."""
        if self.spend(len(view.data)):
            self.residue.append(view)

    def go_on(self) -> bool:
        """
        To be asked before what takes long; False where the message's time is over.

        Raises:
            UnfinishedError: who asks cannot wait for it.
        """
        if self.spent is not None and self.spent():
            raise UnfinishedError("it takes too long to read")
        return not self._is_late()

    def expand(self) -> None:
        """Count a decoder run that produced something."""
        self.expansions += 1
        if self.expansions > self.limits.expansions:
            self.over("expansions")

    def _is_late(self) -> bool:
        """Whether the time is over; who cannot wait asks about less than that."""
        late = self.spent is None and time.thread_time() > self.end
        if late:
            self.over("time")
        return late
