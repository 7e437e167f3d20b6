"""
Runs of base64 in which no text stands as they are: compressed without a signature, in
another order of symbols, backwards, or made unreadable.

Why not in base64.py: there the symbols already tell that text will come out, at any
offset of a run; here nothing tells, so only whole runs are tried, and what remains is
kept for those who know what they look for (`Decoded.residue`).
"""

from __future__ import annotations

import string
from collections.abc import Iterator

import numpy as np

from dlp.decode.codes.base64 import LETTERS, Batch, word_runs
from dlp.decode.compressed.headless import codec_of, headless
from dlp.decode.compressed.magic import CONTAINERS
from dlp.decode.kinds import changes
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES, has_stretch, is_all_text, is_wide_text
from dlp.decode.runs import Alphabet, unwrapped_only
from dlp.decode.source import Source
from dlp.model import View

HINTS = (r"[A-Za-z0-9+/]{16}",)

_LONGEST = 4096
"""Longer runs are decoded by base64.py, whatever comes out."""
_LOOSE_BYTES = 512
"""A run up to this length may begin with segments of a path."""
_NAME_BYTES = 64
_SHORTEST = 16
_SHORT_BYTES = 256
_WITH_DOTS = Alphabet(LETTERS.encode() + b"./", 22)

_OFTEN = 0.42
"""Changes of kind for each symbol; of random ones it is 0.64."""

_STANDARD = LETTERS + "+/"
_UPPER, _LOWER, _DIGITS = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits,
)
_ORDERS = (
    _DIGITS + _UPPER + _LOWER + "+/",
    _DIGITS + _LOWER + _UPPER + "+/",
    _LOWER + _UPPER + _DIGITS + "+/",
    _STANDARD[::-1],
    _UPPER[13:] + _UPPER[:13] + _LOWER[13:] + _LOWER[:13] + _DIGITS + "+/",
    _UPPER[::-1] + _LOWER[::-1] + _DIGITS + "+/",
)
_DOTTED_ORDERS = (
    "./" + _DIGITS + _UPPER + _LOWER,  # crypt(3)
    "./" + _UPPER + _LOWER + _DIGITS,  # bcrypt
)


def _to_standard(order: str) -> bytes:
    return bytes.maketrans(order.encode(), _STANDARD.encode())


_TABLES = tuple(map(_to_standard, _ORDERS))
_XX_ORDER = "+-" + _DIGITS + _UPPER + _LOWER
_XX_SET = _XX_ORDER.encode()
_XX = _to_standard(_XX_ORDER)
_DOTTED_TABLES = tuple(map(_to_standard, _DOTTED_ORDERS))


def noise(source: Source) -> Iterator[View]:
    """What runs that are no text in base64 give in any other way."""
    data, spans = word_runs(source.data)
    barren = source.budget.barren
    spans = _drawn(data, unwrapped_only(spans))
    found: list[tuple[Span, bytes]] = []
    rest: list[tuple[Span, bytes]] = []
    chance: list[tuple[Span, bytes]] = []
    known: set[Span] = set()
    told: set[Span] = set()
    for span, text in Batch.of(data, spans).decoded():
        if ("noise", source.data[slice(*span)]) in barren:
            known.add(span)
            rest.append((span, text))
        elif has_stretch(text):
            chance += [(span, text)] if _may_be_chance(text) else []
        elif is_all_text(text) or is_wide_text(text):
            found.append((span, text))
        elif headless(text):
            told.add(span)
            yield source.child("base64", text, span)  # beside another, one is none
        elif piece := _of_pair(text):
            found.append((span, piece))
        else:
            rest.append((span, text))
    loose = [span for span, _ in rest if span not in known]
    found += _in_other_orders(data, loose, _TABLES)
    found += _in_turned_pairs(data, loose)
    found += _diagrams(source.data, data, loose)
    found += _xxencoded(source.data, loose)
    found += _dotted(source)
    found += _backwards(data, loose)
    yield from source.found("base64", found)
    told.update(span for span, _ in found)
    barren.update(("noise", source.data[slice(*s)]) for s in loose if s not in told)
    if rest:
        loose = [span for span, _ in rest if _is_loose(data, *span)]
        for lead in range(1, 4) if loose else ():
            rest += Batch.of(data, loose, lead).decoded()
    for view in source.found("base64", rest + chance):
        source.budget.remains(view)


