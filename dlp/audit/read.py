"""Reading the log back: every line of every writer, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlp.audit import chain
from dlp.errors import UsageError
from dlp.record import reference_at

_TOLD = ("decision", "operation")
_CLOCK_SLACK_S = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """A decision or an operation, as it was written."""

    at: float
    writer: str
    seq: int
    kind: str
    data: dict[str, Any]


def lines(folder: Path) -> Iterator[Line]:
    """
    Every decision and operation, oldest first over all writers.

    Damaged lines are left out: `verify` is what speaks of them.
    """
    writers: dict[str, list[Path]] = {}
    for path in segments(folder):
        writers.setdefault(chain.segment_of(path.name)[0], []).append(path)
    streams = [_stream(paths) for _, paths in sorted(writers.items())]
    return heapq.merge(*streams, key=lambda line: line.at)


def since(
    folder: Path, positions: Mapping[str, int], limit: int
) -> tuple[list[Line], dict[str, int]]:
    """
    At most `limit` lines after `positions` (bytes read, by file), and where that ends.

    Lines come in the order of their writers; a line that is being written waits.
    """
    found: list[Line] = []
    paths = segments(folder)  # once: another writer may begin a file meanwhile
    reached = dict.fromkeys(map(_name, paths), 0)
    reached |= {name: at for name, at in positions.items() if name in reached}
    for path in paths:
        with suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(reached[path.name])
            while len(found) < limit and (raw := file.readline()).endswith(b"\n"):
                reached[path.name] += len(raw)
                if (line := _read(path, raw)) is not None:
                    found.append(line)
    return found, reached


def find(folder: Path, reference: str) -> Line | None:
    """
    The decision behind a reference.

    Raises:
        UsageError: the text is not a reference.
    """
    at = reference_at(reference)
    wanted = reference.encode()
    for path in segments(folder):
        if path.stat().st_mtime + _CLOCK_SLACK_S < at:
            continue
        with path.open("rb") as file:
            for raw in file:
                if wanted in raw and (line := _read(path, raw)) is not None:
                    return line
    return None


def last(folder: Path, count: int) -> list[Line]:
    """
    The newest `count` lines.

    Raises:
        UsageError: `count` is not positive.
    """
    if count < 1:
        raise UsageError("the number of lines must be 1 or more")
    return heapq.nlargest(count, lines(folder), key=lambda line: line.at)[::-1]


def segments(folder: Path) -> list[Path]:
    """The segments of all writers."""
    return sorted(folder.glob("*.[0-9]*.jsonl"))


def _name(path: Path) -> str:
    return path.name


def _stream(paths: list[Path]) -> Iterator[Line]:
    for path in paths:
        with suppress(FileNotFoundError), path.open("rb") as file:
            for raw in file:
                line = _read(path, raw)
                if line is not None:
                    yield line


def _read(path: Path, raw: bytes) -> Line | None:
    parsed = chain.parse(raw.rstrip(b"\n"))
    if parsed is None or parsed.kind not in _TOLD:
        return None
    at = parsed.data.get("at")
    if not isinstance(at, int | float):
        return None
    writer = chain.segment_of(path.name)[0]
    return Line(float(at), writer, parsed.seq, parsed.kind, parsed.data)
