import gzip
import random
import string

import pytest

from dlp import Inspector, memory
from dlp.decode import Recall, decode
from dlp.detect.templates import expand
from dlp.memory import LONGEST, Memory
from dlp.model import Limits, Part, PartKind
from tests.transformations import KNOWN_AND_VENDOR

TOKEN = expand("sk-ant-api03-{base64url:93}AA", seed=5).encode()


@pytest.fixture(scope="module")
def inspector():
    return Inspector.load()


def test_one_text_has_one_answer_per_use_and_key():
    one, other = Memory(b"a"), Memory(b"b")
    one.put(one.name(b"text"), 1)
    assert one.get(one.name(b"text")) == 1
    assert one.get(one.name(b"text", b"joined")) is None
    assert one.get(one.name(b"texts")) is None
    assert one.name(b"text") != other.name(b"text")


def test_it_is_bounded_and_holds_no_text(monkeypatch):
    monkeypatch.setattr(memory, "_MOST", 10)
    kept = Memory()
    for number in range(25):
        kept.put(kept.name(TOKEN + bytes([number])), True)
    held = [*kept._newer, *kept._older]
    assert len(held) <= 20
    assert TOKEN not in b"".join(held)


def test_what_is_asked_for_is_not_forgotten(monkeypatch):
    """A long conversation beside many short ones stays known."""
    monkeypatch.setattr(memory, "_MOST", 10)
    kept = Memory()
    kept.put(b"asked for", 1)
    kept.put(b"not asked for", 2)
    for number in range(25):
        kept.put(b"%d" % number, 3)
        assert kept.get(b"asked for") == 1
    assert kept.get(b"not asked for") is None


@pytest.mark.parametrize("name", KNOWN_AND_VENDOR)
def test_what_was_seen_before_changes_no_answer(inspector, name):
    """The second time from memory; also after what differs in nothing but the key."""
    text = KNOWN_AND_VENDOR[name](TOKEN)
    first = inspector.scan(text)
    assert inspector.scan(text) == first
    assert inspector.scan(b"x " * 20) == []
    assert inspector.scan(text) == first


def test_a_text_that_was_cut_short_is_not_taken_for_barren(inspector):
    parts = (Part(PartKind.BODY, gzip.compress(TOKEN * 100)),)
    kept = Recall()
    cut = decode(parts, Limits(decoded=0), kept)
    assert cut.truncated
    whole = decode(parts, Limits(), kept)
    assert any(TOKEN in view.data for view in whole.views)


def test_the_same_text_apart_and_joined_is_two_texts():
    """In a join no word ends where a piece ends, so that fewer decoders read it."""
    draw = random.Random(3)
    words = "".join(draw.choices(string.ascii_letters, k=LONGEST // 64))
    text = KNOWN_AND_VENDOR["json unicode escapes"](words.encode()[:32])
    half = len(text) // 12 * 6
    pieces = [
        Part(PartKind.HEADER, text[:half], "x-a"),
        Part(PartKind.HEADER, text[half:], "x-b"),
    ]
    kept = Recall()
    decode(pieces, Limits(), kept)
    seen = decode((Part(PartKind.HEADER, text, "x-a"),), Limits(), kept)
    assert any(words.encode()[:32] in view.data for view in seen.views)
