"""
Git deltas (gitformat-pack(5), "Deltified representation"): the bytes a delta inserts.

An insertion longer than 127 bytes is cut in pieces with a length between them; here it
is whole again. What a delta copies stands in its base, which is another object.
"""

from __future__ import annotations

_LONGEST_BYTES = 4 << 20


def literals(data: bytes) -> bytes | None:
    """
    The insertions of a delta, those that a copy parts on lines of their own; None when
    `data` is no delta: its instructions must add up to the size it states.
    """
    if len(data) > _LONGEST_BYTES:
        return None
    _, at = _size(data, 0)
    target, at = _size(data, at)
    if not 0 < at < len(data):
        return None
    out: list[bytes] = []
    made = 0
    while at < len(data):
        code = data[at]
        at += 1
        if code & 0x80:
            copied, at = _copy(data, at, code)
            made += copied
            out.append(b"\n")
        elif code == 0 or at + code > len(data):
            return None
        else:
            out.append(data[at : at + code])
            at += code
            made += code
        if made > target:
            return None
    return b"".join(out) if made == target else None


def _size(data: bytes, at: int) -> tuple[int, int]:
    """A little-endian base-128 number and where it ends; 0 when it does not."""
    value = shift = 0
    while at < len(data) and shift < 64:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    return 0, 0


def _copy(data: bytes, at: int, code: int) -> tuple[int, int]:
    """How many bytes a copy instruction copies, and where it ends."""
    at += (code & 0x0F).bit_count()
    size = 0
    for bit in range(3):
        if code & 0x10 << bit:
            size |= (data[at] if at < len(data) else 0) << 8 * bit
            at += 1
    return size or 0x10000, at
