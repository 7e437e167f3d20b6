"""A key in string literals that any code puts together, or none."""

import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.guesses import TAKEN_APART
from dlp.decode.source import Source
from dlp.decode.spellings.quoted import has_literals, quoted
from dlp.model import Limits, Part, PartKind, View

DRAW = random.Random(53)
ALNUM = string.ascii_letters + string.digits
TOKEN = "gh" + "p_" + "".join(DRAW.choices(ALNUM, k=36))
PASSWORD = "Wq7%" + "".join(DRAW.choices(ALNUM, k=6)) + "!#&" + "mZ4+=/tB9$kE2"

CODE = {
    "pushed": "arr.push({q});",
    "appended": "    sb.append({q})",
    "a call": "strcat(buf, {q});",
    "attributes of a class": "    part_{n} = {q}",
    "a builder": "b = append(b, {q}...)",
    "far calls": "def f{n}():\n    return {q}\n",
    "keys of a dict": "d['k{n}'] = {q}",
    "written": "f.write({q})",
    "an update": "UPDATE t SET v = v || {q} WHERE id = 3;",
    "settings of a server": "set $p{n} {q};",
    "attributes": '<a id="{n}" x={q}/>',
}


def pieces(text, size=6):
    return [text[at : at + size] for at in range(0, len(text), size)]


def code(form, text, quote="'"):
    rows = [form.format(n=n, q=quote + p + quote) for n, p in enumerate(pieces(text))]
    return "\n".join(rows)


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded


@pytest.mark.parametrize("name", CODE)
@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_a_password_with_signs_is_looked_through(name, quote):
    decoded = seen(code(CODE[name], PASSWORD, quote))
    assert any(PASSWORD.encode() in view.data for view in decoded.residue)
    assert not any(
        PASSWORD.encode() in view.data
        for view in decoded.views
        if view.came_of(TAKEN_APART)
    )


@pytest.mark.parametrize("name", CODE)
def test_a_vendors_key_becomes_a_view(name):
    views = seen(code(CODE[name], TOKEN)).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize("form", ["putchar('{}');", "The next character is '{}'. "])
def test_a_literal_may_hold_one_character(form):
    views = seen("".join(form.format(c) for c in TOKEN)).views
    assert any(TOKEN.encode() in view.data for view in views)


WAYS = {
    "in one line without escapes": lambda p: (
        "k = " + "".join(f".concat('{x}')" for x in p)
    ),
    "numbered": lambda p: (
        "{"
        + ", ".join(
            f"{n}: '{x}'"
            for n, x in random.Random(4).sample(list(enumerate(p)), len(p))
        )
        + "}"
    ),
    "turned round each": lambda p: " + ".join(f"'{x[::-1]}'[::-1]" for x in p),
    "labels and values": lambda p: "; ".join(
        f"put('{w}', '{x}')"
        for w, x in zip("some words that nobody counts x y z".split(), p, strict=False)
    ),
    "with an ending each": lambda p: ", ".join(
        f"'{n:02}_{x}.txt'" for n, x in enumerate(p)
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_literals_are_put_together_in_other_ways(name):
    decoded = seen(WAYS[name](pieces(PASSWORD)))
    assert any(PASSWORD.encode() in view.data for view in decoded.residue)


def test_literals_far_from_each_other_are_not_one_text():
    for between, count in ((" and so on" * 9, 1), (" and so on" * 40, 0)):
        text = f"'{PASSWORD[:12]}'{between} = '{PASSWORD[12:]}'".encode()
        budget = Budget.of(Limits(), len(text))
        assert list(quoted(Source(View(text, 0, "json"), budget))) == []
        assert len(budget.residue) == count


@pytest.mark.parametrize(
    "text",
    [
        "it's said that they don't, and we won't, 'quoted' or not " * 9,
        "print('hello'); open('some_file.txt'); run(['git', 'status', '--short'])\n"
        * 9,
        "''" * 500,
        "'" * 999,
    ],
)
def test_honest_literals_leave_nothing(text):
    assert not [view for view in seen(text).residue if view.step == "picked"]


def test_prose_without_quotes_is_not_read():
    assert not has_literals(b"It is what it is, and that's that.")
    assert not has_literals(b'{"a": "b", "c": "it\'s"}')


def test_the_work_is_bounded():
    text = "".join(f"'{''.join(DRAW.choices(ALNUM, k=9))}'" for _ in range(6000))
    decoded = seen(text)
    assert sum(len(view.data) for view in decoded.residue) < 1 << 20
