"""The text that pages show, among anything else."""

import base64
import random
import zlib

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


def in_ascii85(page: bytes) -> bytes:
    return b"<< /Filter [ /ASCII85Decode /FlateDecode ] >>\nstream\n%b\nendstream\n" % (
        base64.a85encode(page) + b"~>"
    )


def test_pages_in_ascii85_are_read_once_each():
    draw = random.Random(5)
    words = [draw.randbytes(4).hex().encode() for _ in range(30_000)]
    pages = [
        b"BT (" + b" ".join(words[at : at + 250]) + b") Tj ET"
        for at in range(0, len(words), 250)
    ]
    sent = b"%PDF-1.4\n" + b"".join(in_ascii85(zlib.compress(page)) for page in pages)
    decoded = decode((Part(PartKind.BODY, sent),), Limits())
    assert not decoded.truncated
    assert len(decoded.views) < 40
    shown = b"\n".join(v.data for v in decoded.views if v.step == "pdf text")
    assert all(word in shown for word in words[::250])


@pytest.mark.parametrize("behind", [b"", zlib.compress(b"a page")], ids=len)
def test_what_is_more_than_a_stream_is_read_in_other_ways_too(behind):
    text = b"the-pL4nt3d-t3xt-01a2B3c4d5"
    coded = base64.b32encode(text) + base64.a85encode(behind)
    sent = b"%%PDF-1.4\n<< /Filter /A85 >> stream\n%b~>\n" % coded
    decoded = decode((Part(PartKind.BODY, sent),), Limits())
    assert any(text in view.data for view in decoded.views)


def test_a_photograph_in_ascii85_is_not_read_as_text():
    photograph = b"\xff\xd8\xff\xe0" + random.Random(6).randbytes(60_000) + b"\xff\xd9"
    sent = b"%PDF-1.4\n" + in_ascii85(photograph) * 2
    decoded = decode((Part(PartKind.BODY, sent),), Limits())
    assert not decoded.truncated
    assert {view.step for view in decoded.views if view.parent} <= {"strings"}
