"""What comes back to the agent, from every way of cutting an answer into pieces."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp.restoring import restorer

NAME = "redacted-some-rule-0123456789abcdef"
OTHER = "redacted-other-89abcdef01234567"
VALUE = 'p"a\\s\nw\tö€'
"""Everything that some format has to write otherwise."""
STANDS_FOR = {NAME: VALUE, OTHER: "plain-value"}
PING = b'event: ping\ndata: {"type": "ping"}\n\n'


def through(media_type, raw, size=1 << 20):
    work = restorer(STANDS_FOR, media_type)
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    return b"".join([*map(work.feed, pieces), work.flush()])


def event(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def block(index, kind, field, text, size):
    """A content block of Anthropic's stream (docs.anthropic.com, streaming)."""
    yield event("content_block_start", index=index, content_block={"type": "text"})
    for at in range(0, len(text), size):
        delta = {"type": kind, field: text[at : at + size]}
        yield event("content_block_delta", index=index, delta=delta)
    yield event("content_block_stop", index=index)


def documents(raw):
    lines = raw.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def told(raw, field, index):
    return "".join(
        one["delta"][field]
        for one in documents(raw)
        if one["type"] == "content_block_delta" and one["index"] == index
    )


@pytest.mark.parametrize("delta", [1, 2, 5, 11, 34, 35, 60])
@pytest.mark.parametrize("size", [1, 7, 100, 1 << 20])
@pytest.mark.parametrize("between", [b"", PING, b": comment\n\n"])
def test_a_placeholder_over_several_deltas_becomes_its_value(delta, size, between):
    text = f"The key is {NAME}, or {OTHER}r {NAME[:20]}"
    call = json.dumps({"command": f'echo "{NAME}" > r', "r": [NAME]})
    sent = [
        event("message_start", message={"id": "m_r", "role": "user"}),
        *block(0, "text_delta", "text", text, delta),
        *block(1, "input_json_delta", "partial_json", call, delta),
        event("message_stop"),
    ]
    raw = b"".join(one + between for one in sent)
    got = through("text/event-stream; charset=utf-8", raw, size)
    assert told(got, "text", 0) == f"The key is {VALUE}, or plain-valuer {NAME[:20]}"
    arguments = json.loads(told(got, "partial_json", 1))
    assert arguments == {"command": f'echo "{VALUE}" > r', "r": [VALUE]}
    kinds = [one["type"] for one in documents(got) if one["type"] != "ping"]
    assert kinds == [d["type"] for d in documents(raw) if d["type"] != "ping"]
    assert got.count(between or b"\n\n") == raw.count(between or b"\n\n")


def test_interleaved_choices_do_not_disturb_each_other():
    def chunk(choice, text):
        delta = {"index": choice, "delta": {"content": text}, "finish_reason": None}
        return f"data: {json.dumps({'id': 'cr', 'choices': [delta]})}\n\n".encode()

    halves = NAME[:9], NAME[9:]
    sent = [chunk(0, halves[0]), chunk(1, halves[0]), chunk(1, halves[1])]
    sent += [chunk(0, halves[1]), b"data: [DONE]\n\n"]
    got = documents(through("text/event-stream", b"".join(sent)))
    said = ["", ""]
    for one in got:
        (choice,) = one["choices"]
        said[choice["index"]] += choice["delta"]["content"]
    assert said == [VALUE, VALUE]


def test_a_tool_call_that_ends_is_told_before_the_next_begins():
    def chunk(call, text):
        calls = [{"index": call, "function": {"arguments": text}}]
        choice = {"index": 0, "delta": {"tool_calls": calls}}
        return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()

    sent = [chunk(0, '{"a": "over'), chunk(1, '{"b": "'), chunk(1, '"}')]
    work = restorer(STANDS_FOR, "text/event-stream")
    assert work.feed(sent[0]) == b""
    assert work.feed(sent[1]) == sent[0] + sent[1]


def test_an_event_goes_on_at_once_unless_it_ends_as_a_placeholder_begins():
    work = restorer(STANDS_FOR, "text/event-stream")
    head, *_, stop = block(0, "text_delta", "text", "", 9)
    assert work.feed(head) == head
    first, second, third = (
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": t})
        for t in ("all is well", "the end is nea", "r")
    )
    assert work.feed(first) == first
    assert work.feed(second) == second
    assert work.feed(third) == b""
    assert work.feed(PING) == PING
    assert work.feed(stop) == third + stop
    assert work.flush() == b""


