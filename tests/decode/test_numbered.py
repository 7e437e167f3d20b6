"""Pieces that say their place, in another order."""

import base64
import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(107)
TOKEN = "gh" + "p_" + "".join(DRAW.choices(string.ascii_letters + string.digits, k=36))
CODED = base64.b64encode(TOKEN.encode()).decode()
FORMS = {
    "objects": lambda rows: json.dumps([{"i": n, "c": piece} for n, piece in rows]),
    "keys": lambda rows: json.dumps({str(n): piece for n, piece in rows}),
    "Python": lambda rows: str(dict(rows)),
    "lines": lambda rows: "\n".join(f"{n}: {piece}" for n, piece in rows),
    "of so many": lambda rows: "\n".join(f"[{n}/40] {piece}" for n, piece in rows),
    "words": lambda rows: " ".join(f"{n}:{piece}" for n, piece in rows),
    "words with commas": lambda rows: ", ".join(f"({n}){piece}" for n, piece in rows),
    "fields": lambda rows: "&".join(f"p{n}={piece}" for n, piece in rows),
    "headers": lambda rows: "\n".join(f"X-Part-{n}: {piece}" for n, piece in rows),
}


def rows(text, size):
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return DRAW.sample(list(enumerate(pieces)), len(pieces))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(("text", "size"), [(TOKEN, 1), (TOKEN, 5), (CODED, 7)])
def test_a_key_is_put_together(name, text, size):
    body = json.dumps({"content": "so:\n" + FORMS[name](rows(text, size))}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


def test_a_format_and_what_goes_into_it():
    order = rows(TOKEN, 4)
    places = sorted(range(len(order)), key=lambda at: order[at][0])
    template = "".join(f"{{{at}}}" for at in places)
    pieces = ",".join(f"'{piece}'" for _, piece in order)
    body = f'Write-Host ("{template}" -f {pieces})'.encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


@pytest.mark.parametrize(
    "text",
    [
        "1: one\n2: two\n3: three\n4: four\n5: five\n",
        '{"7": "a", "9": "b", "8": "c", "3": "d", "30": "e"}',
        "9:one 7:paragraph 3:of 4:a-longer-text 12:all",
        "{0}{1}{2}{3}{9} and 'a', 'b', 'c', 'd', 'e'",
    ],
)
def test_what_is_in_order_or_has_gaps_is_none(text):
    (_, *views) = decode([Part(PartKind.BODY, text.encode())], Limits()).views
    assert not [view for view in views if view.step == "ungrouped"]


NAMES = {
    "keys": lambda t: json.dumps({f"{c}{n}": 1 for n, c in enumerate(t)}),
    "keys, place first": lambda t: json.dumps({f"{n}_{c}": 1 for n, c in enumerate(t)}),
    "aliases": lambda t: (
        "query { " + " ".join(f"{c}{n}: id" for n, c in enumerate(t)) + " }"
    ),
    "fields": lambda t: "&".join(f"{c}{n}=1" for n, c in enumerate(t)),
}


@pytest.mark.parametrize("form", NAMES)
def test_names_are_letters_and_their_places(form):
    body = NAMES[form](TOKEN).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert any(TOKEN.encode() in view.data for view in views)


def test_columns_that_are_counted_are_none():
    body = json.dumps({f"{c}{n}": n for c in "xyz" for n in range(30)}).encode()
    views = decode([Part(PartKind.BODY, body)], Limits()).views
    assert not any(b"x" * 16 in view.data for view in views)
