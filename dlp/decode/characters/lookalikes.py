"""
Letters of other scripts that are drawn like ASCII, and punctuation that stands for it.

Our own list by eye for the scripts a key could be disguised in; what Unicode decomposes
to ASCII by itself (NFKD) is not repeated here.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import string
import sys
import unicodedata

_ROWS = {
    "A": "АΑᎪᗅ𐊠", "B": "ВΒᏴᗷ", "C": "СϹᏟⲤ", "D": "Ꭰᗪ", "E": "ЕΕᎬⴹ",
    "F": "ϜᖴҒ", "G": "ԌᏀᏳ", "H": "НΗᎻᕼ", "I": "ІΙӀ", "J": "ЈᎫᒍͿ", "K": "КΚᏦⲔ",
    "L": "ᏞᒪⳐ", "M": "МΜᎷⲘϺ", "N": "ΝⲚ", "O": "ОΟՕⲞ", "P": "РΡᏢⲢ",
    "Q": "ԚⵕႭ", "R": "ᎡᏒᖇ", "S": "ЅՏᏕᏚ", "T": "ТΤᎢⲦ", "U": "ՍሀᑌԱ", "V": "ѴᏙᐯⴸ",
    "W": "ԜᎳᏔ", "X": "ХΧⲬᚷ", "Y": "УΥҮⲨᎩᎽ", "Z": "ΖᏃ",
    "a": "аɑαᴀ", "b": "ьƄᏏᖯʙ", "c": "сϲᴄⲥ", "d": "ԁᏧժɗᴅ", "e": "еҽɛᴇ", "f": "ẝքꜰ",
    "g": "ɡցᶃɢ", "h": "һհᏂʜ", "i": "іıɩιӏɪ", "j": "јϳᴊ", "k": "кκⲕᴋ", "l": "ⅼӀǀʟ",
    "m": "мⅿⲙᴍ", "n": "ոռпɴ", "o": "оοσօⲟᴏ", "p": "рρⲣᴘ", "q": "ԛգզǫꞯ",
    "r": "гᴦⲅᴦʀ", "s": "ѕꜱƽ", "t": "тτᴛ", "u": "υսᴜʋ", "v": "ѵνᴠ", "w": "ԝᴡѡɯ",
    "x": "хχᕁ", "y": "уγүყỿʏ", "z": "ᴢʐ",
    "-": "‐‑‒–—―−⁃﹘➖", "_": "ˍ﹍﹎﹏", ".": "․。．", "/": "⁄∕╱", "=": "꓿᐀",
    "0": "߀०০", "3": "ЗӠƷ", "4": "Ꮞ", "5": "Ƽ", "6": "бᏮ", "8": "Ȣ৪", "9": "৭",
}  # fmt: skip

_IN_SHAPES = (0x1F150, 0x1F170, 0x1F1E6)
"""A in a circle, in a square, as a regional indicator: Unicode decomposes none."""

_MATHEMATICAL = 0x1D400
"""From here on thirteen alphabets; what had a character before is left out of them."""
_HOLES = {
    _MATHEMATICAL + n: string.ascii_letters.swapcase()[n % 52]
    for n in range(13 * 52)
    if unicodedata.category(chr(_MATHEMATICAL + n)) == "Cn"
}
_DIGITS = {
    code: str(unicodedata.digit(chr(code)))
    for code in range(0x80, min(sys.maxunicode, 0x20000))
    if unicodedata.category(chr(code)) == "Nd"
}
"""Of all scripts."""

LOOKALIKES: dict[int, str] = {
    **_HOLES,
    **_DIGITS,
    **{ord(drawn): letter for letter, similar in _ROWS.items() for drawn in similar},
    **{first + n: chr(0x41 + n) for first in _IN_SHAPES for n in range(26)},
}
