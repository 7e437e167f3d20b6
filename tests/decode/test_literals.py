"""String literals that code joins: a look at where they may be joined loses none."""

import random
import re

from dlp.decode.spellings.literals import _CHAIN, _chains

SYMBOLS = (
    *(
        b'"',
        b"'",
        b"`",
        b'"a"',
        b"'bc'",
        b" + ",
        b"+",
        b", ",
        b"a",
        b"bcd",
        b"..",
        b"-",
    ),
    *(
        b"${''}",
        b'${""}',
        b"${x}",
        b"$",
        b"{",
        b"(",
        b")",
        b"; ",
        b"let y = ",
        b"x += ",
    ),
    *(b"f", b"b", b"\n", b"\\", b"w" * 64, b"-" * 65, b"q q" * 134),
)
ANYWHERE = re.compile(rb"(?:(?=[\"'`])|(?<![\w.\-+/:@$]))" + _CHAIN.pattern)
"""The same, tried at every place where a word or a literal begins."""


def test_every_chain_is_found():
    draw = random.Random(9)
    found = 0
    for _ in range(4000):
        text = b"".join(draw.choices(SYMBOLS, k=draw.randint(3, 24)))
        spans = [match.span() for match in ANYWHERE.finditer(text)]
        assert [match.span() for match in _chains(text)] == spans, text
        found += len(spans)
    assert found > 2000
