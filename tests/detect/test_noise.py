"""A piece of base64 is no token; a token beside signs is one."""

import base64
import random

import pytest

from dlp.detect.proof.noise import hangs_on_noise, in_noise
from dlp.detect.templates import expand

NOISE = base64.b64encode(random.Random(3).randbytes(900)).replace(b"=", b"+")
TOKEN = expand("{alnum:40}", seed=1).encode()


@pytest.mark.parametrize("before", [b"+", b"/", b"a+"])
def test_between_signs_of_base64_anything_stands(before):
    data = NOISE + before + TOKEN + b"/" + NOISE
    assert in_noise(data, len(NOISE + before), len(NOISE + before + TOKEN))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\\n", b"\\r\\n"])
def test_so_it_does_in_lines_of_base64(end):
    wrapped = end.join(NOISE[at : at + 76] for at in range(0, 1140, 76))
    line = NOISE[-20:] + b"/" + TOKEN
    data = wrapped + end + line + end + wrapped
    start = data.index(TOKEN)
    assert in_noise(data, start, start + len(TOKEN))


def test_lines_of_words_are_no_base64():
    words = b"one/two+three\nand/four\n" * 20
    data = words + b"five/" + TOKEN + b"\n" + words
    start = data.index(TOKEN)
    assert not in_noise(data, start, start + len(TOKEN))


WHOLE = {
    "in a path": b"https://e.test/v1/hooks/%b/send" % TOKEN,
    "in a long path": b"/very/long/path/of/words" * 20 + b"/%b/" % TOKEN + b"a/b" * 99,
    "joined by a sign": b"me+%b" % TOKEN,
    "behind noise": NOISE + b" " + TOKEN + b" " + NOISE,
    "behind noise, in quotes": NOISE + b'"' + TOKEN + b'"' + NOISE,
    "with an underscore": NOISE + b"/ghp_" + TOKEN + b"/" + NOISE,
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
def test_a_token_that_stands_by_itself_is_whole(data):
    start = data.find(b"ghp_") if b"ghp_" in data else data.index(TOKEN)
    assert not in_noise(data, start, data.index(TOKEN) + len(TOKEN))


LINES = base64.encodebytes(random.Random(3).randbytes(57))[:72]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\\n", b"\\r\\n"])
def test_a_line_of_base64_that_ends_in_a_name_names_nothing(end):
    assert hangs_on_noise(LINES + b"auth" + end + TOKEN, len(LINES + b"auth" + end))


@pytest.mark.parametrize(
    "before",
    [
        b"Acme auth\n",
        b"acme_token = ",
        LINES + b"\nacme auth\n",
        b"/a/path" * 12 + b"/auth\n",
    ],
)
def test_a_name_that_is_no_end_of_base64_names_what_follows(before):
    assert not hangs_on_noise(before + TOKEN, len(before))


BASE85 = base64.b85encode(random.Random(9).randbytes(52))
PASSWORD = expand("{alnum:6}", seed=2).encode() + b"`|n~" + TOKEN[:12]


@pytest.mark.parametrize(
    "before",
    [BASE85 + b"^Pw=", b"z" + BASE85 + b"\nz" + BASE85[:20] + b"pW;"],
    ids=["in a line", "in the next line"],
)
def test_a_piece_of_base85_names_nothing(before):
    assert hangs_on_noise(before + PASSWORD, len(before))


@pytest.mark.parametrize(
    "before",
    [
        BASE85 + b"\nDB_PW=",
        BASE85 + b"&pw=",
        b"AccountKey=" + expand("{alnum:86}==", seed=4).encode() + b";Pwd=",
        b'{"user":"alice","host":"db.example","port":5432,"ssl":true,"pw":"',
        b"https://u.example/?a=%5B1%5D&b[]=2&c={x}&d=(y)!&e=$z&f=~1#?pw=",
    ],
    ids=["a line of its own", "a field", "a connection", "JSON", "a query"],
)
def test_what_somebody_named_has_a_name(before):
    assert not hangs_on_noise(before + PASSWORD, len(before))
