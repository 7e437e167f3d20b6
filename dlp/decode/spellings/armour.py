"""
The armour of a private key with the same between its letters, or between pieces of
them: `-^-^B^E^G`, `?B, ?E, ?G`, `(5, 'B'), (6, 'E')`. All of it, without that.

The words of the armour are known (RFC 7468, 2), so they tell what stands between; that
may count. Why not in even.py or chunks.py: there letters or lengths tell what is cut,
and a key goes over lines, of which each would be a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.source import Source
from dlp.model import View

_KIND = b"PRIVATE KEY"
_WIDEST_GAP = 32
_GAP = rb"([^A-Z]{0,%d}?)"
_APART = re.compile(
    (_GAP % (2 * _WIDEST_GAP + 1)).join(
        (_GAP % _WIDEST_GAP).join(b"%c" % letter for letter in word)
        for word in _KIND.split()
    )
)
_MIDDLE = _KIND.index(b" ") - 1
"""Which of the gaps lies between the words."""
_WHOLE = re.compile(rb"PRIVATE\s?KEY(?:\s?BLOCK)?-*")
_BLANK_OR_DIGITS = re.compile(rb"\s+|[0-9]+")
_LONGEST_BYTES = 64 << 10
"""Of a key of 4 KiB with a dozen bytes between its letters."""
_MOST = 8


def is_apart(data: bytes) -> bool:
    """Whether such words are here, with anything between them."""
    return next(_found(data), None) is not None


def armour(source: Source) -> Iterator[View]:
    """What begins with such words, without what is between."""
    for count, (start, between) in enumerate(_found(source.data)):
        if count == _MOST:
            return
        stop = min(len(source.data), start + _LONGEST_BYTES)
        text = between.sub(b"", source.data[start:stop])
        if kind := _WHOLE.match(text):
            body = b"-----BEGIN %b-----\n%b" % (_KIND, text[kind.end() :])
            yield source.child("ungrouped", body, (start, stop))


def _found(data: bytes) -> Iterator[tuple[int, re.Pattern[bytes]]]:
    """Where the words begin, and what is between."""
    for match in _APART.finditer(data):
        gaps = [*match.groups()]
        middle = gaps.pop(_MIDDLE)
        forms = {_form(gap) for gap in gaps if gap}
        if len(forms) == 1:
            between = re.compile(forms.pop())
            if not between.sub(b"", middle).strip():
                yield match.start(), between


def _form(gap: bytes) -> bytes:
    """An expression for what is between, any numbers and blanks in it."""
    form, at = b"", 0
    for match in _BLANK_OR_DIGITS.finditer(gap):
        loose = rb"[0-9]+" if match[0].isdigit() else rb"\s+"
        form += re.escape(gap[at : match.start()]) + loose
        at = match.end()
    return form + re.escape(gap[at:])
