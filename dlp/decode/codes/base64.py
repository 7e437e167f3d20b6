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
from dataclasses import dataclass

import numpy as np
import pybase64

from dlp.decode.codes.scaled import is_binary
from dlp.decode.compressed.inflate import inflate
from dlp.decode.compressed.magic import (
    CONTAINERS,
    MAGICS,
    ZLIB,
    begins_known,
    is_query,
)
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES, readable, stretches
from dlp.decode.runs import Alphabet
from dlp.decode.shape import NUL, TEXT, literal, shape
from dlp.decode.source import Source
from dlp.model import View

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BOTH = (LETTERS + "+/", LETTERS + "-_")
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_LONG_BYTES = 4096
_PROBE_BYTES = 4096
_SHORTEST = 12
_WORDY = b"abcdefghijklmnopqrstuvwxyz+/"
"""What names and paths consist of, and base64 never alone."""
_RUNS = Alphabet(LETTERS.encode() + b"+/-_", 16)
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
    r"[A-Za-z0-9+/\-_]{104}",
    r"[A-Za-z0-9+/\-_]{5}[AQgw]ABAAAAAAA[AB]",  # a question to a name server
    # zlib, whose two bytes are no magic: only where a run begins with them
    r"[^A-Za-z0-9+\-_](?:eJ[w-z]|eA[E-H]|eF[4-7]|eN[o-r])[A-Za-z0-9+/\-_]{12}",
    r"\A(?:eJ[w-z]|eA[E-H]|eF[4-7]|eN[o-r])[A-Za-z0-9+/\-_]{12}",
)


_PIECE = rb"[A-Za-z0-9+/_\-]{2,64}+={0,2}"
_BETWEEN = rb"[\s,;:|.\"'&\[\]()]{0,4}"
_PIECES = re.compile(rb"(?:%b%b){2,}+" % (_PIECE, _BETWEEN))
_ONE_PIECE = re.compile(_PIECE)
_CALL = r"(?:atob|b64decode|[dD]ecode64|base64_decode|FromBase64String)\([bB]?[\"'`]"
PIECES_HINTS = (
    r"[A-Za-z0-9+/_\-]{2}={1,2}[^A-Za-z0-9=]{0,4}[A-Za-z0-9+/_\-]{2,64}={1,2}[^A-Za-z0-9=]{0,4}[A-Za-z0-9]",
    rf"(?:{_CALL}[A-Za-z0-9+/_=\-]{{2,64}}[^A-Za-z0-9]{{2,8}}){{2}}",
)
"""Pieces that are padded each, or decoded each by a call."""
_CALLED = re.compile(rb"(?:%b%b[^A-Za-z0-9]{2,8}){2,}+" % (_CALL.encode(), _PIECE))
_CALLED_PIECE = re.compile(rb"%b(%b)" % (_CALL.encode(), _PIECE))

