"""Lines of a large wrapped code are no tokens; all other lines are."""

import base64
import random

import pytest

from dlp.decode import decode
from dlp.decode.runs import unwrapped_only
from dlp.model import Limits, Part, PartKind

TEXT = b"the-pL4nt3d-t3xt-01a2B3c4d5"
NOISE = random.Random(8).randbytes(40_000)


def lines(size: int, count: int, apart: int = 1) -> list[tuple[int, int]]:
    step = size + apart
    return [(at, at + size) for at in range(0, count * step, step)]


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        (lines(76, 300), 0),
        (lines(64, 300, 12), 0),
        (lines(76, 199), 199),
        (lines(75, 300), 300),
        (lines(44, 300), 300),
        (lines(76, 300, 40), 300),
        ([(0, 30), *((a + 40, b + 40) for a, b in lines(76, 300)), (23200, 23230)], 2),
    ],
    ids=["MIME", "indented", "few", "odd", "digests", "apart", "beside others"],
)
def test_lines_of_one_length_one_below_the_other_are_left_out(spans, kept):
    left = unwrapped_only(spans)
    assert len(left) == kept
    assert set(left) <= set(spans)


@pytest.mark.parametrize("at", [0, 20_000, 39_990])
def test_what_is_wrapped_is_read_as_a_whole(at):
    sent = base64.encodebytes(NOISE[:at] + TEXT + NOISE[at:])
    decoded = decode((Part(PartKind.BODY, b"a file:\n\n" + sent),), Limits())
    assert any(TEXT in view.data for view in (*decoded.views, *decoded.residue))