def _drawn(data: bytes, spans: list[Span]) -> list[Span]:
    """
    The runs in which case and digits change as often as in base64 of anything.

    In names of any style they change at every word, which is half as often; of 22
    random symbols 97 in 100 are kept, of 32 all.
    """
    if not spans:
        return spans
    before = np.concatenate(([0, 0], np.cumsum(changes(data))))
    edges = np.array(spans)
    sizes = edges[:, 1] - edges[:, 0]
    often = before[edges[:, 1]] - before[edges[:, 0] + 1] > sizes * _OFTEN
    kept = (often & (sizes < _LONGEST)).nonzero()[0].tolist()
    return [spans[index] for index in kept]


def _may_be_chance(text: bytes) -> bool:
    """Whether what has a stretch of text is short, and otherwise none."""
    return len(text) <= _SHORT_BYTES and bool(text.translate(None, TEXT_BYTES))


def _is_loose(data: bytes, start: int, stop: int) -> bool:
    return stop - start < _LOOSE_BYTES and b"/" in data[start:stop]


def _of_pair(text: bytes) -> bytes:
    """The name or password of a Basic credential (RFC 7617, 2) that is compressed."""
    if b":" not in text:
        return b""
    for piece in (text.partition(b":")[2], text.rpartition(b":")[0]):
        if not piece or len(text) - len(piece) > _NAME_BYTES:
            continue
        if piece.startswith(CONTAINERS) or is_wide_text(piece) or headless(piece):
            return piece
    return b""


def _in_other_orders(
    data: bytes, spans: list[Span], tables: tuple[bytes, ...]
) -> Iterator[tuple[Span, bytes]]:
    """Whole runs that are text, or hold it, when their symbols have other values."""
    if not spans:
        return
    batch = Batch.of(data, spans)
    for table in tables:
        yield from batch.readable_in(table)
        yield from batch.packed_in(table)


def _in_turned_pairs(data: bytes, spans: list[Span]) -> Iterator[tuple[Span, bytes]]:
    """The same where each symbol stands before the one that it followed."""
    for start, stop in spans:
        even = stop - (stop - start) % 2
        turned = bytearray(data[start:even])
        turned[::2], turned[1::2] = data[start + 1 : even : 2], data[start:even:2]
        for _, text in Batch.of(bytes(turned), [(0, even - start)]).readable_in():
            yield (start, stop), text


def _diagrams(
    raw: bytes, data: bytes, spans: list[Span]
) -> Iterator[tuple[Span, bytes]]:
    """
    Last segments of paths that are raw deflate under the order of digits first, as URLs
    of PlantUML's servers are. Its encoders fill the last group with zeros.
    """
    own = [(max(at, raw.rfind(b"/", at, end) + 1), end) for at, end in spans]
    own = [span for span in own if span[1] - span[0] >= _SHORTEST]
    if not own:
        return
    for span, filled in Batch.of(data, own).decoded(_TABLES[0]):
        for text in (filled, filled.removesuffix(b"\0"), filled.removesuffix(b"\0\0")):
            if codec_of(text) == "deflate":
                yield span, text
                break


def _dotted(source: Source) -> list[tuple[Span, bytes]]:
    """The same in orders with a dot, which more words consist of."""
    data, barren = source.data, source.budget.barren
    runs = _WITH_DOTS.runs(data)
    fresh = [span for span in runs if ("dotted", data[slice(*span)]) not in barren]
    found = list(_in_other_orders(data, fresh, _DOTTED_TABLES))
    told = {span for span, _ in found}
    barren.update(("dotted", data[slice(*span)]) for span in fresh if span not in told)
    return found


def _xxencoded(data: bytes, spans: list[Span]) -> Iterator[tuple[Span, bytes]]:
    """Lines of xxencode: a symbol for the length, then groups filled up with zeros."""
    own = [
        span for span in spans if not data[span[0] : span[1]].translate(None, _XX_SET)
    ]
    yield from _in_other_orders(data, own, (_XX,))
    for span, filled in Batch.of(data, own, 1).decoded(_XX):
        text = filled.rstrip(b"\0")
        if text and not text.translate(None, TEXT_BYTES):
            yield span, text


def _backwards(data: bytes, spans: list[Span]) -> Iterator[tuple[Span, bytes]]:
    back, size = data[::-1], len(data)
    turned = [(size - stop, size - start) for start, stop in spans]
    whole = Batch.of(back, turned).decoded()
    for span, (_, text) in zip(spans, whole, strict=True):
        if text.startswith(CONTAINERS) or not text.translate(None, TEXT_BYTES):
            yield span, text
