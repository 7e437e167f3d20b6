"""
Letters of other scripts that are drawn like ASCII, and punctuation that stands for it.

Our own list by eye for the scripts a key could be disguised in; what Unicode decomposes
to ASCII by itself (NFKD) is not repeated here.
"""

# ruff: noqa: RUF001

from __future__ import annotations

_ROWS = {
    "A": "АΑᎪᗅ𐊠", "B": "ВΒᏴᗷ", "C": "СϹᏟⲤ", "D": "Ꭰᗪ", "E": "ЕΕᎬⴹ",
    "F": "ϜᖴҒ", "G": "ԌᏀᏳ", "H": "НΗᎻᕼ", "I": "ІΙӀ", "J": "ЈᎫᒍͿ", "K": "КΚᏦⲔ",
    "L": "ᏞᒪⳐ", "M": "МΜᎷⲘϺ", "N": "ΝⲚ", "O": "ОΟՕⲞ", "P": "РΡᏢⲢ",
    "Q": "ԚⵕႭ", "R": "ᎡᏒᖇ", "S": "ЅՏᏕᏚ", "T": "ТΤᎢⲦ", "U": "ՍሀᑌԱ", "V": "ѴᏙᐯⴸ",
    "W": "ԜᎳᏔ", "X": "ХΧⲬᚷ", "Y": "УΥҮⲨᎩᎽ", "Z": "ΖᏃ",
    "a": "аɑα", "b": "ьƄᏏᖯ", "c": "сϲᴄⲥ", "d": "ԁᏧժɗ", "e": "еҽɛ", "f": "ẝք",
    "g": "ɡցᶃ", "h": "һհᏂ", "i": "іıɩιӏ", "j": "јϳ", "k": "кκⲕᴋ", "l": "ⅼӀǀ",
    "m": "мⅿⲙᴍ", "n": "ոռп", "o": "оοσօⲟᴏ", "p": "рρⲣ", "q": "ԛգզ",
    "r": "гᴦⲅᴦ", "s": "ѕꜱƽ", "t": "тτᴛ", "u": "υսᴜʋ", "v": "ѵνᴠ", "w": "ԝᴡѡɯ",
    "x": "хχᕁ", "y": "уγүყỿ", "z": "ᴢʐ",
    "-": "‐‑‒–—―−⁃﹘➖", "_": "ˍ﹍﹎﹏", ".": "․。．", "/": "⁄∕╱", "=": "꓿᐀",
    "0": "߀०০", "3": "ЗӠƷ", "4": "Ꮞ", "5": "Ƽ", "6": "бᏮ", "8": "Ȣ৪", "9": "৭",
}  # fmt: skip

LOOKALIKES: dict[int, str] = {
    ord(drawn): letter for letter, similar in _ROWS.items() for drawn in similar
}
