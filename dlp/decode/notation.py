"""
Bytes written out one by one: hexadecimal in any notation, dumps, arrays of numbers.

`41:42`, `0x41, 0x42`, `41 42`, `0x41424344 0x45464748`, the lines of hexdump, xxd and
od, `[115, 107]`, `chr(115)+chr(107)`, `{"0":115,"1":107}`, octal and binary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from dlp.decode.pieces import Pieces, Span, whole
from dlp.decode.printable import readable_for_its_size
from dlp.decode.source import Source
from dlp.model import View

_CODE = r"(?:3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])"
_OCTAL = r"(?:0o?)?(?:0?[4-7][0-7]|1[0-7][0-7])"

PAIR_HINTS = (
    r"(?:(?:0[xX])?[2-7][0-9a-fA-F][^0-9A-Za-z]{1,6}){8}",
    r"(?:0[xX](?:[2-7][0-9a-fA-F]){2,8}[^0-9A-Za-z]{1,6}){3}",
    r"(?:[2-7][0-9a-fA-F][hH][^0-9A-Za-z]{1,6}){8}",
)
DUMP_HINTS = (
    r"0000[0-9a-fA-F]{0,12}:?[ \t]{1,8}(?:[0-9a-fA-F]{2}){1,8}[ \t]{1,3}[0-9a-fA-F]{2}",
)
NUMBER_HINTS = (
    rf"(?:{_CODE}[^0-9]{{1,12}}){{8}}",
    rf"(?:\"[0-9]{{1,5}}\"[ \t]{{0,2}}:[ \t]{{0,2}}{_CODE}[,\s]{{1,4}}){{6}}",
    rf"(?:{_OCTAL}[^0-9]{{1,8}}){{8}}",
    r"(?:(?:0b)?[01]{7,8}[^0-9]{0,6}){8}",
    rf"(?:{_CODE}[^0-9]{{1,12}}0[^0-9]{{1,12}}){{6}}",
    r"\b31[^0-9]{1,12}139[^0-9]{1,12}8[^0-9]",
    r"\b80[^0-9]{1,12}75[^0-9]{1,12}3[^0-9]{1,12}4[^0-9]",
)

_GROUP = rb"(?:0[xX]|[$#])?(?:[0-9a-fA-F]{2}){1,8}+"
_PAIRS = re.compile(rb"(?:%s[hH]?[^0-9A-Za-z]{1,6}){2,}+(?:%s)?" % (_GROUP, _GROUP))
_PREFIX = re.compile(rb"0[xX]|[^0-9a-fA-F]+")


def pairs(source: Source) -> Iterator[View]:
    """Hexadecimal bytes or words with something between them."""
    data = source.data
    yield from _found(source, "hex", _PAIRS.finditer(data), _from_pairs)


def _from_pairs(match: re.Match[bytes]) -> bytes:
    digits = _PREFIX.sub(b"", match[0])
    return bytes.fromhex(digits[: len(digits) & ~1].decode())


_WORDS = rb"(?:[0-9a-fA-F]{2}[ \t]{1,2}){2,16}|(?:[0-9a-fA-F]{4,16}[ \t]){1,8}"
_LINE = rb"(?<![0-9A-Za-z])[0-9a-fA-F]{4,16}:?[ \t]+"
_DUMP = re.compile(rb"(?:%s(?:%s)[^\n]*\n?)+" % (_LINE, _WORDS))
_DUMP_LINE = re.compile(
    rb"%s((?:%s)(?:[0-9a-fA-F]{2,16}(?![0-9A-Za-z]))?)" % (_LINE, _WORDS)
)


def dumps(source: Source) -> Iterator[View]:
    """The bytes of hexdump, xxd and od listings; words in both byte orders."""
    matches = list(_DUMP.finditer(source.data))
    yield from _found(source, "hexdump", matches, _from_dump)
    yield from _found(source, "hexdump", matches, _from_swapped_dump)


def _from_dump(match: re.Match[bytes]) -> bytes:
    return b"".join(_dumped(match[0]))


def _from_swapped_dump(match: re.Match[bytes]) -> bytes:
    return b"".join(word[::-1] for word in _dumped(match[0]))


def _dumped(listing: bytes) -> Iterator[bytes]:
    """The words of a listing; on each line those as long as the first."""
    for line in _DUMP_LINE.findall(listing):
        words = line.split()
        size = len(words[0])
        for word in words:
            if len(word) > size:
                break
            yield bytes.fromhex(word[: len(word) & ~1].decode())


_NUMBERS = re.compile(rb"(?:(?<![0-9])[0-9]{1,3}(?![0-9])[^0-9]{1,12}){7,}+[0-9]{0,3}")
_INDEXED = re.compile(rb"(?:\"[0-9]{1,5}\"\s*:\s*[0-9]{1,3}\s*,?\s*){6,}")
_VALUE = re.compile(rb":\s*([0-9]{1,3})")
_OCTALS = re.compile(rb"(?:(?:0o?)?[0-7]{2,3}(?![0-9])[^0-9]{1,8}){7,}+[0-7o]{0,5}")
_BITS = re.compile(
    rb"(?:(?:0b)?[01]{7,8}(?![01])[^0-9]{1,6}){7,}+[01b]{0,10}|[01]{56,}+"
)


def numbers(source: Source) -> Iterator[View]:
    """Character codes as decimal, octal or binary numbers."""
    data = source.data
    yield from _found(source, "numbers", _NUMBERS.finditer(data), _decimals)
    yield from _found(source, "numbers", _INDEXED.finditer(data), _indexed)
    yield from _found(source, "octal", _OCTALS.finditer(data), _octals)
    yield from _found(source, "binary", _BITS.finditer(data), _bits)


def _decimals(match: re.Match[bytes]) -> bytes:
    return bytes(n for n in map(int, re.findall(rb"[0-9]+", match[0])) if n < 256)


def _indexed(match: re.Match[bytes]) -> bytes:
    return bytes(n for n in map(int, _VALUE.findall(match[0])) if n < 256)


def _octals(match: re.Match[bytes]) -> bytes:
    digits = re.findall(rb"[0-7]+", match[0])
    return bytes(n for n in (int(text, 8) for text in digits) if n < 256)


def _bits(match: re.Match[bytes]) -> bytes:
    words = re.findall(rb"[01]{7,}", match[0])
    if len(words) == 1:
        words = re.findall(rb"[01]{8}", words[0])
    return bytes(int(word, 2) & 255 for word in words)


def _found(
    source: Source,
    step: str,
    matches: Iterable[re.Match[bytes]],
    read: Callable[[re.Match[bytes]], bytes],
) -> Iterator[View]:
    spans: list[Span] = []
    texts: list[bytes] = []
    for match in matches:
        text = read(match)
        if readable_for_its_size(text):
            spans.append(match.span())
            texts.append(text)
    if texts:
        trace = Pieces(spans, list(map(len, texts)), inner=whole)
        yield source.gather(step, texts, trace)
