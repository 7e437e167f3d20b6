"""
Base64 (RFC 4648) wherever it stands: standard and URL-safe, padded or not, at any
offset in a longer run, reversed.

Every run is decoded at all four alignments, all short runs of a view in one call, and
kept where text or a container comes out. Of a long run that is no text at the alignment
(an image) only printable stretches are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pybase64

from dlp.decode.headless import headless
from dlp.decode.magic import CONTAINERS, MAGICS, begins_known
from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.printable import is_wide_text, may_be_readable, readable, stretches
from dlp.decode.runs import Alphabet
from dlp.decode.shape import NUL, TEXT, literal, shape
from dlp.decode.source import Source
from dlp.model import View

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BOTH = (_LETTERS + "+/", _LETTERS + "-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_LONG_BYTES = 4096
_NOISE_BYTES = 512
"""Of what is no text shorter runs are kept at every alignment, others at the first."""
_NAME_BYTES = 64
_WORDY = b"abcdefghijklmnopqrstuvwxyz+/"
"""What names and paths consist of, and base64 never alone."""
_RUNS = Alphabet(_LETTERS.encode() + b"+/-_", 16)
_ZLIB = re.compile(rb"(?<=/)(?:eJ[w-z]|eA[E-H]|eF[4-7]|eN[o-r])[A-Za-z0-9+/]{12,}")
"""A zlib stream that begins a segment of a path, in a run that began before."""

_TEXT_SHAPE = shape(_BOTH, [TEXT], 5)
_CLASSES = re.findall(r"\[.*?\]", _TEXT_SHAPE)
SPACED_SHAPE = f"(?:(?:{''.join(_CLASSES)}){{1,2}}[ \\n]){{4}}"
"""The same in groups of four or eight."""
_BACKWARDS_SHAPE = f"(?:{''.join(reversed(_CLASSES))}){{4}}"
BACKWARDS_HINTS = (f"=[0-9A-Za-z+/_\\-]{{2,3}}{_BACKWARDS_SHAPE}",)
"""Padded: without padding to look for it would cost as much as all of base64."""
_BACKWARDS = re.compile(_BACKWARDS_SHAPE.encode())

HINTS = (
    _TEXT_SHAPE,
    shape(_BOTH, [TEXT, NUL], 2),
    *(pattern for magic in MAGICS for pattern in literal(_BOTH, magic)),
    r"[A-Za-z0-9+/\-_]{200}",
    # zlib, whose two bytes are no magic: only where a run begins with them
    r"[^A-Za-z0-9+\-_](?:eJ[w-z]|eA[E-H]|eF[4-7]|eN[o-r])[A-Za-z0-9+/\-_]{12}",
    r"\A(?:eJ[w-z]|eA[E-H]|eF[4-7]|eN[o-r])[A-Za-z0-9+/\-_]{12}",
)
NOISE_HINTS = (r"[A-Za-z0-9+/]{20}",)


def base64(source: Source) -> Iterator[View]:
    """What the base64 runs of a view decode to."""
    data = source.data.translate(_TO_STANDARD)
    spans = [span for span in _RUNS.runs(data) if data[slice(*span)].strip(_WORDY)]
    spans += [match.span() for match in _ZLIB.finditer(data)]
    short = [span for span in spans if span[1] - span[0] < _LONG_BYTES]
    for lead in range(4):
        yield from _short(source, data, short, lead)
    for span in spans:
        if span[1] - span[0] >= _LONG_BYTES:
            yield from _long(source, data, span)


def _short(source: Source, data: bytes, spans: list[Span], lead: int) -> Iterator[View]:
    """Short runs, decoded from their byte `lead` on."""
    decoded, sizes = _decode([data[start + lead : stop] for start, stop in spans])
    text_in = may_be_readable(decoded)
    kept: list[tuple[Span, bytes]] = []
    noise: list[tuple[Span, bytes]] = []
    at = 0
    for (start, stop), (size, padded) in zip(spans, sizes, strict=True):
        text = decoded[at : at + size]
        at += padded
        found = (start + lead, stop), text
        if (text_in and readable(text)) or _opens(text, lead):
            kept.append(found)
        elif lead == 0 and (rest := _of_pair(text)):
            kept.append((found[0], rest))
        elif lead == 0 or (size < _NOISE_BYTES and b"/" in data[start:stop]):
            noise.append(found)
    if kept:
        yield _gathered(source, kept)
    if noise and not source.view.joined:
        source.budget.remains(_gathered(source, noise))


def _opens(text: bytes, lead: int) -> bool:
    """A container, or what only the whole of a run can be."""
    if text.startswith(CONTAINERS):
        return True
    return lead == 0 and (is_wide_text(text) or headless(text))


def _of_pair(text: bytes) -> bytes:
    """The name or password of a Basic credential (RFC 7617, 2) that is compressed."""
    for piece in (text.partition(b":")[2], text.rpartition(b":")[0]):
        if piece and len(text) - len(piece) <= _NAME_BYTES and _opens(piece, 0):
            return piece
    return b""


def _gathered(source: Source, found: list[tuple[Span, bytes]]) -> View:
    spans, texts = [span for span, _ in found], [text for _, text in found]
    return source.gather(
        "base64", texts, Pieces(spans, list(map(len, texts)), inner=whole)
    )


def _decode(runs: list[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """All runs in one call; of each its decoded size, without and with padding."""
    coded: list[bytes] = []
    sizes: list[tuple[int, int]] = []
    for run in runs:
        rest = -len(run) % 4
        coded.append(run + b"A" * rest if rest else run)
        sizes.append((len(run) * 6 // 8, (len(run) + rest) // 4 * 3))
    return pybase64.b64decode(b"".join(coded)), sizes


def _long(source: Source, data: bytes, span: Span) -> Iterator[View]:
    start, stop = span
    for lead in range(4):
        size = (stop - start - lead) * 3 // 4
        if size > source.budget.room:
            source.budget.over("decoded")
            return
        run = data[start + lead : stop]
        text = pybase64.b64decode(run + b"A" * (-len(run) % 4))[:size]
        if begins_known(text) or (lead == 0 and not source.view.joined):
            yield source.child("base64", text, span)
        else:
            yield source.child("base64", stretches(text), span)


def backwards(source: Source) -> Iterator[View]:
    """Runs that are base64 when read from their end."""
    data = source.data
    spans = [span for span in _RUNS.runs(data) if _BACKWARDS.search(data, *span)]
    if spans:
        texts = [data[start:stop][::-1] for start, stop in spans]
        trace = Pieces(spans, list(map(len, texts)), inner=whole)
        yield source.gather("reversed", texts, trace)
