"""The text of RTF, in whatever way its characters are written."""

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

TEXT = "Th1s is what a reader shows: 40 % (more or less) of aB3dE5gH"
HEAD = "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\n\\pard\\f0\\fs24 "


def hexed(text: str, every: int) -> str:
    return "".join(
        f"\\'{ord(c):02x}" if n % every == 0 else c for n, c in enumerate(text)
    )


WRITTEN = {
    "plain": TEXT,
    "every second in hexadecimal": hexed(TEXT, 2),
    "every third in hexadecimal": hexed(TEXT, 3),
    "numbers": "".join(f"\\u{ord(c)}?" if n % 2 else c for n, c in enumerate(TEXT)),
    "numbers, skipped in hexadecimal": "".join(f"\\u{ord(c)}\\'3f" for c in TEXT),
    "runs": "".join(f"{{\\b {TEXT[at : at + 3]}}}" for at in range(0, len(TEXT), 3)),
    "lines": "\n".join(TEXT[at : at + 5] for at in range(0, len(TEXT), 5)),
    "soft hyphens": "\\-".join(TEXT),
}


def read(body: str):
    decoded = decode((Part(PartKind.BODY, body.encode()),), Limits())
    return [view.data for view in decoded.views if view.step == "rtf"]


@pytest.mark.parametrize("before", ["", "a mail with\n"], ids=len)
@pytest.mark.parametrize("name", WRITTEN)
def test_the_text_is_whole(name, before):
    (shown,) = read(f"{before}{HEAD}{WRITTEN[name]}\\par }}")
    assert TEXT.encode() in shown


def test_ends_of_paragraphs_and_cells_part_it():
    (shown,) = read(HEAD + "one\\par two\\cell three\\~four\\_five \\{\\}\\'e9}")
    assert "one\ntwo\tthree four-five {}é".encode() in shown


@pytest.mark.parametrize("end", ["\\'", "\\'4", "\\u", "\\", "\\u-999999 ", "{\\*\\x"])
def test_what_is_cut_is_no_error(end):
    assert read(HEAD + "some text " + end)
