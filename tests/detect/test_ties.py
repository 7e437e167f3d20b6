"""How a name holds its value, told without looking at the value."""

import pytest

from dlp.detect.context.ties import Assignment, Tie, tie

CASES = {
    "an assignment in quotes": ("name", ' = "', b"", b'"', Tie.QUOTED),
    "JSON": ("name", '": "', b'"', b'"', Tie.QUOTED),
    "an element of XML": ("name", ">", b"<", b"</n", Tie.QUOTED),
    "with a type": ("name", ": &'static str = \"", b"", b'"', Tie.QUOTED),
    "an environment file": ("NAME", "=", b"\n", b"\n", Tie.BARE),
    "an option": ("--name", " ", b" ", b"\n", Tie.BARE),
    "a colon in another script": ("name", "\uff1a", b"", b"\n", Tie.BARE),
    "a word of a sentence": ("name", " is ", b" ", b".", Tie.PROSE),
    "the next line of a list": ("name", ',\n  "', b'"', b'"', Tie.NONE),
    "what a type is mapped to": ("Name", '": "', b"::", b'"', Tie.NONE),
    "a segment of a path": ("name", "=", b"x/", b"\n", Tie.NONE),
}


@pytest.mark.parametrize(
    ("name", "separator", "before", "after", "expected"), CASES.values(), ids=CASES
)
def test_what_stands_between_tells_the_tie(name, separator, before, after, expected):
    text = separator if separator.isascii() else separator.encode().decode("latin-1")
    assert tie(Assignment(name, text, b"value", before, after)) is expected
