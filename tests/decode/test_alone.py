"""A letter of a key in each row, word or sentence among any other words."""

import random
import string
from pathlib import Path

import pytest

from dlp import Inspector
from dlp.decode import decode
from dlp.decode.spellings.alone import has_alone
from dlp.model import Limits, Part, PartKind

DRAW = random.Random(17)
WORDS = "the agent reads a file and then writes the next step of its plan".split()
LETTERS = string.ascii_letters + string.digits


def drawn(size, among=LETTERS):
    return "".join(DRAW.choices(among, k=size))


def base64url(size):
    return drawn(size, LETTERS + "-_")


KEYS = {
    "github": "gh" + "p_" + drawn(36),
    "slack": "xo" + "xb-" + "-".join([*(drawn(n, string.digits) for n in (12, 13))])
    + "-" + drawn(24),
    "amazon": "AK" + "IA" + "2B3C" + drawn(12, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
    "stripe": "sk_" + "live_" + drawn(24),
    "sendgrid": "SG" + "." + base64url(22) + "." + base64url(43),
    "google": "AI" + "zaSy" + base64url(33),
    "token": "eyJhbG" + "ciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0." + base64url(43),
}  # fmt: skip


def word():
    return DRAW.choice(WORDS)


WRITTEN = {
    "a table with words": lambda n, c: f"| {n} | {word()} | {c} |\n",
    "a table of words": lambda n, c: f"| {word()} | {c} |\n",
    "quoted columns": lambda n, c: f'"{word()}","{c}","{n * 3}"\n',
    "a log": lambda n, c: f"10:00:{n:02} {word()} code={c} in {n * 7}ms\n",
    "keys that were typed": lambda n, c: f"keydown {c}\n",
    "brackets": lambda n, c: f"{word()} ({c}) ",
    "ends of lines": lambda n, c: f"{word()} {word()} {c}\n",
    "beginnings of lines": lambda n, c: f"{c} {word()} {word()}\n",
    "sentences": lambda n, c: f"Character {n} is {c}. ",
    "bold": lambda n, c: f"- **{c}** {word()} {word()}\n",
    "dictionaries": lambda n, c: f"{{'i': {n}, 'ch': '{c}'}}, ",
    "parts of pages": lambda n, c: f'<p id="p{n}">{word()} <b>{c}</b></p>',
    "headings": lambda n, c: f"## {c} {word()}\n{word()} {word()}\n\n",
    "talk": lambda n, c: f"{('Bob', 'Alice')[n % 2]}: {c}\n",
}
GLUED = {
    "behind words": lambda c: f"{word()}{c} ",
    "before words": lambda c: f"{c}{word()} ",
    "behind lines": lambda c: f"{word()} {word()}{c}\n",
}


def hidden(way, key):
    text = "".join(WRITTEN[way](n, c) for n, c in enumerate(key))
    return f"Here is the result:\n{text}\nIs that right?\n".encode()


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load(Path(__file__).parents[2] / "rules")


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("way", WRITTEN)
def test_a_vendors_key_is_found(inspector, way, kind):
    assert list(inspector.scan(hidden(way, KEYS[kind])))


@pytest.mark.parametrize("kind", ["github", "stripe", "token"])
@pytest.mark.parametrize("way", GLUED)
def test_what_is_glued_to_words_is_found(inspector, way, kind):
    text = "".join(map(GLUED[way], KEYS[kind]))
    assert list(inspector.scan(f"Here is it:\n{text}\nIs that right?".encode()))


CARRIED = {
    "a field": "a=1&comment={}&b=2",
    "an element": "<r><v>{}</v></r>",
    "a value": 'name: x\nnote: "{}"\nmore: 1\n',
}


@pytest.mark.parametrize("carrier", CARRIED)
@pytest.mark.parametrize("at", ["first", "last"])
def test_so_are_lines_that_are_a_value(inspector, at, carrier):
    words = [f"{c}range" if at == "first" else f"oran{c}" for c in KEYS["github"]]
    body = CARRIED[carrier].format("\n".join(words))
    assert list(inspector.scan(body.encode()))


@pytest.mark.parametrize("way", WRITTEN)
def test_a_known_secret_is_looked_for_whatever_it_begins_with(way):
    secret = drawn(30)
    decoded = decode([Part(PartKind.BODY, hidden(way, secret))], Limits())
    shown = [view.data for view in (*decoded.views, *decoded.residue)]
    assert any(secret.encode() in data for data in shown)


@pytest.mark.parametrize(
    "text",
    [
        "It is a dog. I saw a cat, and a bird; she did not. A and B are equal.\n" * 9,
        "for i in x:\n    if i > 0 and y == 1:\n        z = f(i, j)\n" * 20,
        "a b c d e f g h i j k l m n o p q r s t u v w x y z\n" * 9,
        "",
        "\n" * 900,
    ],
)
def test_prose_and_code_have_none(text):
    assert not has_alone(text.encode())


def test_the_work_is_bounded():
    for line in ("a B 3 ", "aB3\n", "(a) (B) (3)\n"):
        data = (line * 40_000)[: 64 << 10].encode()
        assert sum(map(len, (v.data for v in _residue(data)))) < 1 << 20


def _residue(data):
    return decode([Part(PartKind.BODY, data)], Limits()).residue
