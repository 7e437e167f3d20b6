import json
import re

import pytest

from dlp.decode import decode
from dlp.decode.pieces import Changes, Rewrite
from dlp.model import Limits, Part, PartKind

# what X became: "" or "--", and the source of each place of the output
SOURCE = b"abXcdXXef"


@pytest.mark.parametrize(
    ("made", "place", "source"),
    [
        (b"--", (0, 2), (0, 2)),  # ab
        (b"--", (1, 3), (1, 3)),  # b and half of what X became
        (b"--", (2, 4), (2, 3)),
        (b"--", (4, 6), (3, 5)),
        (b"--", (5, 9), (4, 7)),
        (b"--", (10, 12), (7, 9)),
        (b"", (1, 3), (1, 4)),
        (b"", (3, 5), (4, 8)),
    ],
)
def test_a_place_is_traced_to_what_became_it(made, place, source):
    rewrite = Rewrite(re.compile(b"X"), lambda _: made)
    assert Changes(rewrite, SOURCE).locate(*place) == source


def test_many_places_of_one_leaf_are_found_by_reading_it_once():
    """Else a hundred kilobytes of tokens among escapes took fourteen seconds."""
    leaf = "".join(f"\n{number:08d}" for number in range(300))
    sent = json.dumps({"a": leaf}).encode()
    (view,) = [
        v
        for v in decode([Part(PartKind.BODY, sent)], Limits()).views
        if v.step == "json"
    ]
    for number in range(300):
        text = b"%08d" % number
        at = view.data.find(text)
        start, stop = view.raw_span(at, at + len(text))
        assert sent[start:stop] == text
    changes = view.trace._pieces._changes
    assert len(changes) == 1


def test_each_part_of_a_multipart_body_is_named():
    fields = [
        b'Content-Disposition: form-data; name="f%d"\r\n\r\n%08d' % (n, n)
        for n in range(9)
    ]
    sent = b"--q\r\n" + b"\r\n--q\r\n".join(fields) + b"\r\n--q--\r\n"
    (view, *_) = decode([Part(PartKind.BODY, sent)], Limits()).views
    for number in reversed(range(9)):
        at = sent.find(b"%08d" % number)
        assert view.origin(at, at + 8).path == f"body > part:f{number}"
    head = sent.find(b"form-data")
    assert view.origin(head, head + 4).path == "body"
