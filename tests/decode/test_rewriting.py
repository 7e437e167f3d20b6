"""What is spelled otherwise in a long line, without a copy of the line."""

import json
import random
import string
from itertools import pairwise

import pytest

from dlp.decode import decode
from dlp.decode.documents.mail import QUOTED
from dlp.decode.rewriting import narrowed
from dlp.decode.spellings.percent import PERCENT
from dlp.model import Limits, Part, PartKind

WORDS = "function a(b,c){return b<c?d[e]:f%g&&h;}"
LINE = (WORDS * 6000).encode()
TEXT = b"the-planted-text-" + b"0123456789abcdef" * 8


def seen(data: bytes) -> list[bytes]:
    decoded = decode([Part(PartKind.BODY, data)], Limits())
    assert not decoded.truncated
    return [view.data for view in decoded.views]


def each(form: str, text: bytes = TEXT) -> bytes:
    return "".join(form.format(c) for c in text).encode()


SPELLINGS = {
    "percent": each("%{:02X}"),
    "escapes": each("\\x{:02x}"),
    "entities": each("&#{};"),
    "quoted-printable": each("={:02X}"),
    "one character": b"%74" + TEXT[1:],
    "the last character": TEXT[:-1] + each("%{:02X}", TEXT[-1:]),
    "percent of entities": each("%26%23{}%3B"),
}


@pytest.mark.parametrize("place", ["begin", "middle", "end"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_it_is_found_wherever_it_stands(name, place):
    at = {"begin": 0, "middle": len(LINE) // 2, "end": len(LINE)}[place]
    data = LINE[:at] + b' "' + SPELLINGS[name] + b'" ' + LINE[at:]
    assert any(TEXT in view for view in seen(data))


def test_a_finding_in_a_window_maps_back_to_the_raw_bytes():
    coded = SPELLINGS["percent"]
    data = LINE + b" '" + coded + b"' " + LINE
    decoded = decode([Part(PartKind.BODY, data)], Limits())
    view = next(v for v in decoded.views if TEXT in v.data)
    start = view.data.index(TEXT)
    low, high = view.raw_span(start, start + len(TEXT))
    assert data[low:high] == coded


def test_a_long_line_is_not_copied_for_some_places_in_it():
    """Each decoder that finds a place would hand the others all of it, and they back."""
    draw = random.Random(1)
    noise = [r"%41", r"\n", "&amp;", "=41 =42", "<b>", r"\x41"]
    line = "".join(WORDS + draw.choice(noise) * (n % 500 == 0) for n in range(6000))
    views = seen(json.dumps({"text": line}).encode())
    assert sum(map(len, views)) < 4 * len(line)


@pytest.mark.parametrize("pattern", [PERCENT.pattern, QUOTED.pattern])
def test_windows_hold_every_match_whole_and_do_not_overlap(pattern):
    draw = random.Random(2)
    for size in (5_000, 60_000):
        letters = string.ascii_letters + " " * 3 + "%=" * 2 + "0123456789ABCDEF" * 2
        data = "".join(draw.choices(letters, k=size)).encode()
        data = data.replace(b"%", b"x") if size > 5_000 else data
        spans = list(narrowed(data, [(0, len(data))], pattern))
        assert all(a[1] < b[0] for a, b in pairwise(spans))
        for match in pattern.finditer(data):
            assert any(a <= match.start() and match.end() <= b for a, b in spans)
