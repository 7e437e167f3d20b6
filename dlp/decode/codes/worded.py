"""
Numbers in English words, each the code of a character: `one hundred fifteen, one
hundred and seven, forty-five`; their digits, `one one five one zero seven`; and Morse
code as it is said, or in any two signs: `di-dah dah-di-di-dit`, `di dah / dah di di`,
dots and dashes that are emoji.

Why not in spoken.py: there a word is a character, and dots and dashes look like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dlp.decode.codes.spoken import sent
from dlp.decode.pieces import Span
from dlp.decode.printable import TEXT_BYTES
from dlp.decode.source import Source
from dlp.model import View

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {
    **{word.encode(): n for n, word in enumerate(re.findall(r"\w+", _ONES))},
    **{word.encode(): 10 * n for n, word in enumerate(re.findall(r"\w+", _TENS), 2)},
}
_WORD = "|".join(sorted((*_ONES.split(" "), *_TENS.split(" ")), key=len, reverse=True))
_HIGH = "|".join(_TENS.split(" "))
_DIGIT = "|".join(_ONES.split(" ")[:10])
_APART = r"[^A-Za-z ][^A-Za-z]{0,5}"
_AFTER = r"(?:[ \-][a-z]{1,9}){0,3}"
HINTS = (
    rf"(?i)(?:(?:one |a )?(?:hundred|{_HIGH}){_AFTER}{_APART}){{6}}",
    r"(?i)(?:d(?:it?|ah)(?:-d(?:it?|ah)){0,5}[ ,/|]{1,6}){11}",
    rf"(?i)(?:(?:{_DIGIT})[^0-9A-Za-z]{{1,6}}){{9}}",
)
_ANY_SIGN = r"(?:\xf0\x9f[\x80-\xbf]{2}|\xe2[\x80-\xbf]{2}(?:\xef\xb8\x8f)?)"
SIGN_HINTS = (rf"(?:{_ANY_SIGN}{{1,6}}[ /|,]{{1,3}}){{11}}",)

_UNIT = rf"(?:(?:{_HIGH})(?:[ \-](?:{_WORD}))?|{_WORD})"
_NUMBER = (
    rf"(?:(?:(?:one|a)[ \-])?hundred(?:(?:[ \-]and)?[ \-]{_UNIT})?|{_UNIT})(?![a-z])"
)
_ONE = re.compile(_NUMBER.encode())
_LIST = re.compile(rf"(?:{_NUMBER}[^0-9a-z]{{1,6}}){{7,}}+(?:{_NUMBER})?".encode())
_PART = re.compile(rb"[a-z]+")
_SAID = re.compile(
    rb"(?:d(?:it?|ah)(?:-d(?:it?|ah)){0,5}[ ,/|]{1,3}){11,}+(?:-?d(?:it?|ah)){0,6}"
)
_SAID_APART = re.compile(
    rb"(?:(?:d(?:it?|ah) {1,2}){1,6}[/|,] {0,2}){7,}+(?:d(?:it?|ah) {0,2}){0,6}"
)
_DIGITS = re.compile(
    rf"(?:(?:{_DIGIT})[^0-9a-z]{{1,6}}){{11,}}+(?:(?:{_DIGIT})(?![a-z]))?".encode()
)
_DRAWN = re.compile(
    rb"(?:(?:[\xe2\xef\xf0][\x80-\xbf]{2,3}){1,12}[ /|,]{1,3}){11,}+"
    rb"(?:[\xe2\xef\xf0][\x80-\xbf]{2,3}){0,12}"
)
_UNSEEN = str.maketrans("", "", "\ufe0f")
_BETWEEN = " /|,"


def worded(source: Source) -> Iterator[View]:
    """What such numbers, and such dots and dashes, say."""
    lower = source.data.lower()
    found: list[tuple[Span, bytes]] = []
    for match in _LIST.finditer(lower):
        codes = list(map(_value, _ONE.findall(match[0])))
        text = bytes(code for code in codes if code < 256)
        if not text.translate(None, TEXT_BYTES):
            found.append((match.span(), text))
    for pattern, inside in ((_SAID, b"-"), (_SAID_APART, b" ")):
        for match in pattern.finditer(lower):
            code = match[0].translate(None, inside).replace(b"dah", b"-")
            drawn = re.sub(rb"dit?", b".", code).decode()
            found.append((match.span(), sent(drawn)))
    for match in _DIGITS.finditer(lower):
        digits = (_VALUES[name] for name in _PART.findall(match[0]))
        found.append((match.span(), b"".join(b"%d" % digit for digit in digits)))
    yield from source.found("spelled out", found)


def signs(source: Source) -> Iterator[View]:
    """What any two signs say as dots and dashes, either way round."""
    found: list[tuple[Span, bytes]] = []
    for match in _DRAWN.finditer(source.data):
        text = match[0].decode("utf-8", "ignore").translate(_UNSEEN)
        two = sorted(set(text) - set(_BETWEEN))
        if len(two) == len(".-"):
            for dot, dash in (two, two[::-1]):
                drawn = text.replace(dot, ".").replace(dash, "-")
                found.append((match.span(), sent(drawn)))
    yield from source.found("spelled out", found)


def _value(number: bytes) -> int:
    """Of a number below two hundred."""
    _, hundred, rest = number.rpartition(b"hundred")
    units = sum(_VALUES.get(part, 0) for part in _PART.findall(rest))
    return units + 100 * bool(hundred)
