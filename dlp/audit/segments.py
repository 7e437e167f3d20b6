"""
The files of a chain: its segments, and the last sound line of one.

Why not in `chain`: that is bytes in, values out. Why not in `read`: that tells
everybody what was written; this finds the end for whoever writes on or removes.
"""

from __future__ import annotations

from pathlib import Path

from dlp.audit import chain
from dlp.audit.chain import Head, Link

NOTHING = Link(0, chain.START)
_REREAD_BYTES = 4 << 20


def segments_of(folder: Path, writer: str) -> list[Path]:
    """A writer's segments, oldest first."""
    return sorted(folder.glob(f"{writer}.[0-9]*.jsonl"))


def last_good(path: Path) -> tuple[Link, bytes]:
    """The last sound line of a segment, and the bytes after it that are not one."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _REREAD_BYTES))
        data = file.read()
    end = len(data)
    while end > 0:
        start = data.rfind(b"\n", 0, end - 1) + 1
        line = data[start:end]
        parsed = chain.parse(line[:-1]) if line.endswith(b"\n") else None
        if parsed and parsed.sound:
            return Link(parsed.seq, parsed.hash), data[end:]
        end = start
    return NOTHING, data


def signed(path: Path) -> Head | None:
    """What a signed file says, or None when there is none, or it is damaged."""
    try:
        return chain.read_head(path.read_bytes())
    except FileNotFoundError:
        return None


def end_of(folder: Path, writer: str) -> Path:
    """The signed end of a writer's chain."""
    return folder / f"{writer}.head"


def mark_of(folder: Path, writer: str) -> Path:
    """The signed place up to which a writer's chain was removed."""
    return folder / f"{writer}.pruned"
