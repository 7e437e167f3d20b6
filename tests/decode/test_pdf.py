"""The text that pages show, among anything else."""

import random

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

NOISE = random.Random(9).randbytes(300 << 10)
PAGE = b"BT /F1 12 Tf 72 700 Td [(the to) -20 (ken of) 5 ( it)] TJ ET"


def texts(body: bytes) -> list[bytes]:
    decoded = decode((Part(PartKind.BODY, body),), Limits())
    return [view.data for view in decoded.views if view.step == "pdf text"]


@pytest.mark.parametrize("nothing", [b"[] TJ", b"[ ]TJ", b"() Tj", b"<> Tj"])
def test_an_operator_may_show_nothing(nothing):
    assert any(b"the token of it" in text for text in texts(nothing + b" " + PAGE))


@pytest.mark.parametrize("at", [0, 1000, 150 << 10, len(NOISE)])
def test_a_page_is_read_in_noise(at):
    found = texts(NOISE[:at] + b"\n" + PAGE + b"\n" + NOISE[at:])
    assert any(b"the token of it" in text for text in found)


def test_quotation_marks_show_text_behind_what_only_a_text_has():
    lines = b"".join(b"(line %d of the text)'\n" % n for n in range(1200))
    body = b"BT /F1 9 Tf 12 TL 72 700 Td\n" + lines + b"ET\n" + b"%\n" * (40 << 10)
    assert any(b"line 1199 of the text" in text for text in texts(body))
