"""
Text under a cipher that everybody knows, told by what it names: the words beside which
secrets stand, and the beginning of an address, as they are written under each.

Why not in disguise.py: that looks for what keys begin with, and undoes a word. Half of
all keys begin with nothing of their own; what stands before them tells those.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from dlp.decode.ciphers.disguise import CIPHERS, STEPS, Cipher
from dlp.decode.guesses import TAKEN_APART
from dlp.decode.pieces import Span, same, whole
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View

_WORDS = (
    "token", "secret", "passwd", "password", "api_key", "api-key", "apikey",
    "access_key", "access-key", "accesskey", "credential", "bearer ", "authorization",
    "private_key", "webhook", "https://", "http://",
)  # fmt: skip
_NAMES = tuple(
    dict.fromkeys(form for w in _WORDS for form in (w, w.upper(), w.capitalize()))
)
_STEPS = frozenset(STEPS - {"swapped case", "keyboard", "two ciphers"})
"""Of the others honest text is full, or nobody writes them."""
_AROUND = 2048
"""Bytes on either side of a name that are undone with it."""
_MOST_HITS = 64


@cache
def _hidden() -> list[tuple[Cipher, bytes]]:
    return [
        (cipher, cipher.hide(name.encode()))
        for cipher in CIPHERS
        for name in _NAMES
        if cipher.step in _STEPS
    ]


@cache
def sieve() -> Locator:
    """The names, as they are written under each cipher."""
    return Locator([hidden for _, hidden in _hidden()])


def is_named(data: bytes) -> bool:
    """Whether one stands here."""
    return bool(sieve().find(data, 1))


def named(source: Source) -> Iterator[View]:
    """What stands round such names, undone."""
    data = source.data
    if source.view.came_of(TAKEN_APART | STEPS):
        return
    found: dict[tuple[str, bool], list[tuple[Span, bytes]]] = {}
    for index, stop in sieve().find(data, _MOST_HITS):
        cipher, _ = _hidden()[index]
        texts = found.setdefault((cipher.step, cipher.moves), [])
        if texts and stop <= texts[-1][0][1]:
            continue
        span = max(0, stop - _AROUND), min(len(data), stop + _AROUND)
        texts.append((span, cipher.undo(data[slice(*span)])))
    for (step, moves), texts in found.items():
        yield from source.found(step, texts, inner=whole if moves else same)
