"""
Declared content codings (RFC 9110, 8.4), undone in full or reported.

Only here can something be `undecodable`: the sender said how the bytes are to be read,
and they could not be read that way. Whatever the outcome the raw bytes stay a view, so
a second gzip member, bytes after the end or a file name in the header hide nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from dlp.decode.budget import Budget
from dlp.decode.compressed.inflate import Stream, inflate
from dlp.decode.compressed.lz import snappy
from dlp.decode.source import Source
from dlp.model import Limits, View

Undo = Callable[[bytes, Budget], bytes | None]
"""Undoes one coding; None when the bytes are not in it."""


def undo_codings(source: Source, codings: tuple[str, ...]) -> View:
    """
    The innermost view that the declared codings lead to.

    What cannot be undone is added to `budget.undecodable`; what was undone before it is
    returned.
    """
    view, budget = source.view, source.budget
    for coding in reversed(codings):
        name = coding.strip().lower()
        if name in ("identity", ""):
            continue
        undo = CODINGS.get(name)
        data = undo(view.data, budget) if undo else None
        if data is None:
            budget.undecodable.append(f"{view.path} > {name[:40]}")
            break
        budget.produced += len(data)
        view = Source(view, budget).child(name, data)
    return view


def uncoded(data: bytes, codings: tuple[str, ...], limits: Limits) -> bytes | None:
    """What the declared codings of a body hide; None where it cannot be had in full."""
    budget = Budget(limits)
    for coding in reversed(codings):
        undo = CODINGS.get(coding.strip().lower())
        plain = undo(data, budget) if undo else None
        if plain is None or budget.truncated:
            return None
        data = plain
    return data


def _streams(*codecs: str) -> Undo:
    """All streams that follow one another, in the first codec that fits."""

    def undo(data: bytes, budget: Budget) -> bytes | None:
        for codec in codecs:
            result = _concatenated(data, codec, budget)
            if result is not None:
                return result
        return None

    return undo


def _concatenated(data: bytes, codec: str, budget: Budget) -> bytes | None:
    out: list[bytes] = []
    rest = memoryview(data)
    cap = budget.cap(len(data))
    while rest:
        stream: Stream = inflate(rest, codec, cap)
        if stream.capped:
            budget.capped(len(data))
        elif not stream.whole:
            return b"".join(out) if out and not stream.data else None
        out.append(stream.data)
        cap -= len(stream.data)
        if stream.capped or codec in _SINGLE or not stream.used:
            break
        rest = rest[stream.used :]
    return b"".join(out)


_SINGLE = frozenset({"zlib", "deflate", "br"})


def _unchunk(data: bytes, _budget: Budget) -> bytes | None:
    """`aws-chunked` (Amazon S3, SigV4 streaming): size;signature CRLF data CRLF."""
    out: list[bytes] = []
    at = 0
    while at < len(data):
        line = data.find(b"\r\n", at, at + 1024)
        head = data[at : max(line, at)].split(b";")[0]
        if line < 0 or not head or head.strip(b"0123456789abcdefABCDEF"):
            return None
        size = int(head, 16)
        if size == 0:
            return b"".join(out)
        out.append(data[line + 2 : line + 2 + size])
        at = line + 2 + size + 2
    return None


def _unsnap(data: bytes, budget: Budget) -> bytes | None:
    return snappy(data, budget.cap(len(data)))


CODINGS: dict[str, Undo] = {
    "gzip": _streams("gzip"),
    "x-gzip": _streams("gzip"),
    "deflate": _streams("zlib", "deflate"),
    "br": _streams("br"),
    "zstd": _streams("zstd"),
    "bzip2": _streams("bz2"),
    "x-bzip2": _streams("bz2"),
    "xz": _streams("xz"),
    "lz4": _streams("lz4"),
    "snappy": _unsnap,
    "aws-chunked": _unchunk,
}
