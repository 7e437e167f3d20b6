"""Words that mix characters are the same, wherever they are looked for."""

import random

from dlp.decode import decode
from dlp.decode.characters.unicode import _WORD, _words, fold
from dlp.model import Limits, Part, PartKind

SIGNS = ["a", "B", "=", "/", " ", " ", "\n", "\u2019", "\u00e9", "\u200b", "\u0430"]
SIGNS += ["\uff53", "\u0301", "\u00b7", "\u00a0", "\U0001f600", "\uff01", "x" * 70]
SIGNS += [" word" * 20]


def drawn(chance):
    signs = chance.choices(SIGNS, k=chance.randrange(40))
    data = "".join(sign * chance.choice([1, 1, 1, 40]) for sign in signs).encode()
    return chance.choice([data, data[1:], chance.randbytes(40) + data])


def test_looking_near_other_characters_finds_what_looking_everywhere_does():
    chance = random.Random(5)
    met = 0
    for _ in range(1000):
        data = drawn(chance)
        everywhere = [match.span() for match in _WORD.finditer(data)]
        assert [match.span() for match in _words(data)] == everywhere, data
        met += len(everywhere)
    assert met > 1000


def test_one_look_alike_at_the_edge_of_letters_is_enough():
    for word in ("\u0422!\u043586u#b4\u041c%z", "!\u0435x#\u0430!4u#b4%&7z"):
        body = Part(PartKind.BODY, f'{{"a": "{word}"}}'.encode())
        decoded = decode([body], Limits())
        assert any(fold(word.encode()) in view.data for view in decoded.views), word


def test_digits_of_other_scripts_and_what_no_alphabet_has():
    """A naive writer counts on where Unicode left a hole: it had that letter before."""
    for word in (
        "k3y" + "".join(chr(0x0660 + n) for n in (7, 1, 9, 4, 0, 2)) + "aBcDeF",
        "k3y" + "".join(chr(0x0966 + n) for n in (7, 1, 9, 4, 0, 2)) + "aBcDeF",
    ):
        body = Part(PartKind.BODY, word.encode())
        assert any(b"k3y719402aBcDeF" in v.data for v in decode([body], Limits()).views)
    text = "sC-hBeFgIlMrZh0eo-QRqh"
    double = "".join(chr(0x1D538 + ord(c) - 65) if c.isupper() else c for c in text)
    body = Part(PartKind.BODY, double.encode())
    assert any(text.encode() in view.data for view in decode([body], Limits()).views)


def test_words_of_small_capitals_and_with_accents_on_every_syllable():
    phrase = "marble-cactus-violet"
    capitals = "\u1d00\u0299\u1d04\u1d05\u1d07\ua730\u0262\u029c\u026a\u1d0a\u1d0b\u029f\u1d0d\u0274\u1d0f\u1d18\ua7af\u0280\ua731\u1d1b\u1d1c\u1d20\u1d21x\u028f\u1d22"
    small = phrase.translate({97 + n: ord(c) for n, c in enumerate(capitals)})
    accented = phrase.translate(
        str.maketrans("aeiou", "\u00e4\u00e9\u00ef\u00f5\u00fc")
    )
    for word in (small, accented):
        body = Part(PartKind.BODY, f"a note\n{word}\nof today".encode())
        decoded = decode([body], Limits())
        shown = [view.data for view in (*decoded.views, *decoded.residue)]
        assert any(phrase.encode() in data for data in shown), word
