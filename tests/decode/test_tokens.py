import random
import re

import pytest

from dlp.decode.documents.tokens import segments

STRING = re.compile(rb'"((?:[^"\\]|\\.)*)(?:"|\Z)', re.DOTALL)


def spans(data, size=1 << 20):
    return [
        span
        for _, tokens in segments(data, 0, size)
        for span in zip(tokens.starts.tolist(), tokens.stops.tolist(), strict=True)
    ]


@pytest.mark.parametrize("size", [16, 1 << 20])
def test_quotes_behind_any_number_of_backslashes(size):
    """Strings of quotes, backslashes and letters, and what a plain reading finds."""
    draw = random.Random(7)
    for _ in range(300):
        texts = [
            b"".join(draw.choices([b"a", b"b", b'\\"', b"\\\\", b"\\n"], k=count))
            for count in draw.choices(range(12), k=4)
        ]
        data = b"[" + b", ".join(b'"%b"' % text for text in texts) + b"]"
        assert spans(data, size) == [m.span(1) for m in STRING.finditer(data)]


@pytest.mark.parametrize("data", [b'"a" \\', b'"\\', b'"', b'"\\"', b'"a\\\\"'])
def test_a_document_that_begins_with_a_quote(data):
    assert spans(data)[0][0] == 1
