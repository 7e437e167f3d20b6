import base64
import gzip
import json

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind
from dlp.record.mask import GAP, view_path

TEXT = b"the quick brown fox jumps over it"
BODIES = {
    "gzip": gzip.compress(TEXT),
    "base64": base64.b64encode(TEXT),
    "base32": base64.b32encode(TEXT),
    "base85": base64.b85encode(TEXT),
    "hex": TEXT.hex().encode(),
    "numbers": str(list(TEXT)).encode(),
    "wide": TEXT.decode().encode("utf-16"),
    "escapes": b"\\u0068\\u0065" * 9,
    "entities": b"&#104;&#101;&lt;" * 9,
    "quoted": b"=68=65=6c=6c=6f" * 9,
    "messages": json.dumps(
        {"messages": [{"content": base64.b64encode(TEXT).decode()}]}
    ).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_the_names_of_decoders_are_known_words(name):
    """A step of ours that the vocabulary lacks would be a gap in every record."""
    parts = (
        Part(PartKind.TARGET, b"/a?x=%41bc"),
        Part(PartKind.HEADER, b"a=b; c=d", name="cookie"),
        Part(PartKind.BODY, BODIES[name]),
    )
    paths = {view.path for view in decode(parts, Limits()).views}
    assert len(paths) > 3
    assert [path for path in paths if GAP in view_path(path)] == []
