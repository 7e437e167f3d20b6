"""
What is left of a text without its cover: names of folders and hosts, labels that count,
one word over and over between pieces. `/tmp/a/SECR`, `/tmp/a/ETKE`; `p1: SECR`, `p2:
ETKE`; `SECRxxxETKExxx`; `SECR@mail.example, ETKE@mail.example`.

What comes again is cover, and what counts, and plain words among others; the rest, side
by side, is what was cut.
Why not in picked.py: there words are chosen by their place or form, here by how often
they come. Only for short stretches, as there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_PATTERNS = (
    re.compile(rb"[A-Za-z0-9]+"),
    re.compile(rb"[A-Za-z0-9]+[+=_\-]*"),
    re.compile(rb"[^\s\"'`,|/]+"),
)
"""What a piece may consist of: letters; codes, and keys with signs; passwords."""
_SIGNS = b"+=_-"
_COUNTED = re.compile(rb"([A-Za-z]*)([0-9]{1,4})")
_LONG = re.compile(rb"[A-Za-z0-9+/=_\-]{24,400}")
_LONG_WITH_SIGNS = re.compile(rb"[^\s\"'\\]{24,400}")
_TOKEN = re.compile(rb"[^\s\"'`,;]+")
_PLAIN = re.compile(rb"[A-Za-z]?[a-z]+[.,:;!?]?|[0-9]+[.,:;)]?")
_ROOT = 2
"""Characters in which the heads, or the tails, of words must be alike."""
_ANY_DIGIT = bytes.maketrans(b"0123456789", b"0" * 10)
_SHORTEST, _HALF = 16, 12
"""Of what is left, and of each of two pieces."""
_MOST_WORDS = 900
_MOST_LONG = 8
_OFTEN = 3
_FEWEST = 4
"""Numbers that count; from 0 or 1 on two will do."""
_GRAM = 3
"""Letters of the shortest word between pieces."""


def bare(text: bytes) -> Iterator[bytes]:
    """The texts that are left."""
    before: list[bytes] = []
    for pattern in _PATTERNS:
        words = pattern.findall(text)[:_MOST_WORDS]
        if len(words) > 1 and words != before:
            yield b"".join(uncovered(words))
        before = words
    for token in _LONG.findall(text)[:_MOST_LONG]:
        yield from _without_infix(token)


def stripped(text: bytes) -> Iterator[bytes]:
    """
    The texts that are left of words without what they begin or end with, and of words
    and numbers; of honest text some begin like a rare vendor's key.
    """
    words = _TOKEN.findall(text)[:_MOST_WORDS]
    strange = [word for word in words if not _PLAIN.fullmatch(word)]
    yield b"".join(uncovered(strange))
    for those in (words, text.split(b"\n")[:_MOST_WORDS]):
        yield from map(b"".join, unaffixed(those))
    for token in _LONG_WITH_SIGNS.findall(text)[:_MOST_LONG]:
        yield from _without_infix(token)


def uncovered(words: Sequence[bytes]) -> list[bytes]:
    """Those of the words that are no cover."""
    plain = [word.rstrip(_SIGNS) for word in words]
    cover = _cover(plain)
    return [w for w, p in zip(words, plain, strict=True) if p not in cover]


def unaffixed(words: Sequence[bytes]) -> Iterator[list[bytes]]:
    """
    Those that begin alike, or end alike, without what they have in common; as if all
    digits before and behind a piece were one.
    """
    alike: dict[tuple[bool, bytes], list[bytes]] = {}
    for word in words:
        masked = word.translate(_ANY_DIGIT)
        alike.setdefault((True, masked[:_ROOT]), []).append(word)
        alike.setdefault((False, masked[-_ROOT:]), []).append(word)
    for group in alike.values():
        fewest = _OFTEN if min(map(len, group)) < _HALF else 2
        if len(group) >= fewest and sum(map(len, group)) >= _SHORTEST:
            for table in (None, _ANY_DIGIT):
                yield _stripped(group, table)


def _stripped(words: Sequence[bytes], table: bytes | None) -> list[bytes]:
    """Without their longest common head and, of the rest, their longest common tail."""
    shown = [word.translate(table) if table else word for word in words]
    head = common(shown)
    tail = common([word[head:][::-1] for word in shown])
    return [word[head : len(word) - tail] for word in words]


def common(words: Sequence[bytes]) -> int:
    """How many bytes all of them begin with."""
    low, high = min(words), max(words)
    size = 0
    while size < len(low) and low[size] == high[size]:
        size += 1
    return size


def _cover(words: Sequence[bytes]) -> set[bytes]:
    """What comes again, or counts; a letter only where it comes with every piece."""
    often = Counter(words)
    rows = max((n for word, n in often.items() if len(word) > 1), default=1)
    needed = {1: rows if rows > 1 else len(words) + 1, 2: _OFTEN}
    again = {w for w, n in often.items() if n >= needed.get(len(w), 2)}
    return again | _counted(often)


def _counted(words: Iterable[bytes]) -> set[bytes]:
    """Words that are alike but for a number, of which none is left out: `p0`, `p1`."""
    series: dict[bytes, dict[int, bytes]] = {}
    for word in words:
        if label := _COUNTED.fullmatch(word):
            series.setdefault(label[1], {})[int(label[2])] = word
    return {
        word
        for members in series.values()
        if len(members) >= (2 if min(members) < 2 else _FEWEST)
        and max(members) - min(members) < len(members)
        for word in members.values()
    }


def _without_infix(token: bytes) -> Iterator[bytes]:
    """Without the longest of what comes most often in it."""
    grams = Counter(token[at : at + _GRAM] for at in range(len(token) - _GRAM + 1))
    gram, count = grams.most_common(1)[0]
    starts = [found.start() for found in re.finditer(re.escape(gram), token)]
    if count < _OFTEN or len(starts) < _OFTEN:
        return
    first = 0
    while starts[0] + first > 0 and _same(token, starts, first - 1):
        first -= 1
    last = _GRAM
    while starts[-1] + last < len(token) and _same(token, starts, last):
        last += 1
    yield token.replace(token[starts[0] + first : starts[0] + last], b"")


def _same(token: bytes, starts: Sequence[int], offset: int) -> bool:
    return len({token[start + offset] for start in starts}) == 1
