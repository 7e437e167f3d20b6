"""
Letting go of old segments so that what stays can still be proved.

Rule 1: before segments go, a signed mark, `WRITER.pruned`, names the last line that
goes. After a crash between the two, lines are left that the mark speaks of; they still
chain up to it. Rule 2: a chain's newest segment stays, for the head signs its end; one
of age is closed by a new, empty one. Rule 3: what a place that the log is sent to has
not taken stays, unless that place has taken nothing for `PATIENCE_S`.

Why not in `log`: a writer cannot let go of what others wrote, and some are gone.
"""

from __future__ import annotations

import heapq
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dlp.audit import chain
from dlp.audit.read import segments
from dlp.audit.segments import NOTHING, last_good, mark_of
from dlp.model import Retention
from dlp.state.folder import write_private
from dlp.state.locks import held

DAY_S = 86400
PATIENCE_S = 7 * DAY_S


@dataclass(frozen=True, slots=True)
class _Segment:
    path: Path
    writer: str
    size: int
    changed_at: float


def prune(
    folder: Path, key: Ed25519PrivateKey, keep: Retention, now: float
) -> tuple[Path, ...]:
    """
    Remove what is over; what was removed. Another process that does so now goes first.

    Raises:
        OSError: something could not be removed, or marked.
    """
    with held(folder / "prune.lock") as alone:
        if not alone:
            return ()
        since = now - keep.days * DAY_S if keep.days else float("-inf")
        _close_aged(folder, since)
        doomed = _doomed(folder, keep.bytes, since, now)
        for writer, paths in doomed.items():
            gone = next((end for end in map(_end, reversed(paths)) if end.seq), None)
            if gone:
                mark = chain.sign(key, writer, gone, now, chain.PRUNED)
                write_private(mark_of(folder, writer), orjson.dumps(asdict(mark)))
            for path in paths:
                path.unlink()
        return tuple(path for paths in doomed.values() for path in paths)


def _doomed(folder: Path, most: int, since: float, now: float) -> dict[str, list[Path]]:
    """Segments to remove, by writer: always the beginning of a chain."""
    found = _segments(folder)
    chains: dict[str, list[_Segment]] = {}
    for segment in found:
        chains.setdefault(segment.writer, []).append(segment)
    unsent = _unsent(folder, found, now)
    total = sum(segment.size for segment in found)
    stopped: set[str] = set()
    doomed: dict[str, list[Path]] = {}
    # Oldest first, but every chain in its own order, whatever the clock did.
    for segment in heapq.merge(*chains.values(), key=lambda each: each.changed_at):
        over = segment.changed_at < since or total > most
        last = segment is chains[segment.writer][-1]
        if segment.writer in stopped or last or not over or segment.path in unsent:
            stopped.add(segment.writer)
            continue
        doomed.setdefault(segment.writer, []).append(segment.path)
        total -= segment.size
    return doomed


def _segments(folder: Path) -> list[_Segment]:
    found = []
    for path in segments(folder):
        status = path.stat()
        writer, _ = chain.segment_of(path.name)
        found.append(_Segment(path, writer, status.st_size, status.st_mtime))
    return found


def _unsent(folder: Path, found: list[_Segment], now: float) -> frozenset[Path]:
    """What some place that is sent the log has not taken whole."""
    held: set[Path] = set()
    for place in (folder / "ship").glob("*.json"):
        if place.stat().st_mtime >= now - PATIENCE_S:
            reached = _reached(place)
            held |= {s.path for s in found if reached.get(s.path.name, 0) < s.size}
    return frozenset(held)


def _reached(place: Path) -> dict[str, int]:
    """Bytes that were taken, by file; of a damaged note, none."""
    try:
        told = orjson.loads(place.read_bytes())
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _close_aged(folder: Path, since: float) -> None:
    """Give a chain that nobody writes to an empty segment after one that is of age."""
    newest = {segment.writer: segment for segment in _segments(folder)}
    for writer, segment in newest.items():
        if segment.size and segment.changed_at < since:
            with held(folder / f"{writer}.lock") as unused:
                if unused:
                    _, number = chain.segment_of(segment.path.name)
                    path = folder / chain.segment_name(writer, number + 1)
                    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _end(path: Path) -> chain.Link:
    return last_good(path)[0] if path.stat().st_size else NOTHING
