"""Archives of pages and pictures: either is read as what it is."""

import io
import random
import zipfile
import zlib

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

PAGE = b"<page>the token of it</page>\n" * 20
PICTURE = b"\x89PNG\r\n\x1a\n" + random.Random(3).randbytes(20_000)


def zipped(files: list[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.bin", data)
    return out.getvalue()


def streamed(files: list[bytes]) -> bytes:
    return b"\nstream\n".join(map(zlib.compress, files))


@pytest.mark.parametrize("pack", [zipped, streamed], ids=lambda pack: pack.__name__)
@pytest.mark.parametrize(
    "files", [[PICTURE, PAGE], [PAGE, PICTURE], [PAGE, PICTURE, PAGE + b"end", PICTURE]]
)
def test_pages_among_pictures_are_one_text(pack, files):
    decoded = decode((Part(PartKind.BODY, pack(files)),), Limits())
    pages = b"\n".join(data for data in files if data.startswith(PAGE))
    assert [view for view in decoded.views if view.data == pages]
    assert all(PICTURE not in view.data for view in decoded.views)
    assert any(PICTURE in view.data for view in decoded.residue)


def test_a_finding_in_a_member_names_it():
    sent = zipped([PICTURE, b"first" + PAGE, PICTURE, b"other" + PAGE])
    decoded = decode((Part(PartKind.BODY, sent),), Limits())
    view = next(v for v in decoded.views if b"other" + PAGE in v.data)
    at = view.data.index(b"other")
    assert view.origin(at, at + 5).path == "body > zip:3.bin"
