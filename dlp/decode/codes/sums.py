"""
Lists of sums, products and the like of which each is the code of a character:
`chr(2*37+1)`, `String.fromCharCode(5+60, 7+90)`, `UNICHAR(9+56)`.

Why not in numbers.py: there a number says what it is; here operators stand between
numbers that belong together, and all else between those that do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import add, floordiv, mul, sub, xor

from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES
from dlp.decode.source import Source
from dlp.model import View

_OPERATOR = r" ?[\-+*/^] ?"
_SUM = rf"[0-9]{{1,5}}(?:{_OPERATOR}[0-9]{{1,5}}){{1,3}}"
_GAP = r"[^0-9]{1,24}"
HINTS = (rf"(?:{_SUM}{_GAP}){{7}}[0-9]",)

_ONE = re.compile(_SUM.encode())
_LIST = re.compile(rf"{_SUM}(?:{_GAP}{_SUM}){{7,}}+".encode())
_PART = re.compile(rb"[0-9]+|[\-+*/^]")
_BINDING: tuple[dict[bytes, Callable[[int, int], int]], ...] = (
    {b"*": mul, b"/": floordiv},
    {b"+": add, b"-": sub},
    {b"^": xor},
)
"""What is reckoned first; all from the left."""
_TEXT = frozenset(TEXT_BYTES)


def sums(source: Source) -> Iterator[View]:
    """The lists of which every value is a character."""
    found: list[tuple[Span, bytes]] = []
    for match in _LIST.finditer(source.data):
        values = list(map(_value, _ONE.findall(match[0])))
        if _TEXT.issuperset(values):
            found.append((match.span(), bytes(values)))
    yield from source.found("numbers", found)


def _value(text: bytes) -> int:
    """What it comes to; 0, no character, where it is nothing."""
    parts = _PART.findall(text)
    for operators in _BINDING:
        at = 1
        while at < len(parts):
            reckon = operators.get(parts[at])
            if reckon is None:
                at += 2
                continue
            left, right = int(parts[at - 1]), int(parts[at + 1])
            if not right and reckon is floordiv:
                return 0
            parts[at - 1 : at + 2] = [b"%d" % reckon(left, right)]
    return int(parts[0])
