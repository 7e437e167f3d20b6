import ast
import base64
import gzip
import json
from pathlib import Path

import pytest

from dlp import decode as decoders
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


MAKERS = {
    "gather",
    "child",
    "slice",
    "traced",
    "_gathered",
    "rewritten",
    "rewritten_at",
}


def steps_in(source: str) -> set[str]:
    """The constant names that decoders give to what they make."""
    return {
        argument.value
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in MAKERS
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_every_step_that_a_decoder_names_is_known():
    files = Path(decoders.__file__).parent.rglob("*.py")
    steps = {step for file in files for step in steps_in(file.read_text())}
    assert len(steps) > 25
    assert [step for step in steps if GAP in view_path(step)] == []
