"""
Base64 (RFC 4648) wherever it stands: standard and URL-safe, padded or not, at any
offset in a longer run.

A short run is decoded at all four alignments and kept where text or a known magic comes
out. A long one is decoded once, from its start: real blobs begin where their run does.
Text that starts at another alignment inside it is found by its shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pybase64

from dlp.decode.budget import Budget
from dlp.decode.magic import MAGICS, starts_known
from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.printable import has_text
from dlp.decode.runs import Alphabet
from dlp.decode.shape import NUL, TEXT, literal, shape
from dlp.decode.source import Source
from dlp.model import View

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BOTH = (_LETTERS + "+/", _LETTERS + "-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_LONG_BYTES = 4096
_RUNS = Alphabet(_LETTERS.encode() + b"+/-_", 16)

_FORWARD = shape(_BOTH, [TEXT], 5)
HINTS = (
    _FORWARD,
    shape(_BOTH, [TEXT, NUL], 2),
    *(pattern for magic in MAGICS for pattern in literal(_BOTH, magic)),
    r"[A-Za-z0-9+/\-_]{1024}",
)
_WITHIN = re.compile(_FORWARD.encode())


def base64(source: Source, budget: Budget) -> Iterator[View]:
    """What the base64 runs of a view decode to."""
    data = source.data
    short: list[Span] = []
    for span in _RUNS.runs(data):
        if span[1] - span[0] < _LONG_BYTES:
            short.append(span)
        else:
            yield from _long(source, span, budget)
    if short:
        yield from _short(source, short)


def _short(source: Source, spans: list[Span]) -> Iterator[View]:
    data = source.data.translate(_TO_STANDARD)
    for lead in range(4):
        kept: list[Span] = []
        texts: list[bytes] = []
        for span, text in _decode_all(data, spans, lead):
            if has_text(text) or starts_known(text):
                kept.append(span)
                texts.append(text)
        if kept:
            trace = Pieces(kept, [len(text) for text in texts], inner=whole)
            yield source.gather("base64", texts, trace)


def _decode_all(
    data: bytes, spans: list[Span], lead: int
) -> Iterator[tuple[Span, bytes]]:
    """Every run decoded from its byte `lead` on, with what was decoded."""
    for start, stop in spans:
        run = data[start + lead : stop]
        if len(run) % 4 == 1:
            run = run[:-1]
        if run:
            yield (start + lead, stop), pybase64.b64decode(run + b"=" * (-len(run) % 4))


def _long(source: Source, span: Span, budget: Budget) -> Iterator[View]:
    start, stop = span
    if (stop - start) * 3 // 4 > budget.room:
        budget.over("decoded")
        return
    run = source.data[start:stop]
    if b"-" in run or b"_" in run:
        run = run.translate(_TO_STANDARD)
    if len(run) % 4 == 1:
        run = run[:-1]
    text = pybase64.b64decode(run + b"=" * (-len(run) % 4))
    yield source.child("base64", text, span)
