"""
Letters of other alphabets that stand for ASCII: text typed on the keyboard of another
script, and letters turned upside down.

Words are read that mix such letters with ASCII signs or have capitals inside, as no
word of a language has; and words of single jamo.

Why not in lookalikes.py: there a character looks like the letter it stands for.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dlp.decode.pieces import Span
from dlp.decode.source import Source
from dlp.model import View

_ROW = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
_SHIFTED = 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?~'


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What other characters stand for, and which of them tell that it is meant."""

    telling: re.Pattern[str]
    table: dict[int, str]
    backwards: bool = False
    """It may be read from its end."""


def _keyboard(letters: str, rows: str, shifted: str = "") -> Alphabet:
    pairs = [*zip(rows, _ROW, strict=True), *zip(shifted, _SHIFTED, strict=False)]
    table = {ord(typed): meant for typed, meant in pairs if typed != " "}
    return Alphabet(re.compile(f"[{letters}]"), table)


_TURNED = dict(
    zip(
        "ɐqɔpǝɟƃɥᴉıɾʞlןɯuodbɹsʇnʌʍxʎz∀ꓭƆᗡƎℲ⅁פHIſꓘ⅂˥WNOԀꝹᴚS⊥┴∩ΛMX⅄Z0ƖᄅƐㄣϛ9ㄥ86‾",
        "abcdefghiijkllmnopqrstuvwxyzABCDEFGGHIJKLLMNOPQRSTTUVWXYZ0123456789_",
        strict=True,
    )
)
ALPHABETS = (
    _keyboard(
        "а-яёА-ЯЁіїєґІЇЄҐ",
        "йцукенгшщзхъфывапролджэячсмитьбю.ё",
        "ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,Ё",
    ),
    _keyboard(
        "α-ωΑ-Ω",
        ";ςερτυθιοπ[]ασδφγηξκλ´'ζχψωβνμ,./`",
        ':΅ΕΡΤΥΘΙΟΠ{}ΑΣΔΦΓΗΞΚΛ¨"ΖΧΨΩΒΝΜ<>?~',
    ),
    _keyboard("א-ת", "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ.;"),
    _keyboard("ء-ي", "ضصثقفغعهخحجدشسيبلاتنمكطئءؤر ىةوزظذ"),
    _keyboard(
        "ㄱ-ㅣ",
        "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ[]ㅁㄴㅇㄹㅎㅗㅓㅏㅣ;'ㅋㅌㅊㅍㅠㅜㅡ,./`",
        "ㅃㅉㄸㄲㅆ   ㅒㅖ",
    ),
    Alphabet(
        re.compile("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ∀ꓭƆᗡƎℲ⅁ꓘ⅂Ԁᴚ⊥⅄ƖᄅƐㄣϛㄥ]"),
        {ord(drawn): letter for drawn, letter in _TURNED.items()},
        backwards=True,
    ),
)

_LOWER = r"(?:\xd0[\xb0-\xbf]|\xd1[\x80-\x8f]|\xce[\xb1-\xbf]|\xcf[\x80-\x89])"
_UPPER = r"(?:\xd0[\x90-\xaf]|\xce[\x91-\xa9])"
_FOREIGN = r"(?:[\xce-\xd1\xd7-\xd9][\x80-\xbf])"
_DRAWN = (
    r"(?:\xc9[\x90\x94\x9f\xa5\xaf\xb9\xbe]|\xca[\x87\x8c\x8d\x8e\x9e]|\xc7\x9d"
    r"|\xc6[\x83\x86\x8e\x90\x96]|\xe1\xb4[\x89\x9a]|\xe1\x97\xa1|\xe2\x88\x80"
    r"|\xe2\x84\xb2|\xe2\x85[\x81\x82\x84]|\xea\x93[\x98\xad])"
)
HINTS = (
    rf"(?:{_FOREIGN}+[!-~]+){{4}}{_FOREIGN}",
    f"(?:{_LOWER}+{_UPPER}+){{3}}",
    r"(?:\xe3(?:\x84[\xb1-\xbf]|\x85.|\x86[\x80-\x8e])[!-~]{0,4}){8}",
    rf"(?:{_DRAWN}[!-~\x80-\xff]{{0,16}}){{4}}",
)

_WORD = re.compile(rb"(?:[!-~]|[\xc2-\xf4][\x80-\xbf]+)*+")
_ANY = re.compile("|".join(HINTS).encode("latin-1"), re.DOTALL)
_SHORTEST = 12
_WIDEST = 1024
_FEWEST = 4
"""Letters of the other alphabet in a word."""


def alphabets(source: Source) -> Iterator[View]:
    """The words in which letters of another alphabet stand for ASCII."""
    data = source.data
    found: list[tuple[Span, bytes]] = []
    done = 0
    for match in _ANY.finditer(data):
        if match.start() < done:
            continue
        start, done = _word_at(data, match.start())
        word = data[start:done].decode("utf-8", "replace")
        for alphabet in ALPHABETS:
            if len(alphabet.telling.findall(word)) < _FEWEST:
                continue
            text = word.translate(alphabet.table).encode("ascii", "ignore")
            if len(text) >= _SHORTEST:
                text += (b"\n" + text[::-1]) * alphabet.backwards
                found.append(((start, done), text))
    yield from source.found("other alphabet", found)


def _word_at(data: bytes, at: int) -> Span:
    """The word round a place."""
    start = at
    while start and data[start - 1] > 0x20 and at - start < _WIDEST:
        start -= 1
    match = _WORD.match(data, start)
    return start, match.end() if match and match.end() > at else at + 1
