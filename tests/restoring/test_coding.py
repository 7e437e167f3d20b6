import gzip
import random
import zlib

import brotli
import pytest

from dlp.restoring.coding import DamagedError, undo, zstd

TEXT = bytes(random.choices(b"abcdefgh \n", k=60_000))
CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstd.compress(TEXT[:9]) + zstd.compress(TEXT[9:]),
    "identity": TEXT,
}


def run(coding, data, size):
    work = undo(coding)
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(part for piece in pieces for part in work(piece))


@pytest.mark.parametrize("size", [1, 1000, 1 << 20])
@pytest.mark.parametrize("coding", CODED)
def test_a_coding_is_undone_as_it_arrives(coding, size):
    assert run(coding, CODED[coding], size) == TEXT


def test_deflate_without_its_head():
    raw = zlib.compressobj(wbits=-15)
    assert run("deflate", raw.compress(TEXT) + raw.flush(), 100) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_what_is_damaged_says_so(coding):
    with pytest.raises(DamagedError):
        run(coding, b"\xff" * 100, 50)


def test_a_coding_that_nobody_knows_is_not_undone():
    assert undo("compress") is None
    assert undo("gzip, br") is None
