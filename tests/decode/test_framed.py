"""Numbers in the same words each."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.codes.framed import is_framed
from dlp.model import Limits, Part, PartKind

ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(random.Random(71).choices(ALNUM, k=36))

FORMS = {
    "Java": " + Character.toString({c})",
    "awk": 'printf "%c",{c};',
    "OCaml": " ^ String.make 1 (Char.chr {c})",
    "Ada": " & Character'Val ({c})",
    "prices": "item {n}: ${c}.00\n",
    "steps": "step {n} took {c} ms\n",
    "a log": "2026-11-22T10:04:05Z INFO w[3]: {n}: {c},\n",
    "an access log": '10.0.0.{n} - - [22/Nov/2026:10:04:05 +0000] "GET / HTTP/1.1" 200 {c}\n',
    "far from zero": "at {far} in the morning; ",
}


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded


@pytest.mark.parametrize("name", FORMS)
def test_numbers_in_the_same_words_are_read(name):
    codes = enumerate(TOKEN.encode())
    form = FORMS[name]
    text = "".join(form.format(n=n, c=c, far=c + 1000) for n, c in codes)
    views = [view.data for view in seen(text).views]
    assert any(TOKEN.encode() in data for data in views)


def test_several_columns_are_read_row_by_row():
    codes = TOKEN.encode()
    rows = [codes[at : at + 3].ljust(3, b" ") for at in range(0, len(codes), 3)]
    text = "".join(
        f".c{n} {{ color: rgb({a}, {b}, {c}) }}\n" for n, (a, b, c) in enumerate(rows)
    )
    assert any(codes in view.data for view in seen(text).views)


def test_counters_and_prose_are_none():
    assert not is_framed(b"In 2024 there were 12 of 31, in 2025 there were 14 of 30.")
    lines = "".join(f"line {n} is done\n" for n in range(200))
    assert not [v for v in seen(lines).residue if v.step == "numbers"]


def test_the_work_is_bounded():
    text = "".join(f"row {n} of the table has {n * 7919 % 250}\n" for n in range(2000))
    made = [v for v in seen(text).residue if v.step == "numbers"]
    assert sum(len(view.data) for view in made) < 32 << 10
