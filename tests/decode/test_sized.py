"""A key in text whose pieces say how long they are."""

import random
import string

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(59)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))

FORMATS = {
    "netstrings": "{d}:{p},",
    "bencode": "{d}:{p}",
    "PHP": 'i:{n};s:{d}:"{p}";',
    "RESP": "${d}\r\n{p}\r\n",
    "chunks": "{x}\r\n{p}\r\n",
    "messages": "Content-Length: {d}\r\n\r\n{p}",
    "Hollerith": "{d}H{p}",
}


def written(form, size):
    pieces = [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]
    return "".join(
        form.format(n=n, p=p, d=len(p), x=f"{len(p):x}") for n, p in enumerate(pieces)
    )


def test_times_of_day_are_no_lengths():
    draw = random.Random(1)
    rows = (
        f"<ele>{draw.randrange(9999) / 10}</ele><time>2026-11-{draw.randint(10, 28)}T"
        f"{draw.randint(10, 23)}:{draw.randint(10, 59)}:{draw.randint(10, 59)}.5Z</time>"
        for _ in range(200)
    )
    decoded = decode([Part(PartKind.BODY, "".join(rows).encode())], Limits())
    assert not any(view.step == "sized" for view in decoded.views)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [5, 8, 13, 20])
def test_a_key_is_put_together(name, size):
    body = f"told:\r\n{written(FORMATS[name], size)}".encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    assert any(TOKEN.encode() in view.data for view in decoded.views)


@pytest.mark.parametrize(
    "text",
    [
        "from 10:30 to 11:45, and from 12:00 on; 3: one, 4: two, 5: three\n" * 9,
        '{"1":"a","22":"bb","333":[1,2,3,4,5,6,7,8,9,10]}' * 9,
        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n" * 9,
    ],
)
def test_numbers_by_chance_are_no_lengths(text):
    (_, *views) = decode([Part(PartKind.BODY, text.encode())], Limits()).views
    assert not [view for view in views if view.step == "sized"]
