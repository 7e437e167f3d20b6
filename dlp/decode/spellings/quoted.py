"""
String literals that stand near each other, whatever code stands between them:
`a.push('SECR'); a.push('ETKE')`, `k .= "SECR"`, `<p x="SECR" y="ETKE">`. Their contents
side by side, in order, by number, each turned round, every second one, and without what
comes again.

Looked through for known secrets, and for what a vendor's key begins with.

Why not in literals.py: there what stands between says that the literals are one text,
so that all rules read it; here any code may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from dlp.decode.beginnings import USUAL, key_of
from dlp.decode.ciphers.cover import unaffixed, uncovered
from dlp.decode.ciphers.drawn import sudden
from dlp.decode.documents.leaves import LOOKS_LIKE_JSON
from dlp.decode.guesses import PICKED, TAKEN_APART
from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_BEHIND_A_WORD = "(?<![0-9A-Za-z_]{2}.)"
"""There an apostrophe stands."""


def _quoted(quote: str) -> str:
    return rf"{quote}{_BEHIND_A_WORD}([^{quote}\\\r\n]{{0,80}}){quote}"


_LITERAL = re.compile("|".join(map(_quoted, "\"'`")).encode())
_LITERAL_IN_JSON = re.compile("|".join(map(_quoted, "'`")).encode())
"""There a double quote ends a string of the document, which leaves.py reads."""
_NUMBER = re.compile(rb"\b([0-9]{1,3})[^\w\"'`]{1,4}\Z")
"""Before a literal it may tell the order."""
_NUMBER_BYTES = 8
_KEY = key_of(prefix for prefix in USUAL if len(prefix) > 3 or prefix == "SG.")
"""Of the vendors most agents have keys of: bytes of a PDF begin as the others' keys."""
_LONGEST_PIECE = 64
_FEWEST_QUOTES = 4
_NEAR = 160
"""Bytes of code between two of them, at most."""
_SHORTEST = 16
_FEWEST_SUDDEN = 5
"""Changes of kind as no name has them: a password cut into pieces has no fewer."""
_SPARSE = 12
"""In so many bytes of literals there is one; in names and words there are fewer."""
_MOST_BYTES = 8 << 10
"""What is made of one view, at most."""
_FEWEST_APART = 4
_HEAD_BYTES, _MOST_PIECES = 32, 200
"""In which the beginning of a key is looked for, and what may go on from it."""
_LARGEST_BYTES = 64 << 10


def has_literals(data: bytes) -> bool:
    """Whether there are some."""
    quotes = data.count(b"'") + data.count(b"`")
    if quotes < _FEWEST_QUOTES and not LOOKS_LIKE_JSON.match(data):
        quotes += data.count(b'"')
    return quotes >= _FEWEST_QUOTES and len(data) <= _LARGEST_BYTES


def quoted(source: Source) -> Iterator[View]:
    """The literals of each place, put together; those with a key, as a view."""
    if source.view.came_of(TAKEN_APART):
        return
    made: dict[bytes, None] = {}
    keys: dict[bytes, None] = {}
    room = _MOST_BYTES
    for pieces in _groups(source.data):
        if not _may_be_cut([source.data[slice(*span)] for span in pieces]):
            continue
        for texts in _orders(source.data, pieces):
            whole = b"".join(texts)
            if whole not in made and _SHORTEST <= len(whole) <= room:
                room -= len(whole)
                made[whole] = None
                keys |= dict.fromkeys(_keys(texts))
    if made:
        source.budget.remains(source.child(PICKED, b"\n".join(made)))
    if keys:
        yield source.child(PICKED, b"\n".join(keys))


def _groups(data: bytes) -> Iterator[list[Span]]:
    """The literals that stand near each other, long ones left out."""
    pattern = _LITERAL_IN_JSON if LOOKS_LIKE_JSON.match(data) else _LITERAL
    group: list[Span] = []
    last = 0
    for found in pattern.finditer(data):
        start, stop = found.span()
        if start > last + _NEAR:
            yield group
            group = []
        last = stop
        if 2 < stop - start <= _LONGEST_PIECE:
            group.append((start + 1, stop - 1))
    yield group


def _may_be_cut(texts: Sequence[bytes]) -> bool:
    whole = b"".join(texts)
    if len(texts) < 2 or len(whole) < _SHORTEST:
        return False
    fewest = max(_FEWEST_SUDDEN, len(whole) // _SPARSE)
    return int(np.count_nonzero(sudden(whole))) >= fewest


def _orders(data: bytes, pieces: Sequence[Span]) -> Iterator[Sequence[bytes]]:
    """The contents as they may belong together."""
    texts = [data[start:stop] for start, stop in pieces]
    yield texts
    yield uncovered(texts)
    yield [text[::-1] for text in texts]
    yield from unaffixed(texts)
    if len(texts) >= _FEWEST_APART:
        yield texts[0::2]
        yield texts[1::2]
        yield from _numbered(data, pieces)


def _numbered(data: bytes, pieces: Sequence[Span]) -> Iterator[Sequence[bytes]]:
    """By the numbers before them, where they have some."""
    told: list[tuple[int, bytes]] = []
    for start, stop in pieces:
        quote = start - 1
        if number := _NUMBER.search(data, max(0, quote - _NUMBER_BYTES), quote):
            told.append((int(number[1]), data[start:stop]))
    if len({number for number, _ in told}) >= _FEWEST_APART:
        yield [text for _, text in sorted(told)]


def _keys(texts: Sequence[bytes]) -> Iterator[bytes]:
    """
    What goes on from a literal that begins as a vendor's key: all that follows, and no
    further than a piece that is shorter than the first.
    """
    whole, start = b"".join(texts), 0
    for at, text in enumerate(texts):
        found = _KEY.match(whole, start, start + _HEAD_BYTES)
        start += len(text)
        if found:
            rest = texts[at : at + _MOST_PIECES]
            yield b"".join(rest)
            last = next((n for n, t in enumerate(rest) if len(t) < len(text)), None)
            if last is not None:
                yield b"".join(rest[: last + 1])