def test_ids_and_types_hold_nothing_up():
    work = restorer(STANDS_FOR, "text/event-stream")
    sent = event("message", id="for", model="r", item_id="r", text="on")
    assert work.feed(sent) == sent


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_json_is_escaped_as_deep_as_it_stands(size):
    document = {"a": NAME, "b": [f"{NAME}{NAME}"], "c": json.dumps({"d": NAME, "e": 1})}
    sent = json.dumps(document, indent=1).encode()
    got = json.loads(through("application/json", sent, size))
    assert got["a"] == VALUE
    assert got["b"] == [VALUE * 2]
    assert json.loads(got["c"]) == {"d": VALUE, "e": 1}


def test_prose_that_quotes_is_no_json():
    sent = json.dumps({"text": f'He said "{NAME}" and [1]: "{NAME}"'}).encode()
    got = json.loads(through("application/json", sent))["text"]
    assert got == f'He said "{VALUE}" and [1]: "{VALUE}"'


@pytest.mark.parametrize("size", [1, 40, 1 << 20])
def test_json_lines_are_events_of_one_line(size):
    lines = [{"message": {"content": part}} for part in ("a re", NAME[2:], "!", "r")]
    sent = b"".join(json.dumps(one).encode() + b"\n" for one in lines)
    got = through("application/x-ndjson", sent, size).decode().splitlines()
    said = "".join(json.loads(line)["message"]["content"] for line in got)
    assert said == f"a {VALUE}!r"


def test_plain_events_keep_their_framing():
    sent = f"data: the key: {NAME}\n\ndata: {OTHER}\n\n".encode()
    got = through("text/event-stream", sent).decode()
    lines = VALUE.split("\n")
    assert (
        got == f"data: the key: {lines[0]}\ndata: {lines[1]}\n\ndata: plain-value\n\n"
    )


def test_an_event_without_end_is_not_held_for_ever():
    work = restorer(STANDS_FOR, "text/event-stream")
    begin = b'data: {"text": "' + b"x" * (300 << 10)
    assert len(work.feed(begin)) > 250 << 10
    end = f'{OTHER}"}}\n\ndata: {{"text": "{OTHER}"}}\n\n'.encode()
    assert (work.feed(end) + work.flush()).count(b"plain-value") == 2


@pytest.mark.parametrize(
    ("media_type", "raw", "expected"),
    [
        ("text/plain", f"a {OTHER}", "a plain-value"),
        ("text/html", f"<p>{NAME}</p>", "<p>p&quot;a\\s\nw\tö€</p>"),
        ("application/problem+json", f'{{"a":"{OTHER}"}}', '{"a":"plain-value"}'),
    ],
)
def test_other_texts(media_type, raw, expected):
    assert through(media_type, raw.encode()).decode() == expected


@pytest.mark.parametrize("media_type", ["", "image/png", "application/octet-stream"])
def test_what_is_no_text_is_left_alone(media_type):
    assert restorer(STANDS_FOR, media_type) is None
    assert restorer({}, "application/json") is None


PIECES = st.lists(
    st.sampled_from(
        [NAME, OTHER, NAME[:12], "r", "red", 'a "b"', "\\", "\n", "ö", "x "]
    )
)


@settings(max_examples=100)
@given(PIECES, st.integers(1, 50), st.integers(1, 400), st.booleans())
def test_any_text_in_any_deltas_and_pieces(words, delta, size, as_arguments):
    text = "".join(words)
    said = text.replace(NAME, VALUE).replace(OTHER, "plain-value")
    raw_text = json.dumps({"k": text}) if as_arguments else f"x{text}"
    raw = b"".join(block(0, "d", "text", raw_text, delta)) + event("message_stop")
    got = told(through("text/event-stream", raw, size), "text", 0)
    assert (json.loads(got)["k"] if as_arguments else got[1:]) == said


@settings(max_examples=100)
@given(st.binary(max_size=300), st.sampled_from(["text/event-stream", "text/plain",
    "application/json", "application/x-ndjson"]), st.integers(1, 30))  # fmt: skip
def test_what_holds_no_placeholder_passes_byte_for_byte(raw, media_type, size):
    assert through(media_type, raw, size) == raw
