"""
Bytes written out one by one or in words: hexadecimal in any notation, dumps.

`41:42`, `0x41, 0x42`, `41 42`, `x41x42`, `0x41424344 0x45464748` in either order,
`U+0041 U+0042`, `u0041u0042`, UUIDs, the lines of hexdump, xxd and od, records of
Intel and Motorola.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from dlp.decode.printable import readable_for_its_size
from dlp.decode.source import Source
from dlp.model import View

PAIR_HINTS = (
    r"(?:(?:0[xX])?[2-7][0-9a-fA-F][^0-9A-Za-z]{1,6}){8}",
    r"(?:0[xX](?:[2-7][0-9a-fA-F]){8}[uUlL]{0,3}[^0-9A-Za-z]{1,6}){2}",
    r"(?:0[xX](?:[2-7][0-9a-fA-F]){2,8}[uUlL]{0,3}[^0-9A-Za-z]{1,6}){3}",
    r"0[xX](?:1[fF]8[bB]08|00088[bB]1[fF]|78(?:9[cC]|01|[dD][aA]))",
    r"(?:(?:[2-7][0-9a-fA-F]){2,10}[^0-9A-Za-z]{1,3}){4}",
    r"(?:[0-9a-fA-F]{1,2}[:, ]){18}",
    r"(?:0x[0-9a-fA-F]{1,2}[^0-9A-Za-z]{1,6}){18}",
    r"(?:[\\0]?[xX$%][2-7][0-9a-fA-F]){10}",
    r"(?:16#[2-7][0-9a-fA-F][^0-9A-Za-z]{1,6}){8}",
    r"(?:#(?:[2-7][0-9a-fA-F]){3}[^#]{1,40}){6}",
    r"(?:[2-7][0-9a-fA-F][hH][^0-9A-Za-z]{1,6}0?){8}",
    r"(?:(?:0[xX]|&[hH]|8'h|char\"|\[u)0{0,6}[2-7][0-9a-fA-F][^0-9]{1,16}){8}",
    r"(?:[uU]{1,3}\+?00[2-7][0-9a-fA-F][^0-9A-Za-z]{0,6}){8}",
)
DUMP_HINTS = (
    r"0000000[ \t]{1,8}[0-3][0-7]{2}[ \t]{1,3}[0-3][0-7]{2}[ \t]",
    r"0000[0-9a-fA-F]{0,12}:?[ \t]{1,8}(?:[0-9a-fA-F]{2}){1,8}[ \t]{1,3}[0-9a-fA-F]{2}",
)
_FILLED = rb"0(?=[0-9a-fA-F]{2}[hH])"
"""Assemblers want a digit at the beginning: `0C3h`."""
_GROUP = rb"(?:16#|0[xX]|[$#]|%s)?(?:[0-9a-fA-F]{2}){1,16}+" % _FILLED
_PAIRS = re.compile(
    rb"(?:%s(?:[hH]|[uU]?[lL]{0,2})[^0-9A-Za-z]{1,6}){2,}+(?:%s[hH]?)?"
    % (_GROUP, _GROUP)
)
_SHORT = re.compile(
    rb"(?<![0-9A-Za-z])(?:(?:0[xX])?[0-9a-fA-F]{1,2}[^0-9A-Za-z]{1,6}){15,}+"
    rb"(?:(?:0[xX])?[0-9a-fA-F]{1,2}(?![0-9A-Za-z]))?"
)
_SHORT_BYTE = re.compile(
    rb"(?<![0-9A-Za-z])(?:0[xX])?([0-9a-fA-F]{1,2})(?![0-9A-Za-z])"
)
_LETTERS = re.compile(rb"[a-fA-F]")
"""As `hex(byte)` and `%x` write them: less than 16 has one digit."""
_CALL = rb"(?:0[xX]|&[hH]|8'h|char\"|\[u)0{0,6}([2-7][0-9a-fA-F])(?![0-9A-Fa-f])"
_CALLED_BYTE = re.compile(_CALL)
_CALLED = re.compile(rb"%s(?:[^0-9]{0,16}?%s){7,}" % (_CALL, _CALL))
"""Each in words: `(byte)0x73`, `0x73.toByte()`, `ChrW(&H73)`, `\\[u0073]`."""
_MARKED = re.compile(
    rb"(?:(?<![0-9A-Za-z])[0-9a-fA-F]{2}(?=[\\0]?[xX$%]))?"
    rb"(?:[\\0]?[xX$%][0-9a-fA-F]{2}){8,}+"
)
"""Before the first there is no mark where the mark is what separates them."""
_MARKED_BYTE = re.compile(rb"[\\0]?[xX$%]([0-9a-fA-F]{2})")
_UNMARKED = re.compile(rb"[0-9a-fA-F]{2}|")
_COLOUR = re.compile(rb"#([0-9a-fA-F]{6})")
_COLOURS = re.compile(rb"(?:#[0-9a-fA-F]{6}[^#]{1,64}){6,}+(?:#[0-9a-fA-F]{6})?")
"""Each in a rule or an element of its own."""
_CODE_POINT = rb"[uU]{1,3}\+?00([2-7][0-9a-fA-F])(?![0-9A-Fa-f])"
_POINT = re.compile(_CODE_POINT)
_POINTS = re.compile(
    rb"(?:(?<![0-9A-Za-z])00[2-7][0-9a-fA-F][\\%%]?(?=[uU]))?"
    rb"%s(?:[^0-9A-Za-z]{0,6}%s){7,}+" % (_CODE_POINT, _CODE_POINT)
)
_FEWEST = 16
_PREFIX = re.compile(rb"16#|0[xX]|(?<![0-9A-Za-z])%s|[^0-9a-fA-F]+" % _FILLED)
RECORD_HINTS = (
    r"(?:^|\n):[0-9A-F]{8}[0-9A-F]{4,80}\r?\n",
    r"(?:^|\n)S[123][0-9A-F]{6}[0-9A-F]{4,80}\r?\n",
)
_RECORD = re.compile(
    rb"(?m)^(?::[0-9A-F]{6}00|S1[0-9A-F]{6}|S2[0-9A-F]{8})([0-9A-F]+)[0-9A-F]{2}\r?$"
)


def pairs(source: Source) -> Iterator[View]:
    """Hexadecimal bytes or words with something between them."""
    data = source.data
    matches = list(_PAIRS.finditer(data))
    yield from _found(source, "hex", matches, _from_pairs)
    yield from _found(source, "hex", matches, _from_swapped_words)
    yield from _found(source, "hex", _MARKED.finditer(data), _from_marked)
    yield from _found(source, "hex", _CALLED.finditer(data), _from_calls)
    yield from _found(source, "hex", _COLOURS.finditer(data), _from_colours)
    yield from _found(source, "hex", _POINTS.finditer(data), _from_points)
    short = [m for m in _SHORT.finditer(data) if _is_short(m[0])]
    yield from _found(source, "hex", short, _from_short)
    texts = (*map(_from_pairs, matches), *map(_from_short, short))
    rest = [text for text in texts if len(text) >= _FEWEST]
    rest = [text for text in rest if not readable_for_its_size(text)]
    if rest:
        source.budget.remains(source.child("hex", b"\n".join(rest)))


def _from_pairs(match: re.Match[bytes]) -> bytes:
    digits = _PREFIX.sub(b"", match[0])
    return bytes.fromhex(digits[: len(digits) & ~1].decode())


def _is_short(text: bytes) -> bool:
    """Whether some bytes have one digit, and some letters: no list of decimals."""
    digits = _SHORT_BYTE.findall(text)
    return min(map(len, digits), default=2) == 1 and bool(_LETTERS.search(text))


def _from_short(match: re.Match[bytes]) -> bytes:
    return bytes(int(digits, 16) for digits in _SHORT_BYTE.findall(match[0]))


def _from_marked(match: re.Match[bytes]) -> bytes:
    digits = [*_UNMARKED.findall(match[0][:2]), *_MARKED_BYTE.findall(match[0])]
    return bytes.fromhex(b"".join(digits).decode())


def _from_colours(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(b"".join(_COLOUR.findall(match[0])).decode())


def _from_points(match: re.Match[bytes]) -> bytes:
    first = match[0][2:4] if match[0][:1] == b"0" else b""
    return bytes.fromhex((first + b"".join(_POINT.findall(match[0]))).decode())


def _from_calls(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(b"".join(_CALLED_BYTE.findall(match[0])).decode())


def _from_swapped_words(match: re.Match[bytes]) -> bytes:
    """The words of a list, each with its last byte first."""
    words = re.findall(rb"[0-9a-fA-F]{4,16}", _PREFIX.sub(b" ", match[0]))
    whole_bytes = (bytes.fromhex(word[: len(word) & ~1].decode()) for word in words)
    return b"".join(word[::-1] for word in whole_bytes)


def records(source: Source) -> Iterator[View]:
    """The data of Intel HEX and Motorola S-records, which are lines."""
    digits = b"".join([m[: len(m) & ~1] for m in _RECORD.findall(source.data)])
    yield source.child("hex", bytes.fromhex(digits.decode()))


_WORDS = rb"(?:[0-9a-fA-F]{2}[ \t]{1,2}){2,16}|(?:[0-9a-fA-F]{4,16}[ \t]){1,8}"
_LINE = rb"(?<![0-9A-Za-z])[0-9a-fA-F]{4,16}:?[ \t]+"
_DUMP = re.compile(rb"(?:%s(?:%s)[^\n]*\n?)+" % (_LINE, _WORDS))
_OCTAL = re.compile(rb"(?<=[ \t])(?:[0-3][0-7]{2}|[01][0-7]{5})(?![0-9A-Za-z])")
_OCTAL_DUMP = re.compile(
    rb"(?:(?<![0-9A-Za-z])[0-7]{7,8}(?:[ \t]{1,4}%b)+[^\n]*\n?)+" % _OCTAL.pattern
)
_DUMP_LINE = re.compile(
    rb"%s((?:%s)(?:[0-9a-fA-F]{2,16}(?![0-9A-Za-z]))?)" % (_LINE, _WORDS)
)


def dumps(source: Source) -> Iterator[View]:
    """The bytes of hexdump, xxd and od listings; words in both byte orders."""
    matches = list(_DUMP.finditer(source.data))
    yield from _found(source, "hexdump", matches, _from_dump)
    yield from _found(source, "hexdump", matches, _from_swapped_dump)
    matches = list(_OCTAL_DUMP.finditer(source.data))
    yield from _found(source, "hexdump", matches, _from_octal_dump)


def _from_dump(match: re.Match[bytes]) -> bytes:
    return b"".join(_dumped(match[0]))


def _from_swapped_dump(match: re.Match[bytes]) -> bytes:
    return b"".join(word[::-1] for word in _dumped(match[0]))


def _from_octal_dump(match: re.Match[bytes]) -> bytes:
    """Bytes in octal, or words of two, as od writes them if it is told nothing."""
    words = _OCTAL.findall(match[0])
    sizes = [len(word) // 3 for word in words]
    rows = [int(w, 8).to_bytes(n, "little") for w, n in zip(words, sizes, strict=True)]
    return b"".join(rows)


def _dumped(listing: bytes) -> Iterator[bytes]:
    """The words of a listing; on each line those as long as the first."""
    for line in _DUMP_LINE.findall(listing):
        words = line.split()
        size = len(words[0])
        for word in words:
            if len(word) > size:
                break
            yield bytes.fromhex(word[: len(word) & ~1].decode())


def _found(
    source: Source,
    step: str,
    matches: Iterable[re.Match[bytes]],
    read: Callable[[re.Match[bytes]], bytes],
) -> Iterator[View]:
    texts = [(match.span(), read(match)) for match in matches]
    found = [row for row in texts if readable_for_its_size(row[1])]
    yield from source.found(step, found)
