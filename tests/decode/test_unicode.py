"""Words that mix characters are the same, wherever they are looked for."""

import random

from dlp.decode.unicode import _WORD, _words

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
