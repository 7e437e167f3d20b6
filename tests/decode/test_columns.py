"""A key in pieces, each in a row of its own among the same words."""

import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.kinds import DRAWN
from dlp.decode.spellings.columns import _is_drawn, has_rows
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(31)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))


def pieces(size):
    return [TOKEN[at : at + size] for at in range(0, len(TOKEN), size)]


def rows(form, size=6, between="\n"):
    return between.join(
        form.format(n=n, p=piece) for n, piece in enumerate(pieces(size))
    )


WRITTEN = {
    "sections of an ini file": rows("[s{n}]\nv = {p}"),
    "keys of an ini file": rows("k{n} = {p}"),
    "dotenv": rows("PART_{n}={p}"),
    "a form with semicolons": rows("k{n}={p}", between=";"),
    "matrix parameters": rows("k{n}={p}", between=";"),
    "baggage": rows("k{n}={p}", between=","),
    "a trace state": rows("v{n}={p}", 5, ","),
    "types": rows("text/{p};q=0.{n}", 7, ", "),
    "links": rows("<http://a.test/{p}>; rel=x", 6, ", "),
    "forwarded": rows("for={p};by=x", 6, ", "),
    "log lines": rows("2026-01-01T00:00:0{n}Z INFO worker[{n}] chunk={p}"),
    "line protocol": rows("cpu,host={p} value={n} 1700000000", 8),
    "cues": rows("{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{p}\n", 8),
    "statements": rows("INSERT INTO t VALUES ({n},'{p}');", 7),
    "a column": rows("{n},bob,{p}", 5),
    "a list of YAML": rows("      - P{n}={p}", 8),
    "mails": rows("From a@b Mon Jan  1\nSubject: x{n}\n\n{p}\n", 9),
    "names of files": rows(
        '--xx\r\nContent-Disposition: form-data; filename="{p}.txt"\r\n\r\nx\r', 8
    ),
}


def found(data: str):
    decoded = decode([Part(PartKind.BODY, data.encode())], Limits())
    assert not decoded.truncated
    return decoded


@pytest.mark.parametrize("name", WRITTEN)
def test_a_key_is_put_together(name):
    for text in (WRITTEN[name], f"what I wrote down:\n\n{WRITTEN[name]}\n\nkeep it\n"):
        assert any(TOKEN.encode() in view.data for view in found(text).views)


def test_what_begins_no_key_is_only_looked_through_for_known_secrets():
    text = WRITTEN["log lines"].replace("gh" + "p_", "abc1")
    decoded = found(text)
    whole = TOKEN.replace("gh" + "p_", "abc1").encode()
    assert not any(whole in view.data for view in decoded.views)
    assert any(whole in view.data for view in decoded.residue)


@pytest.mark.parametrize(
    "text",
    [
        "one two three\nfour five six\nseven eight\nnine ten eleven twelve\n" * 9,
        "a, b, c, d, and so on; it is said, they say, often\n" * 9,
        "",
        "\n" * 500,
        "=" * 500 + "\n" * 9,
    ],
)
def test_prose_has_no_rows(text):
    assert not has_rows(text.encode())


def test_the_work_is_bounded():
    for line in ("aB3\n", "aB3,", "\n\naB3"):
        data = (line * 40_000)[: 64 << 10]
        decoded = found(data)
        assert sum(len(view.data) for view in decoded.residue) < 1 << 20


def test_what_was_found_does_not_take_the_place_of_a_code():
    """Of tables whose columns fill up what is kept, a code in rows is still read."""
    letters = string.ascii_letters + string.digits
    tables = [
        "\n".join(
            ",".join("".join(DRAW.choices(letters, k=4)) for _ in range(9))
            for _ in range(4)
        )
        for _ in range(90)
    ]
    table = "\n\nand then there is another table of such things\n\n".join(tables)
    code = TOKEN.encode().hex()
    cut = [code[at : at + 8] for at in range(0, len(code), 8)]
    text = (
        table
        + "\n\nand\n\n"
        + "\n".join(f"some line {n}: {piece}" for n, piece in enumerate(cut))
    )
    assert any(TOKEN.encode() in view.data for view in found(text).views)


def test_what_is_counted_first_is_never_less():
    """A text is passed over only if its changes of kind, all of them, are too few."""
    for size in (16, 127, 129, 300, 1000):
        for kinds in ("ab01", "abcdef01", "abcdefghijkZ", "aZaZaZbY0", "0123456789"):
            for _ in range(40):
                text = "".join(DRAW.choices(kinds, k=size)).encode()
                drawn = len(DRAWN.findall(text)) * 8 >= len(text)
                assert _is_drawn(text) == drawn
