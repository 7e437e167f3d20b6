"""
Proving that nothing in the log was changed, dropped, reordered or cut off.

Within a chain every line names the hash of the one before, so any change shows where
it happened. A cut at the end shows because the signed head names a line that is gone.
Lines written after the last head (at most a second of them) are chained but not yet
vouched for; the report counts them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dlp.audit import chain
from dlp.audit.chain import Head, Link, Parsed
from dlp.audit.segments import NOTHING, end_of, mark_of, signed
from dlp.errors import StateError


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    file: str
    line: int
    """1-based; 0 when the fault belongs to the file as a whole."""
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` saw."""

    writers: int
    lines: int
    unsigned: int
    """Lines after their writer's last signed head."""
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    """Not tampering: a write that a crash cut short, lines that retention removed."""


@dataclass(slots=True)
class _Walk:
    """The state of walking one chain."""

    writer: str
    key: Ed25519PublicKey
    head: Head | None
    mark: Head | None
    """Up to where retention removed lines."""
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    last: Link = NOTHING
    place: tuple[str, int] = ("", 0)
    count: int = 0
    begins: Parsed | None = None
    at_head: str = ""
    at_mark: str = ""
    wreck: tuple[str, int, bytes] | None = None

    def fault(self, what: str, place: tuple[str, int] | None = None) -> None:
        """Note a fault at the present line, or at `place`."""
        self.faults.append(Fault(*(place or self.place), what))


def verify(folder: Path, public: Path | None = None) -> Report:
    """
    Check every chain in an audit folder.

    Raises:
        StateError: there is no log, or no usable public key.
    """
    key = _key(public or folder / "public.pem")
    writers: dict[str, list[Path]] = {path.stem: [] for path in folder.glob("*.head")}
    for path in sorted(folder.glob("*.[0-9]*.jsonl")):
        writers.setdefault(chain.segment_of(path.name)[0], []).append(path)
    walks = [
        _walk(
            _Walk(
                name, key, signed(end_of(folder, name)), signed(mark_of(folder, name))
            ),
            paths,
        )
        for name, paths in sorted(writers.items())
    ]
    return Report(
        writers=len(walks),
        lines=sum(walk.count for walk in walks),
        unsigned=sum(_unsigned(walk) for walk in walks),
        faults=tuple(fault for walk in walks for fault in walk.faults),
        notes=tuple(note for walk in walks for note in walk.notes),
    )


