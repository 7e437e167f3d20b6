"""Rows of bytes behind their offsets."""

import itertools
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.codes.listing import listings
from dlp.decode.documents.structure import raw_view
from dlp.decode.source import Source
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(12)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=37))


def rows(offset, word, *, size=1, width=16, order="big", last=True):
    """Offsets in a form, words of some bytes in another, so many bytes to a row."""
    out = []
    for at in range(0, len(TOKEN), width):
        row = itertools.batched(TOKEN[at : at + width].encode(), size)
        words = [word(int.from_bytes(w, order), len(w)) for w in map(bytes, row)]
        out.append(offset.format(at) + " ".join(words))
    return out + ([offset.format(len(TOKEN)).rstrip()] if last else [])


LISTINGS = {
    "hexdump -x": rows(
        "{:07x}    ", lambda n, _: f"{n:04x}   ", size=2, order="little"
    ),
    "hexdump -d": rows("{:07x}   ", lambda n, _: f"{n:05d}  ", size=2, order="little"),
    "od -tx4": rows("{:07o} ", lambda n, _: f"{n:08x}", size=4, order="little"),
    "od -td8": rows("{:07o} ", lambda n, _: f"{n:20d}", size=8, order="little"),
    "od -Ad -to1": rows("{:07d} ", lambda n, _: f"{n:03o}"),
    "od -c": rows("{:07o}   ", lambda n, _: f"{n:c}  "),
    "xxd -b": rows("{:08x}: ", lambda n, _: f"{n:08b}", width=6, last=False),
    "xxd -e": rows(
        "{:08x}: ", lambda n, s: f"{n:0{2 * s}x}", size=4, order="little", last=False
    ),
    "gdb": rows("0x7ffe{:04x} <buf+8>:\t", lambda n, _: f"0x{n:02x}", width=8),
    "WinDbg": [
        f"{row[:42]}-{row[43:]}"
        for row in rows("00000000`{:08x}  ", lambda n, _: f"{n:02x}", last=False)
    ],
}
BEFORE = ("", "    ", "data: ", "2026-11-22T10:00:00Z INFO w[7]: ", "> ")


def seen(lines):
    decoded = decode([Part(PartKind.BODY, "\n".join(lines).encode())], Limits())
    assert not decoded.truncated
    return decoded.views


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", LISTINGS)
def test_they_are_read_whatever_stands_before_a_line(name, before):
    views = seen(["it prints:", *(before + row for row in LISTINGS[name])])
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize(
    "lines",
    [
        [f"0{n * 7919 % 100000:07d} {n:02x} {n:02x} done" for n in range(60)],
        [f"0{n:07d} 1_ +2 0x" for n in range(0, 60, 2)],
        [f"0{n:07d} 777 999" for n in range(0, 60, 2)],
    ],
)
def test_other_tables_are_none(lines):
    view = raw_view(0, Part(PartKind.BODY, "\n".join(lines).encode()))
    assert not list(listings(Source(view, Budget.of(Limits(), 1000, None))))
