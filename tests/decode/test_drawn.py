"""A key in letters that are moved, mixed with others, or in pieces."""

import base64
import json
import random
import string

import pytest

from dlp.decode import decode
from dlp.decode.budget import Budget
from dlp.decode.ciphers.drawn import drawn, is_drawn
from dlp.decode.ciphers.moved import moved
from dlp.decode.ciphers.picked import picked
from dlp.decode.source import Source
from dlp.model import Limits, Part, PartKind, View

ALNUM = string.ascii_letters + string.digits
DRAW = random.Random(11)
KEY = "sk-" + "ant-" + "".join(DRAW.choices(ALNUM, k=40))
WORDS = ["do", "note", "that", "part", "is", "here", "then"]


def pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def mixed(text, step):
    return "".join(c + "".join(DRAW.choices(ALNUM, k=step - 1)) for c in text)


def rails(text, count):
    rows = [""] * count
    for at, c in enumerate(text):
        place = at % (2 * count - 2)
        rows[min(place, 2 * count - 2 - place)] += c
    return rows


def numbered(parts):
    rows = [{"n": n, "v": p} for n, p in enumerate(parts)]
    random.Random(2).shuffle(rows)
    return json.dumps(rows)


def encoded(text, size, encode):
    return json.dumps([encode(piece) for piece in pieces(text, size)])


def coded(encode):
    return lambda piece: encode(piece.encode()).decode()


HIDDEN = {
    "columns": lambda t: "".join(t[at::7] for at in range(7)),
    "columns, last first": lambda t: "".join(t[at::5] for at in range(4, -1, -1)),
    "rail fence": lambda t: "".join(rails(t, 4)),
    "pairs swapped": lambda t: "".join(p[::-1] for p in pieces(t, 2)),
    "fives turned round": lambda t: "".join(p[::-1] for p in pieces(t, 5)),
    "every third": lambda t: mixed(t, 3),
    "every eighth": lambda t: mixed(t, 8),
    "halves interleaved": lambda t: "".join(
        a + b for a, b in zip(t[: len(t) // 2], t[len(t) // 2 :], strict=False)
    ),
    "outside in": lambda t: "".join(
        t[n // 2] if n % 2 == 0 else t[-1 - n // 2] for n in range(len(t))
    ),
    "numbered, out of order": lambda t: numbered(pieces(t, 5)),
    "base64 each": lambda t: encoded(t, 4, coded(base64.b64encode)),
    "base64 reversed each": lambda t: encoded(
        t, 5, lambda p: base64.b64encode(p.encode()).decode()[::-1]
    ),
    "turned round each": lambda t: encoded(t, 6, lambda p: p[::-1]),
}


def seen(text):
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    decoded = decode([Part(PartKind.BODY, body)], Limits())
    assert not decoded.truncated
    return decoded


@pytest.mark.parametrize("name", HIDDEN)
def test_a_vendors_key_becomes_a_view(name):
    views = seen(HIDDEN[name](KEY)).views
    assert any(KEY[:30].encode() in view.data for view in views)


OTHERS = {
    "sendgrid": "SG" + "." + "".join(DRAW.choices(ALNUM, k=22))
    + "." + "".join(DRAW.choices(ALNUM, k=43)),
    "google": "AI" + "zaSy" + "".join(DRAW.choices(ALNUM, k=33)),
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", ["columns", "every third", "outside in"])
def test_so_does_one_that_begins_with_letters_or_few(name, kind):
    views = seen(HIDDEN[name](OTHERS[kind])).views
    assert any(OTHERS[kind][:30].encode() in view.data for view in views)


def test_what_begins_like_no_key_is_kept_for_those_who_know_it():
    text = KEY[7:]
    decoded = seen(HIDDEN["every third"](text))
    assert any(text.encode() in view.data for view in decoded.residue)
    assert not any(text.encode() in view.data for view in decoded.views)


def test_pieces_among_words_are_picked():
    text = KEY[7:]
    told = " ".join(f"{WORDS[n % 7]} {p}" for n, p in enumerate(pieces(text, 4)))
    assert any(text.encode() in view.data for view in seen(told).residue)


SLACK = "xo" + "xb-735611183786-1257786659922-" + "".join(DRAW.choices(ALNUM, k=24))
CUT = {
    "words": lambda p: "join '', qw(" + " ".join(p) + ");",
    "two lines": lambda p: f"K+={SLACK[:28]}\nK+={SLACK[28:]}",
    "lines among others": lambda p: "\n".join(
        f"- old line {n}\n+ {x}" for n, x in enumerate(p)
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_what_begins_as_a_key_and_is_cut_is_put_together(name):
    """Digits do not look drawn by lot; the beginning says what they are."""
    cut = [SLACK[:7], *pieces(SLACK[7:13], 3), *pieces(SLACK[13:], 7)]
    views = seen(CUT[name](cut)).views
    assert any(SLACK.encode() in view.data for view in views)


def test_a_column_is_picked():
    rows = "\n".join(f"{n};item;{p};x" for n, p in enumerate(pieces(KEY, 4)))
    assert KEY.encode() in set(picked(rows.encode()))


ID = "AK" + "IA2J7QWXM4TZ3LCV6R"


@pytest.mark.parametrize(
    "lines", [rails(KEY, 3), rails(KEY, 4), [KEY[at::5] for at in range(5)]]
)
@pytest.mark.parametrize("between", ["\n", " "])
def test_what_was_moved_into_lines_becomes_a_view(lines, between):
    views = seen("Here it is:\n" + between.join(lines) + "\nIs that right?").views
    assert any(KEY[:30].encode() in view.data for view in views)


@pytest.mark.parametrize(
    "way", [lambda t: "".join(rails(t, 3)), lambda t: t[10:] + t[:10]]
)
def test_an_id_without_a_sign_is_moved_back(way):
    views = seen(f"the value is {way(ID)} as I said").views
    assert any(ID.encode() in view.data for view in views)


def test_every_order_is_undone():
    for text in (KEY, KEY[:23]):
        assert text.encode() in moved(text.encode()).split(b"\n")


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog, and then sleeps. " * 9,
        "def getElementById(self, node_id): return self.byId.get(node_id, None)\n" * 9,
        "-" * 500,
    ],
)
def test_honest_text_is_not_drawn(text):
    assert not is_drawn(text.encode())
    assert seen(text).residue == ()


def test_the_work_is_bounded():
    text = "\n".join("".join(DRAW.choices(ALNUM, k=60)) for _ in range(2000))
    decoded = seen(text)
    kept = [view for view in decoded.residue if view.step in {"drawn", "picked"}]
    assert sum(len(view.data) for view in kept) < 1 << 20


@pytest.mark.parametrize(("step", "picks"), [("json", 1), ("one-byte cipher", 0)])
def test_what_a_cipher_may_hide_is_not_taken_apart(step, picks):
    """One of 255 guesses begins like a key by chance, and goes on as one when picked."""
    text = f"of {mixed(KEY, 3)} it".encode()
    above = View(b"hidden", 0)
    view = View(text, 0, step, above, None, depth=1)
    strings = View(text, 0, "strings", view, None, depth=2)
    source = Source(strings, Budget.of(Limits(), len(text)))
    assert len(list(drawn(source))) == picks