def _key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except FileNotFoundError as error:
        raise StateError(
            f"there is no audit log to verify: {path} is missing"
        ) from error
    except (OSError, ValueError) as error:
        raise StateError(f"the public key {path} cannot be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise StateError(f"the public key {path} is not an Ed25519 key")
    return key


def _walk(walk: _Walk, paths: list[Path]) -> _Walk:
    for path in paths:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                _step(walk, (path.name, number), raw)
    if walk.wreck:
        _wreck_at_end(walk, *walk.wreck)
    _finish(walk)
    return walk


def _step(walk: _Walk, place: tuple[str, int], raw: bytes) -> None:
    parsed = chain.parse(raw[:-1]) if raw.endswith(b"\n") else None
    if parsed is None:
        if walk.wreck:
            walk.fault("is not an audit line", walk.wreck[:2])
        walk.wreck = (*place, raw)
        return
    if walk.wreck:
        _explain(walk, walk.wreck, parsed)
        walk.wreck = None
    before, walk.place = walk.place, place
    if walk.begins is None:
        walk.begins = parsed
        walk.last = Link(parsed.seq - 1, parsed.prev if parsed.seq > 1 else chain.START)
    _follow(walk, parsed, before)
    _special(walk, parsed)
    walk.last = Link(parsed.seq, parsed.hash)
    walk.count += 1
    if walk.head and walk.head.seq == parsed.seq:
        walk.at_head = parsed.hash
    if walk.mark and walk.mark.seq == parsed.seq:
        walk.at_mark = parsed.hash


def _follow(walk: _Walk, line: Parsed, before: tuple[str, int]) -> None:
    expected = walk.last.seq + 1
    if not line.sound:
        walk.fault(f"line {line.seq} was changed")
    elif line.seq > expected:
        walk.fault(f"lines {expected} to {line.seq - 1} were dropped before this one")
    elif line.seq < expected:
        walk.fault(f"line {line.seq} is out of order or repeated")
    elif line.prev != walk.last.hash:
        what = f"line {walk.last.seq} was replaced: line {line.seq} does not follow it"
        walk.fault(what, before)


def _special(walk: _Walk, line: Parsed) -> None:
    """Checkpoints vouch for the line before them."""
    if line.kind == "checkpoint":
        head = chain.head_of(line.data)
        if (
            head is None
            or (head.writer, head.seq, head.hash)
            != (walk.writer, walk.last.seq, walk.last.hash)
            or not chain.vouched(walk.key, head)
        ):
            walk.fault(f"line {line.seq}: the checkpoint's signature is wrong")


def _explain(walk: _Walk, wreck: tuple[str, int, bytes], line: Parsed) -> None:
    """A torn line is harmless when the next one accounts for exactly these bytes."""
    file, number, raw = wreck
    torn = {hashlib.sha256(raw).hexdigest(), hashlib.sha256(raw[:-1]).hexdigest()}
    if line.kind == "recovered" and line.data.get("sha256") in torn:
        what = "a write was cut short by a crash; the writer went on after it"
        walk.notes.append(Fault(file, number, what))
    else:
        walk.fault("is not an audit line", (file, number))


def _wreck_at_end(walk: _Walk, file: str, number: int, raw: bytes) -> None:
    if raw.endswith(b"\n"):
        walk.fault("is not an audit line", (file, number))
    else:
        what = "the last write was cut short; its message was not forwarded"
        walk.notes.append(Fault(file, number, what))


def _finish(walk: _Walk) -> None:
    """Compare the chain's beginning with what was removed, its end with the head."""
    begins, head, name = walk.begins, walk.head, walk.writer
    gone = _removed(walk)
    if begins and begins.seq > 1 and gone.seq < begins.seq - 1:
        walk.fault(f"lines {gone.seq + 1} to {begins.seq - 1} were dropped", (name, 0))
    end = walk.last.seq if begins else gone.seq
    if head is None:
        walk.fault("the signed head is missing or damaged", (f"{name}.head", 0))
    elif head.writer != name or not chain.vouched(walk.key, head):
        walk.fault("the head's signature is wrong", (f"{name}.head", 0))
    elif end < head.seq:
        what = f"truncated: lines {end + 1} to {head.seq} are gone"
        walk.fault(what, walk.place if begins else (name, 0))
    elif head.seq > gone.seq and walk.at_head != head.hash:
        walk.fault(f"line {head.seq} is not the one that was signed")


def _removed(walk: _Walk) -> Link:
    """The last line that retention removed, where the rest of the chain agrees."""
    mark, begins = walk.mark, walk.begins
    if mark is None:
        return NOTHING
    file = mark_of(Path(), walk.writer).name
    if mark.writer != walk.writer or not chain.vouched(walk.key, mark, chain.PRUNED):
        walk.fault("the signature of what was removed is wrong", (file, 0))
        return NOTHING
    # A line that was marked may still be there: then the chain runs through it.
    follows = begins is None or begins.seq > mark.seq + 1
    if begins and begins.seq == mark.seq + 1:
        follows = begins.prev == mark.hash
    elif begins and begins.seq <= mark.seq:
        follows = walk.at_mark == mark.hash
    if not follows:
        walk.fault(f"line {mark.seq} is not the one that was removed", (file, 0))
        return NOTHING
    what = f"retention removed lines up to {mark.seq}"
    walk.notes.append(Fault(file, 0, what))
    return Link(mark.seq, mark.hash)


def _unsigned(walk: _Walk) -> int:
    return max(0, walk.last.seq - walk.head.seq) if walk.head else walk.count
