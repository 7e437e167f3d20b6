"""
Lists of numbers in which text is written: a character or some bytes each, every second
one, differences, multiples.

`[115, 107]`, `chr(115)+chr(107)`, `{"0":115,"1":107}`, `115u8`, `[[0,115],[1,107]]`,
`1936412513, 1853125933` (four bytes each, in either order), `31, -117, 8` (bytes as
Java and C write them), octal and binary. Numbers that give no text are kept as bytes,
for a known secret may be behind a shift.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise, product
from math import gcd, isqrt
from operator import add, sub, xor

from dlp.decode.beginnings import KEY
from dlp.decode.codes.indexed import letters
from dlp.decode.compressed.magic import CONTAINERS, begins_known
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES, readable_for_its_size
from dlp.decode.source import Source
from dlp.model import View

_CODE = r"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_OCTAL = r"(?:0o?)?(?:0?[4-7][0-7]|1[0-7][0-7])"

HINTS = (
    rf"(?:{_CODE}[^0-9]{{1,12}}){{8}}",
    rf"(?:\"[0-9]{{1,5}}\"[ \t]{{0,2}}:[ \t]{{0,2}}{_CODE}[,\s]{{1,4}}){{6}}",
    rf"(?:{_OCTAL}[^0-9]{{1,8}}){{8}}",
    rf"(?:0?{_CODE}[^0-9]{{1,12}}0[^0-9]{{1,12}}){{6}}",
    r"\b31[^0-9]{1,12}139[^0-9]{1,12}8[^0-9]",
    r"\b31[^0-9]{1,11}-117[^0-9]{1,12}8[^0-9]",
    r"\b120[^0-9]{1,11}-(?:100|38)[^0-9]",
    r"\b80[^0-9]{1,12}75[^0-9]{1,12}3[^0-9]{1,12}4[^0-9]",
    r"(?:[0-9]{1,4}(?:u8)?[^0-9A-Za-z]{1,8}){18}",
    r"(?:[0-9]{1,4}[^0-9A-Za-z]{1,6}[xy]?[^0-9A-Za-z]{1,6}){18}",
    r"(?:[0-9]{4,20}(?:n|[uU]?[lL]{1,2})?[^0-9A-Za-z]{1,4}){4}",
    r"(?:[1-3][0-9a-z][^0-9A-Za-z]{1,3}){12}",
    rf"(?:{_CODE}[^0-9]{{1,4}}[0-9]{{9,20}}[^0-9]{{1,12}}){{8}}",
    r"[0-9]{36}",
    r"[0-9]{1,3}(?:[,_'.][0-9]{3}){12}",
)

_GAP = rb"(?:u(?=8)|(?=[A-Za-z]{0,11}[^0-9A-Za-z])[^0-9]{1,12})"
"""Between numbers stands more than letters, or base64 were full of lists."""
_LIST = re.compile(rb"[0-9]{1,20}(?:%s[0-9]{1,20}){4,}+" % _GAP)
_NUMBER = re.compile(rb"[0-9]+")
_WORD = re.compile(rb"[0-9A-Za-z]+")
_HEXADECIMAL = re.compile(rb"[uU]|(?:0?[xX]|[uU])?0*[0-9a-fA-F]{2}")
_LETTERED = re.compile(
    rb"(?<![0-9A-Za-z])(?:0?[xX]|[uU])?0*(?:[0-9][a-fA-F]|[a-fA-F][0-9a-fA-F])"
    rb"(?![0-9A-Za-z])"
)
"""Bytes and code points as digits of which some are letters."""
_OCTALS = re.compile(rb"(?:(?:0o?)?[0-7]{2,3}(?![0-9])[^0-9]{1,8}){7,}+[0-7o]{0,5}")
_TOGETHER = (
    (rb"0(?:09|1[03]|[3-9][0-9])|1[01][0-9]|12[0-6]", 12, 10),
    (rb"[3-9][0-9]|1[01][0-9]|12[0-6]", 24, 10),
    (rb"0(?:1[125]|[4-7][0-7])|1[0-7][0-7]", 12, 8),
    (rb"0{1,2}(?:0[3-9][0-9]|1[01][0-9]|12[0-6])", 12, 10),
)
"""Codes with nothing between: each says by its first digit how many follow."""
_CODES = tuple(
    (re.compile(rb"(?<![0-9])(?:%b){%d,}+(?![0-9])" % (code, fewest)), code, base)
    for code, fewest, base in _TOGETHER
)
_IN_LETTERS = re.compile(
    rb"(?<![0-9A-Za-z])[0-9a-z]{1,2}"
    rb"(?:[^0-9A-Za-z]{1,3}[0-9a-z]{1,2}(?![0-9A-Za-z])){11,}+"
)
_BASE_36 = b"0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERED_BASES = (32, 36)
"""Those of which half the digits are letters that no hexadecimal number has."""
_THOUSANDS = re.compile(
    rb"(?<![0-9])[0-9]{1,3}(?:([,_'.])[0-9]{3})(?:\1[0-9]{3}){11,999}+"
)
"""One number, as people write it: `12,345,678`."""
_FEWEST = 8
_FEWEST_IN_BASE = 20
_WIDTHS = (2, 4, 8)
_TEXT = frozenset(TEXT_BYTES)
_MOST_SUMMED = 400
_FEWEST_GROWN = 12
_RANGE = 94
"""Codes of characters differ by no more."""
_ROUND = (1 << 62, 1000, 100)
"""What was added to all is a multiple of one of these, the first for nothing."""
_FEWEST_PADDED, _FEWEST_DIFFERENT = 12, 8
"""Numbers of a list that hides another, and different letters among so many."""
_MOST_BEFORE = 3
"""Numbers that may stand before a list."""
_SIGNED = re.compile(rb"(?:(?<=[\s,\[({)])-)?[0-9]+")


def numbers(source: Source) -> Iterator[View]:
    """What lists of numbers say."""
    found: list[tuple[Span, bytes]] = []
    rest: list[tuple[Span, bytes]] = []
    lists: list[Sequence[int]] = []
    for span in _lists(source.data):
        listed = source.data[slice(*span)]
        values = list(map(int, _NUMBER.findall(listed)))
        texts = said(values)
        if not texts and len(values) >= _FEWEST:
            texts = _otherwise(listed)
        signed = _signed(source.data, *span)
        texts += _padded(values[: len(values) // 2], values[len(values) // 2 :])
        if lists and not texts:
            texts += _padded(lists[-1], values)
        lists.append(values)
        for skipped in range(_MOST_BEFORE):
            texts += filter(begins_known, _complement(signed[skipped:]))
        if _FEWEST <= len(values) <= _MOST_SUMMED:
            signed = signed or values
            found += [
                (span, text)
                for skipped in range(_MOST_BEFORE)
                if _may_be_summed(signed[skipped:])
                for text in _summed(signed[skipped:])
                if not text[:-1].translate(None, TEXT_BYTES)
            ]
        found += [(span, text) for text in texts]
        counted = list(letters(values, source.data))
        if not texts and len(values) >= _FEWEST:
            counted += _unscaled(signed or values)
            rest += [(span, text) for text in counted]
        found += [(span, text) for text in counted if KEY.search(text)]
    for match in _OCTALS.finditer(source.data):
        text = _bytes(int(digits, 8) for digits in re.findall(rb"[0-7]+", match[0]))
        if readable_for_its_size(text):
            found.append((match.span(), text))
    found += [row for row in _unparted(source.data) if readable_for_its_size(row[1])]
    yield from source.found("numbers", found)
    for view in source.found("numbers", rest):
        source.budget.remains(view)


def _lists(data: bytes) -> Iterator[Span]:
    """Lists of decimals; of a list of hexadecimal pairs what stands between letters."""
    for match in _LIST.finditer(data):
        if not is_hexadecimal(match[0]):
            yield match.span()
            continue
        start, end = match.span()
        for word in _LETTERED.finditer(data, start, end + 1):
            if len(_NUMBER.findall(data, start, word.start())) >= _FEWEST:
                yield start, word.start()
            start = word.end()
        if len(_NUMBER.findall(data, start, end)) >= _FEWEST:
            yield start, end


def is_hexadecimal(text: bytes) -> bool:
    """Whether most words of a list are pairs of digits, some of them letters."""
    words = _WORD.findall(text)
    pairs = sum(1 for word in words if _HEXADECIMAL.fullmatch(word))
    return pairs * 4 > len(words) * 3 and bool(_LETTERED.search(text))


def _unparted(data: bytes) -> Iterator[tuple[Span, bytes]]:
    """Codes without anything between; one large number with something between."""
    for pattern, one, base in _CODES:
        for match in pattern.finditer(data):
            codes = (int(code, base) for code in re.findall(one, match[0]))
            yield match.span(), _bytes(codes)
    for match in _THOUSANDS.finditer(data):
        value = int(b"".join(_NUMBER.findall(match[0])))
        size = (value.bit_length() + 7) // 8
        yield match.span(), value.to_bytes(size)
        yield match.span(), value.to_bytes(size, "little")
    for match in _IN_LETTERS.finditer(data):
        words = re.findall(rb"[0-9a-z]+", match[0])
        for base in _LETTERED_BASES:
            if max(b"".join(words)) <= _BASE_36[base - 1]:
                yield match.span(), _bytes(int(word, base) for word in words)


def _otherwise(text: bytes) -> list[bytes]:
    """A list read from its end, and in bases that have fewer digits than ten."""
    texts = said(list(map(int, _NUMBER.findall(text[::-1]))))
    words = _NUMBER.findall(text)
    if len(words) >= _FEWEST_IN_BASE and len(set(map(len, words[1:-1]))) == 1:
        for base in range(max(2, int(max(b"".join(words))) - 47), 10):
            code = _bytes(int(word, base) for word in words)
            if len(code) == len(words) and not code.translate(None, TEXT_BYTES):
                texts.append(code)
    return texts


def said(values: Sequence[int]) -> list[bytes]:
    """The texts that a list of numbers may stand for."""
    return [text for text in _texts(values) if readable_for_its_size(text)]


def _texts(values: Sequence[int]) -> Iterator[bytes]:
    """The bytes that a list of numbers may stand for."""
    if len(values) >= _FEWEST:
        yield _bytes(values)
        yield from _without_count(values)
        yield from _in_order(values)
    if max(values) >= 256:
        yield from _words(values)
    yield from _scaled(values)


def _bytes(values: Iterable[int]) -> bytes:
    return bytes(value for value in values if value < 256)


def _without_count(values: Sequence[int]) -> Iterator[bytes]:
    """Every second number, where the others count or are all one."""
    for first, second in ((values[::2], values[1::2]), (values[1::2], values[::2])):
        # At either end a number may stand that has nothing to do with the list.
        steps = {b - a for a, b in pairwise(second[1:-1])}
        if len(steps) == 1 and steps <= {0, 1, -1}:
            yield _bytes(first)


def _in_order(values: Sequence[int]) -> Iterator[bytes]:
    """Every second number in the order that the others say: `{"1": 55, "0": 66}`."""
    for start, stop in product(range(_MOST_BEFORE), (None, -1, -2)):
        listed = values[start:stop]
        if len(listed) % 2 or not 2 * _FEWEST <= len(listed) <= 2 * _MOST_SUMMED:
            continue
        for one, other in ((listed[::2], listed[1::2]), (listed[1::2], listed[::2])):
            if len(one) == max(one) - min(one) + 1 == len(set(one)):
                yield _bytes(code for _, code in sorted(zip(one, other, strict=True)))


def _words(values: Sequence[int]) -> Iterator[bytes]:
    """Numbers of two, four or eight bytes."""
    for width in _WIDTHS:
        if max(values) < 1 << 8 * width:
            for order in ("big", "little"):
                words = b"".join([value.to_bytes(width, order) for value in values])
                is_packed = words.startswith(CONTAINERS)
                yield words if is_packed else words.replace(b"\0", b"")
            return


def _signed(data: bytes, start: int, stop: int) -> list[int]:
    """The numbers of a list with their signs; none where there is no sign."""
    start = max(start - 1, 0)
    if data.find(b"-", start, stop) < 0:
        return []
    return list(map(int, _SIGNED.findall(data, start, stop)))


def _complement(values: Sequence[int]) -> Iterator[bytes]:
    """Numbers below zero where bytes, or words of them, are over half their range."""
    for width in (1, *_WIDTHS) if values else ():
        half = 1 << 8 * width - 1
        if -half <= min(values) < 0 and max(values) < half:
            for order in ("big", "little"):
                words = [value.to_bytes(width, order, signed=True) for value in values]
                yield b"".join(words)
            return


def _scaled(values: Sequence[int]) -> Iterator[bytes]:
    """Multiples of one number, and steps between numbers."""
    factor = gcd(*values[1:-1])
    if factor > 1:
        yield _bytes(value // factor for value in values)
    steps = [b - a for a, b in pairwise(values)]
    if all(0 <= step < 256 for step in steps):
        yield bytes(steps)
        if 0 <= values[0] < 256:
            yield bytes([values[0], *steps])


def _summed(values: Sequence[int]) -> Iterator[bytes]:
    """Sums of steps, added or XORed; squares; numbers that grow with their place."""
    for together in (add, xor):
        yield bytes(value & 255 for value in accumulate(values, together))
    for sign in (1, -1):
        yield bytes((v + sign * n) & 255 for n, v in enumerate(values))
    roots = [isqrt(max(value, 0)) for value in values]
    if all(root * root == value for root, value in zip(roots, values, strict=True)):
        yield bytes(root & 255 for root in roots)


def _may_be_summed(values: Sequence[int]) -> bool:
    """Whether a text of `_summed` begins here: most lists are none, and long."""
    first, second, third = values[:3]
    if first & 255 not in _TEXT:
        return _is_root(first) and _is_root(second) and _is_root(third)
    return (
        ((first + second) & 255 in _TEXT and (first + second + third) & 255 in _TEXT)
        or ((first ^ second) & 255 in _TEXT and (first ^ second ^ third) & 255 in _TEXT)
        or ((second + 1) & 255 in _TEXT and (third + 2) & 255 in _TEXT)
        or ((second - 1) & 255 in _TEXT and (third - 2) & 255 in _TEXT)
        or (_is_root(first) and _is_root(second) and _is_root(third))
    )


def _padded(one: Sequence[int], other: Sequence[int]) -> list[bytes]:
    """The texts that one list is with the other taken from it: a pad, or shares."""
    if len(one) != len(other) or not _FEWEST_PADDED <= len(one) <= _MOST_SUMMED:
        return []
    heads = list(zip(one[:_FEWEST_PADDED], other[:_FEWEST_PADDED], strict=True))
    return [
        bytes(way(a, b) & 255 for a, b in zip(one, other, strict=True))
        for way in (xor, add, sub, rsub)
        if all(way(a, b) & 255 in _TEXT for a, b in heads)
        if all(way(a, b) & 255 in _TEXT for a, b in zip(one, other, strict=True))
        if len({way(a, b) for a, b in heads}) >= _FEWEST_DIFFERENT
    ]


def rsub(one: int, other: int) -> int:
    """The other less the one."""
    return other - one


def _is_root(value: int) -> bool:
    root = isqrt(max(value, 0))
    return root * root == value and root & 255 in _TEXT


def _grown(values: Sequence[int]) -> Iterator[bytes]:
    """Times their place, and with so much more at each: `ord(c) + 1000 * i`."""
    size = len(values)
    if not _FEWEST_GROWN <= size <= _MOST_SUMMED or max(values) < 0x7F:
        return
    for first in (0, 1):
        if all(value % (n or 1) == 0 for n, value in enumerate(values, first)):
            yield _if_text(value // (n or 1) for n, value in enumerate(values, first))
    steps = [b - a for a, b in pairwise(values)]
    if max(steps) - min(steps) > 2 * _RANGE:
        return
    about, off = (values[-1] - values[0]) // (size - 1), _RANGE // (size - 1) + 1
    for more in range(about - off, about + off + 1):
        rest = [value - more * n for n, value in enumerate(values)]
        low = min(rest)
        if more and max(rest) - low <= _RANGE and len({*rest}) >= _FEWEST_DIFFERENT:
            yield from (_if_text(v - low // at * at for v in rest) for at in _ROUND)


def _if_text(codes: Iterable[int]) -> bytes:
    """The text of these codes; none if one of them is not."""
    values = list(codes)
    return bytes(values) if _TEXT.issuperset(values) else b""


def _unscaled(values: Sequence[int]) -> Iterator[bytes]:
    """As bytes, and where they are so much of something and a bit more: how much."""
    yield bytes(value & 255 for value in values)
    unit = gcd(*(b - a for a, b in pairwise(values)))
    if unit > 1:
        low = min(values)
        yield bytes((value - low) // unit & 255 for value in values)
    for listed in dict.fromkeys((tuple(values), tuple(sorted(values)))):
        for skipped, stop in product(range(_MOST_BEFORE), (None, -1)):
            yield from filter(None, _grown(listed[skipped:stop]))
