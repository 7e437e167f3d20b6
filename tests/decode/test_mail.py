"""Encodings of mail are read where they are meant, not where code and logs look so."""

import base64
import random

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.documents.mail import yencoded
from dlp.decode.source import Source
from dlp.model import Limits, Part, PartKind, View
from tests.decode.encoders import yenc


def steps(data: bytes) -> set[str]:
    views = decode([Part(PartKind.BODY, data)], Limits()).views
    return {view.step for view in views}


def undone(data: bytes) -> list[bytes]:
    source = Source(View(data, 0), Budget.of(Limits(), len(data)))
    return [view.data for view in yencoded(source)]


def certificates(count):
    draw = random.Random("certificates")
    for _ in range(count):
        der = b"0\x82\x02\xba" + draw.randbytes(694 + 3 * draw.randrange(9))
        yield b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % (
            base64.encodebytes(der)
        )


HONEST = {
    "a log": b"".join(
        b"level=info id=%04x mask=F%d crc=%04X key=token-%d\n" % (n, n % 9, n, n)
        for n in range(0x2000, 0x2100)
    ),
    "certificates": b"".join(certificates(20)),
    "a query": b"see https://cdn.example/a.png?ex=66ab12cd&is=67cd34ef&hm=45ab",
    "settings": b"APP_ENV=dev\nAPP_SECRET=\nDATABASE_URL=\nSTRIPE_KEY=\nTZ=UTC\n",
    "settings of a shell": b"export APP_ENV=dev\nexport ACCESS_KEY=\nexport REGION=\n",
}


@pytest.mark.parametrize("name", HONEST)
def test_what_has_equals_signs_is_not_read_as_quoted_printable(name):
    assert "quoted-printable" not in steps(HONEST[name])


@pytest.mark.parametrize(
    "text",
    [
        b"so: ab=5Fcd=5Fef",
        b"GET /a?text=67=68=70=5F",
        b"so: abcdefghijk=\r\nlmno",
        b"so: abcdefghijk=\n--lmno",
        b"ACCESS_KEY=\nABCDEFGH=\nIJKLMNOP\n",
        b"REGION=eu\nABCDEFGHIJ=\nKLMNOPQRST=\nUVW_XYZ\n",
        b"REGION=eu\nACCESS_KEY=\nAbCdEfGhIjKl=\nMnOpQr\n",
    ],
)
def test_what_is_quoted_printable_is(text):
    assert "quoted-printable" in steps(text)


CODE = b"def read(line):\n    return line.split()\n" * 900


def test_code_that_names_yenc_is_not_read_as_it():
    assert undone(b'write("=ybegin line=128 size=%d name=a\\r\\n")\n' + CODE) == []
    (text,) = undone(b'write("=ybegin line=128 size=99 name=a\\r\\n")\n' + CODE)
    assert len(text) <= 4096


def test_of_what_is_written_in_yenc_all_is_read():
    noise = random.Random("yenc").randbytes(20_000)
    assert undone(b"news:\r\n" + yenc(noise)) == [noise]
