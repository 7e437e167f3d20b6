"""Short messages of one connection, put together."""

import base64
import json

from dlp.decode.documents.frames import kept, together

SAID = "a-text-of-some-length-in-pieces"


def last_join(messages):
    """What the last of these says together with those before it."""
    before = ()
    for message in messages[:-1]:
        before = kept(before, message)
    return together(before, messages[-1])


def events(texts, **more):
    return [json.dumps({"type": "key", "data": t, **more}).encode() for t in texts]


def test_letters_are_put_together():
    assert last_join([c.encode() for c in SAID]) == [SAID.encode()]


def test_values_of_one_key_are_put_together_and_what_is_always_the_same_is_not():
    assert last_join(events(SAID)) == [SAID.encode()]
    assert last_join(events(SAID, id="x" * 20)) == [SAID.encode()]


def test_other_messages_between_part_nothing():
    noise = [json.dumps({"type": "ping", "n": n}).encode() for n in range(len(SAID))]
    words = [c.encode() for c in SAID]
    mixed = [m for pair in zip(noise, words, strict=True) for m in pair]
    assert last_join(mixed) == [SAID.encode()]
    long = [m for word in words for m in (b"x" * 1000, word)]
    assert last_join(long) == [SAID.encode()]


def test_what_adds_to_nothing_is_not_read_again():
    before = kept((), SAID.encode())
    assert together(before, b'{"type": "ping"}') == []
    assert together((), SAID.encode()) == []
    assert together(before, base64.b64encode(bytes(600))) == []


def test_what_is_kept_is_bounded():
    before = ()
    for number in range(10_000):
        before = kept(before, b"%d" % number)
    assert before[-1] == b"9999"
    assert sum(map(len, before)) <= 2 << 10


def test_no_input_raises():
    for message in (b"", b"{", b"[]", b'{"a": NaN}', b"\xff\xfe", b'"word"', b"[[1]]"):
        before = kept(kept((), b'{"a": "b"}'), message)
        assert len(together(before, message)) <= 1
