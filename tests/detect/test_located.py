import pytest

from dlp.detect.known.forms import Domain, form
from dlp.detect.located import Buffer, batches, widened
from dlp.model import View

TEXTS = [b"a-b-c", b"", "\u200bd e\u00e9f".encode(), b"--", b"ghi"]
VIEWS = [View(text, n) for n, text in enumerate(TEXTS)]


@pytest.mark.parametrize("domain", [Domain.NORMAL, Domain.VISIBLE, Domain.RAW])
def test_every_byte_is_found_back(domain):
    buffer = Buffer(VIEWS)
    searched = buffer.form(domain)
    for at, byte in enumerate(searched):
        view, span = buffer.locate(at, at + 1, domain)
        assert span is not None
        assert form(view.data[slice(*span)], domain) == bytes([byte])


def test_a_span_holds_what_was_dropped_inside_it():
    view, span = Buffer(VIEWS).locate(0, 3, Domain.NORMAL)
    assert (view.part, span) == (0, (0, 5))


def test_what_reaches_into_the_next_view_has_no_span():
    view, span = Buffer(VIEWS).locate(1, 5, Domain.NORMAL)
    assert (view.part, span) == (0, None)


def test_offsets_are_right_beyond_a_block():
    text = b"- " * 5000 + b"abc-def" + b" -" * 5000
    _, span = Buffer([View(text, 0)]).locate(1, 5, Domain.NORMAL)
    assert text[slice(*span)] == b"bc-de"


def test_large_views_stand_alone():
    sizes = [10, 1 << 21, 10, 10]
    grouped = [len(b.views) for b in batches([View(bytes(s), 0) for s in sizes])]
    assert grouped == [1, 1, 2]
    assert list(batches([])) == []


WIDER = {
    "a whole word": (b'{"a": "abcd1234efgh=="}', b"1234", 4, 4, b"abcd1234efgh=="),
    "not beyond a quote": (b'"ab1234cd"', b"1234", 9, 9, b"ab1234cd"),
    "not beyond what belongs to it": (
        b"x" * 50 + b"1234" + b"y" * 50,
        b"1234",
        2,
        2,
        b"x" * 6 + b"1234" + b"y" * 6,
    ),
    "nothing round it": (b" 1234 ", b"1234", 9, 9, b"1234"),
}


@pytest.mark.parametrize(
    ("text", "inner", "before", "after", "whole"), WIDER.values(), ids=WIDER
)
def test_encoded_text_is_taken_whole(text, inner, before, after, whole):
    start = text.index(inner)
    span = widened(text, (start, start + len(inner)), before, after)
    assert text[slice(*span)] == whole


def test_encoded_text_in_pieces_has_no_span():
    assert widened(b"12, 34", (0, 6), 2, 2) is None
