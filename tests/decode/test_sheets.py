"""Cells that refer to texts."""

import html
import io
import random
import string
import zipfile

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(109)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))


def workbook(texts):
    shared = list(dict.fromkeys(texts))
    items = "".join(f"<si><t>{html.escape(text)}</t></si>" for text in shared)
    cells = "".join(
        f'<c r="A{n}" t="s"><v>{shared.index(text)}</v></c>'
        for n, text in enumerate(texts, 1)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst>{items}</sst>")
        archive.writestr(
            "xl/worksheets/sheet1.xml", f"<sheetData><row>{cells}</row></sheetData>"
        )
    return out.getvalue()


def seen(texts):
    return decode([Part(PartKind.BODY, workbook(texts))], Limits()).views


@pytest.mark.parametrize("before", [[], ["a sentence that is longer than a piece"]])
def test_a_letter_a_cell(before):
    assert any(TOKEN.encode() in view.data for view in seen([*before, *TOKEN]))


def test_words_are_no_key():
    views = seen(["name", "sum", "name", "Anna", "Bert", "sum", "12", "13", "Anna"])
    assert not [view for view in views if view.step == "cells"]
