"""
What is left of a text when only some of its words or letters are read: every n-th, a
column, those that are no words, by number; and words decoded each by itself, then put
together.

Only for short stretches (drawn.py): each of these is as long as the text.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from dlp.decode.ciphers.cover import bare, stripped
from dlp.decode.compressed.inflate import inflate

_WORD = re.compile(rb"[A-Za-z0-9_\-+/=]++(?!(?<=[_-])\.{3})")
"""But for a beginning that documentation leaves open, as `sk_test_...`."""
_ITEM = re.compile(
    rb"\"((?:[^\"\\]|\\.)*)\"|\b[A-Za-z]\w{0,12}=([^&\s\"]+)|([^\s\",\[\]{}&]+)"
)
_PLAIN = re.compile(rb"[A-Za-z]?[a-z]{2,}|[0-9]+")
_MOST_WORDS = 700
_WIDEST_STEP = 8
"""Of letters with others between."""
_WIDEST_GROUP = 5
"""Letters between two that only fill."""
_MOST_COLUMNS = 6
_OFTEN = 3
_MOST_PIECES = 200
_SAMPLE = 3
"""Every third of them must be text when a code is undone, but for a few."""
_FEWEST = 4
_SHORTEST = 12
_LONGEST_JOIN = 600
_TEXT = bytes(range(32, 127))
_ALNUM = bytes(b for b in range(128) if chr(b).isalnum())
_OTHER = bytes(b for b in range(256) if b not in _ALNUM)

type Words = Sequence[bytes]


def joins(text: bytes) -> Iterator[bytes]:
    """The words of each line side by side, and of all lines."""
    for line in dict.fromkeys((*text.split(b"\n"), text)):
        words = _WORD.findall(line)
        joined = b"".join(words)
        if len(words) > 1 and _SHORTEST < len(joined) <= _LONGEST_JOIN:
            yield joined


def picked(text: bytes) -> Iterator[bytes]:
    """The texts that one gets."""
    words = _WORD.findall(text)[:_MOST_WORDS]
    yield from _letters(text)
    yield from bare(text)
    yield from stripped(text)
    if len(words) < _FEWEST:
        return
    rare = _rare(words)
    for chosen in (words, rare, _strange(words), *_columns(words)):
        yield b"".join(chosen)
    items = [a or b or c for a, b, c in _ITEM.findall(text)[:_MOST_WORDS]]
    for chosen in (words, rare, items, items[0::2], items[1::2]):
        yield from _each_decoded(chosen)
    rows = [_WORD.findall(line) for line in text.split(b"\n")]
    yield from _ends([row for row in rows if row])
    yield from _numbered(words)


def codes(text: bytes) -> Iterator[bytes]:
    """Words side by side that may be a code which was cut."""
    yield from bare(text)
    words = _WORD.findall(text)[:_MOST_WORDS]
    if len(words) >= _FEWEST:
        for chosen in (_rare(words), _strange(words), *_columns(words)):
            yield b"".join(chosen)


def _rare(words: Words) -> list[bytes]:
    """Without what comes again and again."""
    often = Counter(words)
    return [word for word in words if often[word] < _OFTEN or len(word) == 1]


def _strange(words: Words) -> list[bytes]:
    """Without words and numbers."""
    return [word for word in words if not _PLAIN.fullmatch(word)]


def _columns(words: Words) -> Iterator[Words]:
    for count in range(2, _MOST_COLUMNS + 1):
        for at in range(count):
            yield words[at::count]


def _ends(rows: Sequence[Words]) -> Iterator[bytes]:
    """The first, second and last word of each line, and their last letters."""
    if len(rows) >= _FEWEST:
        yield b"".join([row[0] for row in rows])
        yield b"".join([row[1] for row in rows if len(row) > 1])
        yield b"".join([row[-1] for row in rows])


def _letters(text: bytes) -> Iterator[bytes]:
    """Every n-th letter or digit, and every n-th byte."""
    shown = text.translate(None, b" \t\r\n\"',[]{}")
    for letters in dict.fromkeys((text.translate(None, _OTHER), shown)):
        for step in range(2, _WIDEST_STEP + 1):
            yield b"\n".join([letters[at::step] for at in range(step)])
        yield from _without_every(letters)


def _without_every(letters: bytes) -> Iterator[bytes]:
    """All letters but every n-th, counted from the first or from the n-th on."""
    if len(letters) <= _LONGEST_JOIN:
        for step in range(3, _WIDEST_GROUP + 2):
            for first in (step - 1, 0):
                rest = bytearray(letters)
                del rest[first::step]
                yield bytes(rest)


def _numbered(words: Words) -> Iterator[bytes]:
    """Records in which one field counts, in its order: each other field."""
    numbers = [at for at, word in enumerate(words) if word.isdigit()]
    if len(numbers) < _FEWEST:
        return
    starts = {0, *numbers[:2], max(numbers[0] - 1, 0)}
    for start in sorted(starts):
        for width in range(2, _MOST_COLUMNS + 1):
            last = start + (len(words) - start) // width * width
            fields = [words[start + at : last : width] for at in range(width)]
            for key in filter(_counts, fields):
                order = sorted(range(len(key)), key=list(map(int, key)).__getitem__)
                for field in fields:
                    yield b"".join([field[at] for at in order])


def _counts(column: Words) -> bool:
    """Whether these are the numbers from 0 or 1 on, in any order."""
    if len(column) < _FEWEST:
        return False
    if not all(word.isdigit() and len(word) < 4 for word in column):
        return False
    numbers = sorted(map(int, column))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _each_decoded(words: Words) -> Iterator[bytes]:
    """The words, each decoded by itself, side by side."""
    if len(words) < _FEWEST:
        return
    yield b"".join([word[::-1] for word in words])
    words = words[:_MOST_PIECES]
    _, same = Counter(map(len, words)).most_common(1)[0]
    if same * 2 < len(words) and not all(map(bytes.isdigit, words)):
        return
    sample = words[1:-1:_SAMPLE] or words
    for decode in _CODES:
        good = 0
        for word in sample:
            good += 1 if decode(word) else -1
            if good < 0:
                break
        else:
            yield b"".join(map(decode, words))


def _quiet(decode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Empty where `decode` fails or gives no text."""

    def run(word: bytes) -> bytes:
        try:
            text = decode(word)
        except ValueError:
            return b""
        if text.startswith(b"x") and text.translate(None, _TEXT):
            text = inflate(text, "zlib", 4096).data
        return b"" if text.translate(None, _TEXT) else text

    return run


def from_base64(word: bytes) -> bytes:
    """
    In either alphabet, filled up or not.

    Raises:
        ValueError: it is none.
    """
    symbols = word.rstrip(b"=").translate(_STANDARD)
    return base64.b64decode(symbols + b"=" * (-len(symbols) % 4), validate=True)


def _base64_reversed(word: bytes) -> bytes:
    return from_base64(word[::-1].lstrip(b"="))


def from_base32(word: bytes) -> bytes:
    """
    In either case, filled up or not.

    Raises:
        ValueError: it is none.
    """
    symbols = word.rstrip(b"=").upper()
    return base64.b32decode(symbols + b"=" * (-len(symbols) % 8))


def _decimal(word: bytes) -> bytes:
    number = int(word) if word.isdigit() and len(word) < 80 else 0
    return number.to_bytes((number.bit_length() + 7) // 8)


_STANDARD = bytes.maketrans(b"-_", b"+/")
_CODES = tuple(
    map(
        _quiet,
        (
            from_base64,
            _base64_reversed,
            from_base32,
            base64.b85decode,
            base64.a85decode,
            lambda word: bytes.fromhex(word.decode()),
            _decimal,
        ),
    )
)
