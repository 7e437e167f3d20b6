"""
Characters that are named, one word each: the spelling alphabet (ICAO, and its common
variants), digits as words, Morse code (ITU-R M.1677), Braille.

Where a writing knows no case the text comes in lower and in upper case.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from functools import cache

from dlp.decode.pieces import Span
from dlp.decode.sieve import Locator
from dlp.decode.source import Source
from dlp.model import View

_WORD = re.compile(r"[^ ]+")
_NATO = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee "
    "zulu"
)
_DIGITS = "zero one two three four five six seven eight nine"
_NAMES = {
    **dict(zip(_WORD.findall(_NATO), string.ascii_lowercase, strict=True)),
    **dict(zip(_WORD.findall(_DIGITS), string.digits, strict=True)),
    "alpha": "a", "juliet": "j", "whisky": "w", "x-ray": "x", "niner": "9",
    "dash": "-", "hyphen": "-", "minus": "-", "underscore": "_", "dot": ".",
    "slash": "/", "plus": "+", "equals": "=", "exclamation": "!", "at": "@",
    "hash": "#", "dollar": "$", "percent": "%", "caret": "^", "ampersand": "&",
    "asterisk": "*", "star": "*", "period": ".", "comma": ",", "tilde": "~",
    "colon": ":", "semicolon": ";", "pound": "#", "space": " ", "newline": "\n",
}  # fmt: skip
_TELLING = (
    "charlie", "foxtrot", "juliet", "quebec", "sierra", "tango", "whisk", "xray",
    "x-ray", "yankee", "zulu", "bravo", "romeo", "uniform", "victor",
)  # fmt: skip
"""Of two dozen characters at least one is among these."""
_AROUND = 2048
"""Bytes on each side of a telling name; two dozen names with what stands between."""
_CAPITAL = ("capital", "uppercase", "upper", "cap", "big", "caps")
_SMALL = ("lowercase", "lower", "small", "little")
_NAME = "|".join(sorted((*_NAMES, *_CAPITAL, *_SMALL), key=len, reverse=True))
_GAP = r"[^A-Za-z0-9]{1,6}"
_MORSE = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - "
    "..- ...- .-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. "
    "----. -....- ..--.- .-.-.- -..-. .-.-. -...-"
)
_SYMBOLS = string.ascii_lowercase + string.digits + "-_./+="
_CODES = dict(zip(_WORD.findall(_MORSE), _SYMBOLS, strict=True))
_DASHES = {"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "▬": "-", "━": "-"}
_DOTS_DRAWN = {"·": ".", "•": ".", "∙": ".", "․": ".", "●": ".", "⋅": "."}
_DRAWN_CODES = str.maketrans({**_DASHES, **_DOTS_DRAWN})
_BRAILLE_LETTERS = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"
_BRAILLE = dict(zip(map(ord, _BRAILLE_LETTERS), string.ascii_lowercase, strict=True))
_CAPITAL_SIGN, _FIGURE_SIGN, _FIGURES = "⠠", "⠼", "abcdefghij"
_SIGNS = {"⠤": "-", "⠸": "_", "⠲": ".", "⠌": "/", "⠬": "+", "⠶": "="}

HINTS = (
    *(f"(?i){name}" for name in _TELLING),
    r"[ /|][.\-]{1,6}(?:[ /|]{1,3}[.\-]{1,6}){10}",
)
BRAILLE_HINTS = (r"(?:\xe2[\xa0-\xa3].){12}",)
_SIGN = (
    r"(?:[.\-]|\xc2\xb7|\xe2(?:\x80[\x90-\x95\xa2\xa4]|\x88[\x92\x99]|\x8b\x85"
    r"|\x94\x81|\x96\xac|\x97\x8f))"
)
MORSE_HINTS = (rf"(?:{_SIGN}{{1,6}}[ /|]{{1,3}}){{11}}",)

_SPOKEN = re.compile(
    f"(?<![A-Za-z0-9])(?:(?:{_NAME}){_GAP}){{7,}}+(?:{_NAME})?".encode(),
    re.IGNORECASE,
)
_ONE = re.compile(f"{_NAME}".encode(), re.IGNORECASE)
_SENT = re.compile(rb"(?:[.\-]{1,6}[ /|]{1,3}){11,}+[.\-]{0,6}")
_SENT_DRAWN = re.compile(
    rf"(?:{_SIGN}{{1,6}}[ /|]{{1,3}}){{11,}}+{_SIGN}{{0,6}}".encode("latin-1")
)
_DOTS = re.compile(rb"(?:\xe2[\xa0-\xa3][\x80-\xbf][!-/:-@\[-`{-~]{0,4}){12,}+")


def spoken(source: Source) -> Iterator[View]:
    """What names of characters, and Morse code, spell."""
    data = source.data
    found = [
        (match.span(), _spell(match[0]))
        for start, stop in _near_names(data)
        for match in _SPOKEN.finditer(data, start, stop)
    ]
    found += [(m.span(), sent(m[0].decode())) for m in _SENT.finditer(data)]
    yield from source.found("spelled out", found)


def morse(source: Source) -> Iterator[View]:
    """What Morse code in other dots and dashes than those of ASCII says."""
    found = [
        (m.span(), sent(m[0].decode().translate(_DRAWN_CODES)))
        for m in _SENT_DRAWN.finditer(source.data)
    ]
    yield from source.found("spelled out", found)


def sent(code: str) -> bytes:
    letters = re.findall(r"[.\-]+", code)
    return _cased("".join(_CODES.get(letter, "") for letter in letters))


def _near_names(data: bytes) -> list[Span]:
    """What stands round the telling names: a search of all costs a second a MiB."""
    lower = data.lower()
    near: list[Span] = []
    for place in sorted(
        stop - len(_TELLING[index])
        for index, stop in _telling().find(lower, len(lower) + 1)
    ):
        start, stop = max(0, place - _AROUND), min(len(data), place + _AROUND)
        if near and start <= near[-1][1]:
            near[-1] = near[-1][0], stop
        else:
            near.append((start, stop))
    return near


@cache
def _telling() -> Locator:
    return Locator([name.encode() for name in _TELLING])


def braille(source: Source) -> Iterator[View]:
    """Braille, as letters and as the bytes that its eight dots count."""
    found: list[tuple[Span, bytes]] = []
    for match in _DOTS.finditer(source.data):
        text = match[0].decode()
        written = (
            bytes(ord(c) & 255 for c in text if not c.isascii())
            + b"\n"
            + _embossed(text)
        )
        found.append((match.span(), written))
    yield from source.found("spelled out", found)


def _embossed(text: str) -> bytes:
    """
    As it stands, with the signs before capitals and figures heeded; and without case.
    """
    out: list[str] = []
    capital = figures = False
    for cell in text:
        letter = _BRAILLE.get(ord(cell), "")
        if cell == _CAPITAL_SIGN:
            capital, figures = True, False
        elif cell == _FIGURE_SIGN:
            figures = True
        elif letter:
            figures = figures and letter in _FIGURES
            digit = str((_FIGURES.index(letter) + 1) % 10) if figures else letter
            out.append(digit.upper() if capital else digit)
            capital = False
        else:
            figures = False
            out.append(cell if cell.isascii() else _SIGNS.get(cell, ""))
    exact = "".join(out)
    letters = "".join(_BRAILLE.get(ord(c), "") for c in text)
    return exact.encode() + b"\n" + _cased(letters)


def _spell(words: bytes) -> bytes:
    """The text as its case was told, if it was, and without case."""
    out: list[str] = []
    capital = False
    for name in _ONE.findall(words):
        word = name.decode()
        if word.lower() in _CAPITAL:
            capital = True
        elif word.lower() not in _SMALL:
            symbol = _NAMES[word.lower()]
            shouted = word.isupper() and len(word) > 1
            out.append(symbol.upper() if capital or shouted else symbol)
            capital = False
    text = "".join(out)
    return b"\n".join((text.encode(), _by_first_letter(words), _cased(text.lower())))


def _by_first_letter(words: bytes) -> bytes:
    """Where `Sierra` means S and `sierra` s."""
    names = [n.decode() for n in _ONE.findall(words) if n.decode().lower() in _NAMES]
    said = [
        _NAMES[n.lower()].upper() if n[0].isupper() else _NAMES[n.lower()]
        for n in names
    ]
    return "".join(said).encode()


def _cased(text: str) -> bytes:
    return f"{text}\n{text.upper()}".encode()
