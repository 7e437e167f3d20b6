"""
What one process has to tell the others at once: two counts in a file that all map.

A process counts in its own slot how often it took something over (`begun`) and how
often that could be read from the store (`done`). Whoever sees a count he has not seen
knows that there is something to read, and whether it is there yet; a look costs no
system call.

Why not in `sqlite`: that says nothing before a transaction is over, and only when it is
asked. Why not in `dlp.metrics.cells`: those are numbers for people.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from dlp.errors import StateError
from dlp.state.locks import awaited, claim_one

SLOTS = 256
"""Processes at a time."""
_COUNT = 8
_SLOT = 2 * _COUNT
_SIZE = SLOTS * _SLOT


class Board:
    """The file of a folder, and the slot of this process in it."""

    def __init__(self, folder: Path) -> None:
        """
        Claim a slot, which is free again when the process ends.

        Raises:
            StateError: the folder cannot be used, or all slots are taken.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            claimed = claim_one(folder, (f"{number:03d}" for number in range(SLOTS)))
            with awaited(folder / "board.lock"):
                self._map = _mapped(folder / "board")
        except OSError as error:
            raise StateError(f"{folder} cannot be used: {error.strerror}") from error
        if claimed is None:
            raise StateError(f"{SLOTS} processes use {folder} already")
        name, self._guard = claimed
        self._at = int(name) * _SLOT
        self._begun = self._done = self._number(0)
        self._tell(_COUNT, self._done)  # what a dead predecessor did not end

    def begun(self) -> None:
        """Something was taken over that is to be read from the store soon."""
        self._begun += 1
        self._tell(0, self._begun)

    def done(self) -> None:
        """It can be read from now on, or never."""
        self._done += 1
        self._tell(_COUNT, self._done)

    def others(self) -> bytes:
        """What the other processes counted; differs when one took something over."""
        return self._map[: self._at] + self._map[self._at + _SLOT :]

    def close(self) -> None:
        """Give the slot back; nothing more is to come."""
        self._tell(_COUNT, self._begun)
        self._map.close()
        os.close(self._guard)

    def _number(self, place: int) -> int:
        at = self._at + place
        return int.from_bytes(self._map[at : at + _COUNT], "little")

    def _tell(self, place: int, count: int) -> None:
        at = self._at + place
        self._map[at : at + _COUNT] = count.to_bytes(_COUNT, "little")


def is_settled(seen: bytes) -> bool:
    """Whether all that was begun, as `Board.others` shows it, is done."""
    return all(
        seen[at : at + _COUNT] == seen[at + _COUNT : at + _SLOT]
        for at in range(0, len(seen), _SLOT)
    )


def _mapped(path: Path) -> mmap.mmap:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        there = os.fstat(file).st_size
        os.pwrite(file, bytes(_SIZE - there), there)  # a full disk stops the start
        return mmap.mmap(file, _SIZE)
    finally:
        os.close(file)
