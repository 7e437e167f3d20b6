"""
Numbers in a mapped file: one file per worker, one cell of 8 bytes per number.

The file is allocated in full before it is used, so a full disk stops the start and
never a running worker. It holds a list of names, one line per child in the order of
their cells, then the cells. A worker claims a file by a lock that dies with it; the
next worker to claim the file counts on from where it stood.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import orjson

from dlp.errors import StateError
from dlp.metrics.table import BY_NAME, GAUGE, OVERFLOW, TABLE, WORKER, Label
from dlp.state.locks import claim_one

NAMES_BYTES = 1 << 20
CELLS = 32 << 10
_STAMP = hashlib.sha256(repr(TABLE).encode()).digest()
_CELLS_AT = len(_STAMP) + NAMES_BYTES
_SIZE = _CELLS_AT + 8 * CELLS
_SLOTS = 256

Child = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One worker's numbers at one moment."""

    slot: str
    alive: bool
    values: dict[Child, tuple[float, ...]]


class Cell:
    """One number. Counting is safe from any thread."""

    __slots__ = ("_cells", "_index", "_lock")

    def __init__(self, cells: memoryview[float], index: int, lock: Lock) -> None:
        self._cells = cells
        self._index = index
        self._lock = lock

    def inc(self, by: float = 1.0) -> None:
        """Add."""
        with self._lock:
            self._cells[self._index] += by

    def set(self, value: float) -> None:
        """Replace."""
        self._cells[self._index] = value


class Cells:
    """The file of this process."""

    def __init__(self, folder: Path, owner: str = WORKER) -> None:
        """
        Claim a file in `folder`, for the metrics of that owner.

        Raises:
            StateError: no file can be made.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.slot, self._guard = _claim(folder)
            self._map = _map(folder / f"{self.slot}.cells")
        except OSError as error:
            raise StateError(
                f"the metrics folder {folder} cannot be used: {error.strerror}"
            ) from error
        self.lock = Lock()
        self.values = memoryview(self._map)[_CELLS_AT:].cast("d")
        self._index: dict[Child, int] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._seen: dict[tuple[str, int], set[str]] = {}
        self._names_end = len(_STAMP)
        self._next = 0
        self._restore(owner)

    def index(self, name: str, labels: tuple[str, ...] = ()) -> int:
        """The first cell of a child, made if it is new; see `Label` for the bounds."""
        found = self._index.get((name, labels))
        if found is not None:
            return found
        metric = BY_NAME[name]
        bounded = tuple(
            self._bound(name, place, label, value)
            for place, (label, value) in enumerate(
                zip(metric.labels, labels, strict=True)
            )
        )
        with self.lock:
            index = self._index.get((name, bounded))
            if index is None:
                index = self._allocate(name, bounded)
            if bounded == labels:
                self._index[name, labels] = index
        return index

    def cell(self, name: str, *labels: str) -> Cell:
        """A child's number, to be kept by who counts often."""
        return Cell(self.values, self.index(name, labels), self.lock)

    def close(self) -> None:
        """Let the file go; its numbers stay."""
        self.values.release()
        os.close(self._guard)

    def _bound(self, name: str, place: int, label: Label, value: str) -> str:
        if value in label.known or value == OVERFLOW:
            return value
        seen = self._seen.setdefault((name, place), set())
        if value not in seen:
            if len(seen) >= label.cap:
                return OVERFLOW
            seen.add(value)
        return value

    def _allocate(self, name: str, labels: tuple[str, ...]) -> int:
        """With the lock held. The name is whole before its cells count."""
        line = orjson.dumps([name, labels]) + b"\n"
        index, end = self._next, self._names_end + len(line)
        metric = BY_NAME[name]
        if end > _CELLS_AT or index + metric.cells > CELLS:
            raise StateError("more metric children than the metrics file can hold")
        self._map[self._names_end : end] = line
        self._names_end, self._next = end, index + metric.cells
        self._index[name, labels] = index
        return index

    def _restore(self, owner: str) -> None:
        """Take the numbers of a predecessor over, less its gauges."""
        for (name, labels), index in _children(self._map):
            metric = BY_NAME[name]
            self._index[name, labels] = index
            self._next = index + metric.cells
            for place, (label, value) in enumerate(
                zip(metric.labels, labels, strict=True)
            ):
                self._bound(name, place, label, value)
            if metric.kind == GAUGE:
                self.values[index] = metric.start
        names = self._map[len(_STAMP) : _CELLS_AT]
        self._names_end += names.rfind(b"\n") + 1
        for metric in TABLE:
            for labels in metric.children() if metric.owner == owner else ():
                index = self.index(metric.name, labels)
                if metric.kind == GAUGE:
                    self.values[index] = metric.start


def read(folder: Path) -> list[Snapshot]:
    """The numbers of every worker that ever counted in `folder`."""
    found = []
    for path in sorted(folder.glob("*.cells")):
        data = path.read_bytes()
        if len(data) != _SIZE or not data.startswith(_STAMP):
            continue
        values = memoryview(data)[_CELLS_AT:].cast("d")
        numbers = {
            child: tuple(values[index : index + BY_NAME[child[0]].cells])
            for child, index in _children(data)
        }
        found.append(Snapshot(path.stem, _held(path.with_suffix(".lock")), numbers))
    return found


def clear(folder: Path) -> None:
    """Forget what workers that are gone have counted."""
    for path in folder.glob("*.cells"):
        if not _held(path.with_suffix(".lock")):
            path.unlink(missing_ok=True)


def _children(data: bytes | mmap.mmap) -> Iterator[tuple[Child, int]]:
    index = 0
    names = data[len(_STAMP) : _CELLS_AT]
    for line in names[: names.rfind(b"\n") + 1].splitlines():
        name, labels = orjson.loads(line)
        yield (name, tuple(labels)), index
        index += BY_NAME[name].cells


def _claim(folder: Path) -> tuple[str, int]:
    if claimed := claim_one(folder, (f"{number:03d}" for number in range(_SLOTS))):
        return claimed
    raise StateError(f"{_SLOTS} workers count in {folder} already")


def _held(path: Path) -> bool:
    try:
        guard = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(guard, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(guard)
    return False


def _map(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        stamp = os.pread(descriptor, len(_STAMP), 0)
        if stamp != _STAMP or os.fstat(descriptor).st_size != _SIZE:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _STAMP + bytes(_SIZE - len(_STAMP)), 0)
        return mmap.mmap(descriptor, _SIZE)
    finally:
        os.close(descriptor)
