"""
Lists of fractions behind which characters stand: codes over 255, from -1 to 1, rounded,
with something added; roots, logarithms, measured with noise; as text in any notation of
floating-point numbers, or as their bytes.

Of such numbers all that differ do so by multiples of one step, and there are at most
256 of these from the least to the greatest; measured values, weights and embeddings lie
anywhere. What number a character begins with is not known: a known secret is told by
its steps, a vendor's key by its beginning under one of 256 shifts.

Why not in numbers.py: there numbers are whole, and mean what they say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from math import exp

import numpy as np

from dlp.decode.beginnings import KEY
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES
from dlp.decode.sieve import BETWEEN
from dlp.decode.source import Source
from dlp.model import View

_DECIMAL = r"-?[0-9]{0,6}\.[0-9]{1,20}(?:[eE][+\-]?[0-9]{1,3})?"
_WHOLE = r"-?[0-9]{1,3}(?:[eE][+\-]?[0-9]{1,3})?(?![0-9.])"
_HEXADECIMAL = r"-?0x[01]\.[0-9a-f]{1,13}p[+\-]?[0-9]{1,2}"
"""As Python's `hex` and C's `%a` write them."""
_EXACT = r"-?[0-9]\.[0-9]{5,17}[eE][+\-]?[0-9]{1,3}"
"""As bytes are written that were taken for one number."""
_APART = r"[^0-9A-Za-z.\-]{1,8}"
HINTS = (
    rf"(?:(?:{_DECIMAL}|[01]){_APART}){{12}}",
    rf"(?:{_HEXADECIMAL}{_APART}){{8}}",
    rf"(?:{_EXACT}{_APART}){{2}}",
)

_NUMBER = rf"(?:{_HEXADECIMAL}|{_DECIMAL}|{_WHOLE})"
_LIST = re.compile(rf"{_NUMBER}(?:{_APART}{_NUMBER}){{11,}}+".encode())
_ONE = re.compile(_NUMBER.encode())
_EXACT_LIST = re.compile(rf"{_EXACT}(?:{_APART}{_EXACT}){{1,}}+".encode())
_MOST = 4096
_SHORTEST = 12
_MOST_STEPS = 255
_FEWEST_DIFFERENT = 6
_ALIKE = 1e-9
"""Numbers that differ by less are one."""
_CLOSE = 0.3
"""So far from a multiple of the least step may be what was rounded."""
_NEAR = 0.1
"""The same of what was reckoned back to a code."""
_NOISY = 0.5
_PRINTABLE = range(0x20, 0x7F)
_BACK: tuple[tuple[Callable[[float], float], float], ...] = (
    (float, _NOISY),
    (lambda value: value * value, _NEAR),
    (exp, _NEAR),
    (lambda value: 2**value, _NEAR),
    (lambda value: 10**value, _NEAR),
)
"""What undoes noise, a root, a logarithm; and how near to a code it has to come."""
_GREATEST = 127.0
_USELESS = 1e9
"""No character stands behind a number so far from zero."""
_FEWEST_BYTES, _MOST_BYTES = 48, 16 << 10
_USUAL = bytes([*range(0x3B, 0x45), *range(0xBB, 0xC5)])
"""The last byte of a float from a thousandth to a thousand, in either sign."""
_KINDS = ("<f4", ">f4", "<f8", ">f8")


def scaled(source: Source) -> Iterator[View]:
    """The lists, as how many steps each number is above the least."""
    lists = [
        (match.span(), list(map(_value, _ONE.findall(match[0])[:_MOST])))
        for match in _LIST.finditer(source.data)
    ]
    yield from codes_in(source, lists)
    found = [
        (match.span(), text)
        for match in _EXACT_LIST.finditer(source.data)
        for text in _taken_apart(list(map(float, _ONE.findall(match[0])[:_MOST])))
    ]
    yield from source.found("numbers", found)


def _taken_apart(values: Sequence[float]) -> Iterator[bytes]:
    """The bytes of numbers, if these are text."""
    for kind in _KINDS:
        with np.errstate(over="ignore"):
            text = np.array(values).astype(kind).tobytes().replace(b"\0", b"")
        if len(text) >= _SHORTEST and not text.translate(None, TEXT_BYTES):
            yield text


def is_binary(data: bytes) -> bool:
    """Whether all of it, or of one of several texts, may be such numbers."""
    return any(map(_kind, data.split(BETWEEN)))


def binary(source: Source) -> Iterator[View]:
    """The same of numbers in four or eight bytes (IEEE 754), one after the other."""
    if kind := _kind(source.data):
        values = np.frombuffer(source.data, kind)[:_MOST].tolist()
        yield from codes_in(source, [((0, len(source.data)), values)])


def _kind(data: bytes) -> str:
    if not _FEWEST_BYTES <= len(data) <= _MOST_BYTES:
        return ""
    for kind in _KINDS:
        width = int(kind[-1])
        last = data[width - 1 :: width] if kind[0] == "<" else data[::width]
        if len(data) % width == 0 and not last.translate(None, _USUAL):
            return kind
    return ""


def codes_in(
    source: Source, lists: Sequence[tuple[Span, Sequence[float]]]
) -> Iterator[View]:
    """The keys that lists of numbers stand for; what may be any other is residue."""
    rest: list[tuple[Span, bytes]] = []
    for span, values in lists:
        if not all(-_USELESS < value < _USELESS for value in values):
            continue
        if places := _places(values):
            rest.append((span, bytes(places[value] for value in values)))
        rest += [(span, text) for text in _codes(values)]
    yield from source.found("numbers", [row for row in rest if KEY.search(row[1])])
    for view in source.found("numbers", rest):
        source.budget.remains(view)


def _value(text: bytes) -> float:
    return float.fromhex(text.decode()) if b"x" in text else float(text)


def _codes(values: Sequence[float]) -> Iterator[bytes]:
    """As characters, where each number is near one in one of the ways above."""
    if (
        not -_GREATEST < min(values) <= max(values) < _GREATEST
        or len(set(values)) < _FEWEST_DIFFERENT
    ):
        return
    for back, near in _BACK:
        codes: list[int] = []
        for value in values:
            exact = back(value)
            code = round(exact)
            if code not in _PRINTABLE or abs(exact - code) > near:
                break
            codes.append(code)
        else:
            yield bytes(codes)


def _places(values: Sequence[float]) -> dict[float, int]:
    """Each number's distance from the least, in steps; none where there is no step."""
    ordered = sorted(set(values))
    if len(ordered) > _MOST_STEPS + 1:
        return {}
    gaps = [b - a for a, b in pairwise(ordered)]
    step = min((gap for gap in gaps if gap > _ALIKE), default=0.0)
    if not step or len(gaps) < _FEWEST_DIFFERENT - 1:
        return {}
    places, place = {ordered[0]: 0}, 0
    for value, gap in zip(ordered[1:], gaps, strict=True):
        steps = round(gap / step)
        place += steps
        if abs(gap / step - steps) > _CLOSE or place > _MOST_STEPS:
            return {}
        places[value] = place
    return places
