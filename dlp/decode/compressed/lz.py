"""LZ4 frames and Snappy blocks, which have no decoder in the standard library."""

from __future__ import annotations

_ENDLESS = 0x80000000


def lz4(data: memoryview, cap: int) -> tuple[bytes, int, bool]:
    """
    One LZ4 frame (lz4 Frame format 1.6): its bytes, at most `cap` and one block more;
    how much was read; and whether its end was reached.
    """
    if len(data) < 7:
        return b"", 0, False
    flags = data[4]
    at = 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    out = bytearray()
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4
        if size == 0:
            return bytes(out), at + (4 if flags & 4 else 0), True
        block = data[at : at + (size & ~_ENDLESS)]
        at += len(block)
        if size & _ENDLESS:
            out += block
        elif not _lz4_block(bytes(block), out, cap):
            break
        at += 4 if flags & 16 else 0
        if len(out) > cap or len(block) < size & ~_ENDLESS:
            break
    return bytes(out), min(at, len(data)), False


def lz4_block(data: bytes, cap: int) -> bytes:
    """One block without a frame: its bytes up to the damage, at most `cap`."""
    out = bytearray()
    _lz4_block(data, out, cap)
    return bytes(out[:cap])


def _lz4_block(block: bytes, out: bytearray, cap: int) -> bool:
    """Append a block's bytes; false when it is damaged or over the cap."""
    at, end = 0, len(block)
    while at < end:
        token = block[at]
        at, size = _run_length(block, at + 1, token >> 4)
        out += block[at : at + size]
        at += size
        if at >= end:
            return True
        back = int.from_bytes(block[at : at + 2], "little")
        at, size = _run_length(block, at + 2, token & 15)
        if not _repeat(out, back, size + 4) or len(out) > cap:
            return False
    return True


def _run_length(block: bytes, at: int, size: int) -> tuple[int, int]:
    if size == 15:
        while at < len(block):
            size += block[at]
            at += 1
            if block[at - 1] != 255:
                break
    return at, size


def _repeat(out: bytearray, back: int, size: int) -> bool:
    if not 0 < back <= len(out):
        return False
    start = len(out) - back
    if back >= size:
        out += out[start : start + size]
    else:
        out += (bytes(out[start:]) * (size // back + 1))[:size]
    return True


def snappy(data: bytes, cap: int) -> bytes | None:
    """One Snappy block (format_description.txt), or None when it is none."""
    size = shift = at = 0
    while at < len(data) and at < 5:
        size |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            break
    if not 0 < size <= cap:
        return None
    out = bytearray()
    while at < len(data) and len(out) < size:
        tag = data[at]
        at += 1
        kind, length = tag & 3, tag >> 2
        if kind == 0:
            extra = max(0, length - 59)
            length = (
                int.from_bytes(data[at : at + extra], "little") if extra else length
            )
            at += extra
            out += data[at : at + length + 1]
            at += length + 1
            continue
        width = (0, 1, 2, 4)[kind]
        back = int.from_bytes(data[at : at + width], "little")
        if kind == 1:
            back |= (tag >> 5) << 8
            length = (length & 7) + 3
        at += width
        if not _repeat(out, back, length + 1):
            return None
    return bytes(out) if len(out) == size else None