_FEW = 6
"""Runs up to which one after the other is faster than arrays."""
_OFTEN, _TYPED = 4, 36
"""One in so many bytes of numbers with a type each, and how many of these there are."""
_STRANGE = bytes(b not in TEXT_BYTES for b in range(256))


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that are decoded in one call."""

    spans: list[Span]
    coded: bytes
    """All runs, each filled up to whole groups."""
    sizes: list[tuple[int, int]]
    """Of each run its decoded size, without and with what fills it up."""

    @classmethod
    def of(cls, data: bytes, spans: list[Span], lead: int = 0) -> Batch:
        """The runs of `data` at the spans, without their first `lead` symbols."""
        coded: list[bytes] = []
        sizes: list[tuple[int, int]] = []
        for start, stop in spans:
            run = data[start + lead : stop]
            rest = -len(run) % 4
            coded.append(run + b"A" * rest if rest else run)
            sizes.append((len(run) * 6 // 8, (len(run) + rest) // 4 * 3))
        inside = [(start + lead, stop) for start, stop in spans] if lead else spans
        return cls(inside, b"".join(coded), sizes)

    def decoded(self, table: bytes | None = None) -> Iterator[tuple[Span, bytes]]:
        """What each run decodes to; `table` translates symbols to the standard ones."""
        coded = self.coded.translate(table) if table else self.coded
        decoded = pybase64.b64decode(coded)
        at = 0
        for span, (size, padded) in zip(self.spans, self.sizes, strict=True):
            yield span, decoded[at : at + size]
            at += padded

    def readable_in(self, table: bytes | None = None) -> Iterator[tuple[Span, bytes]]:
        """Those of `decoded` that are text from end to end."""
        if len(self.spans) <= _FEW:
            for span, text in self.decoded(table):
                if not text.translate(None, TEXT_BYTES):
                    yield span, text
            return
        coded = self.coded.translate(table) if table else self.coded
        decoded = pybase64.b64decode(coded)
        sizes = np.array(self.sizes)
        starts = np.cumsum(sizes[:, 1]) - sizes[:, 1]
        strange = np.frombuffer(decoded.translate(_STRANGE), np.uint8)
        before = np.concatenate(([0], np.cumsum(strange, dtype=np.int64)))
        plain = before[starts + sizes[:, 0]] == before[starts]
        for index in plain.nonzero()[0].tolist():
            at = int(starts[index])
            yield self.spans[index], decoded[at : at + self.sizes[index][0]]

    def packed_in(self, table: bytes) -> Iterator[tuple[Span, bytes]]:
        """Those of `decoded` that are a container; zlib, which begins often, whole."""
        decoded = pybase64.b64decode(self.coded.translate(table))
        if not any(magic in decoded for magic in CONTAINERS):
            return
        for span, text in self.decoded(table):
            if not text.startswith(CONTAINERS):
                continue
            if not text.startswith(ZLIB) or _is_zlib(text):
                yield span, text


def _is_zlib(data: bytes) -> bool:
    probe = inflate(data, "zlib", _PROBE_BYTES)
    return probe.whole or probe.capped


def word_runs(data: bytes) -> tuple[bytes, list[Span]]:
    """The data in the standard alphabet, and its runs that are not plain words."""
    data = data.translate(_TO_STANDARD)
    return data, [s for s in _RUNS.runs(data) if data[s[0] : s[1]].strip(_WORDY)]


def base64(source: Source) -> Iterator[View]:
    """What the base64 runs of a view decode to."""
    data, spans = word_runs(source.data)
    spans += [match.span() for match in _ZLIB.finditer(data)]
    short = [span for span in spans if span[1] - span[0] < _LONG_BYTES]
    for lead in range(4):
        rows = Batch.of(data, short, lead).decoded()
        found = [row for row in rows if _says_something(row[1])]
        yield from source.found("base64", found)
    for span in spans:
        if span[1] - span[0] >= _LONG_BYTES:
            yield from _long(source, data, span)


def _says_something(data: bytes) -> bool:
    """Text, a container, or mostly what values of a type have in common."""
    if readable(data) or is_query(data) or is_binary(data):
        return True
    return max(data.count(b"\0"), data.count(b"\1")) * _OFTEN > len(data) > _TYPED


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


def pieces(source: Source) -> Iterator[View]:
    """Pieces of text that were encoded and padded each by itself, side by side."""
    data = source.data.translate(_TO_STANDARD)
    found = [
        row
        for match in _PIECES.finditer(data)
        for row in _texts_of_pieces(data, match.span())
    ]
    found += [
        (match.span(), b"".join(map(_text_of, _CALLED_PIECE.findall(match[0]))))
        for match in _CALLED.finditer(data)
    ]
    yield from source.found("base64", found)


def _texts_of_pieces(data: bytes, span: Span) -> Iterator[tuple[Span, bytes]]:
    """The pieces in a row that decode to text, from the first padded one on."""
    texts: list[bytes] = []
    start = stop = 0
    for piece in [*_ONE_PIECE.finditer(data, *span), None]:
        text = _text_of(piece[0]) if piece else b""
        if piece and text and (texts or piece[0].endswith(b"=")):
            start = start if texts else piece.start()
            stop = piece.end()
            texts.append(text)
            continue
        joined = b"".join(texts)
        if len(texts) > 1 and len(joined) >= _SHORTEST:
            yield (start, stop), joined
        texts = []


def _text_of(coded: bytes) -> bytes:
    text = pybase64.b64decode(coded) if len(coded) % 4 == 0 else b""
    return b"" if text.translate(None, TEXT_BYTES) else text


def backwards(source: Source) -> Iterator[View]:
    """Runs that are base64 when read from their end."""
    data = source.data
    spans = [span for span in _RUNS.runs(data) if _is_backwards(data, span)]
    found = [(span, data[slice(*span)][::-1]) for span in spans]
    yield from source.found("reversed", found)


def _is_backwards(data: bytes, span: Span) -> bool:
    """Whether it has text from its end where it has none from its begin."""
    matches = _BACKWARDS.finditer(data, *span)
    return any(not _is_forwards(match[0]) for match in matches)


def _is_forwards(run: bytes) -> bool:
    """Whether a short run is text as it stands, at some alignment."""
    run = run.translate(_TO_STANDARD)
    fours = (run[lead : lead + len(run[lead:]) // 4 * 4] for lead in range(4))
    return any(map(_text_of, fours))
