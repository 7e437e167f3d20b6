import json

import pytest

from dlp.decode.documents.nesting import Nesting, escaped, unescaped


def nested(depth):
    """A document in which `@` stands that many strings deep."""
    text = "@"
    for _ in range(depth):
        text = json.dumps({"k": text, "ü": [1, "\\"]}, ensure_ascii=False)
    return text.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_depth_counts_the_strings_that_are_open(depth, size):
    head, _, tail = nested(depth).partition(b"@")
    nesting = Nesting()
    for at in range(0, len(head), size):
        nesting.feed(head[at : at + size])
    assert (nesting.depth, nesting.bare) == (depth, False)
    nesting.feed(tail)
    assert (nesting.depth, nesting.bare) == (0, True)


@pytest.mark.parametrize(
    "text", [b'say "x', b'"[{', b"", b" \n", b"1", b'He said: {"a": "x']
)
def test_what_begins_with_no_bracket_is_no_json(text):
    nesting = Nesting()
    nesting.feed(text)
    assert (nesting.depth, nesting.bare) == (0, False)


def test_a_quote_may_be_written_by_its_number():
    nesting = Nesting()
    nesting.feed(rb'{"k": "{\u0022a\u0022: \u0022')
    assert nesting.depth == 2


@pytest.mark.parametrize("depth", range(4))
def test_what_is_escaped_reads_the_same(depth):
    text = '"q" \\ \n ö € \x00 \U0001f600'
    assert unescaped(escaped(text, depth).encode(), depth).decode() == text


def test_half_an_escape_reads_as_nothing():
    assert unescaped(rb"a\u12", 1) is None
    assert unescaped(rb"\ud800", 1) is None
