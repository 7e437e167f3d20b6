"""Redaction that is undone in the answer, on the real proxy, judged at both ends."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import string
import threading
import zlib

import brotli
import httpx
import pytest

from dlp.restoring.coding import zstd
from tests.harness.leaks import leaks
from tests.harness.origin import Reply

POLICY = """\
version: 1
statements:
  - {id: giving, effect: allow, hosts: [a.test], ports: ["*"], on_secret: redact, restore: true}
  - {id: taking, effect: allow, hosts: [b.test], ports: ["*"], on_secret: redact}
"""
NAME = re.compile(rb"redacted-[a-z-]+-[0-9a-f]{16}")
EVENTS = (("content-type", "text/event-stream"),)


@pytest.fixture(scope="module")
def restoring(start_proxy):
    return start_proxy(POLICY)


def client(proxy, **options) -> httpx.Client:
    return httpx.Client(
        proxy=proxy.url,
        verify=proxy.trust(),
        trust_env=False,
        timeout=30,
        **options,
    )


def github_token():
    import binascii

    body = "".join(random.choices(string.ascii_letters + string.digits, k=30))
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    crc, tail = binascii.crc32(body.encode()), ""
    while crc:
        crc, rest = divmod(crc, 62)
        tail = digits[rest] + tail
    return f"ghp_{body}{tail.rjust(6, '0')}"


def pem():
    drawn = random.Random("a key")  # some keys hold a word that says "example"
    lines = ("".join(drawn.choices(string.ascii_letters, k=64)) for _ in range(12))
    return "\n".join(
        ["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""]
    )


def chat(*texts):
    roles = ("user", "assistant")
    return {
        "model": "m",
        "messages": [
            {"role": roles[n % 2], "content": text} for n, text in enumerate(texts)
        ],
    }


def first_name(request):
    found = NAME.search(request.body)
    assert found, request.body
    return found[0].decode()


def deltas(text, size=5):
    for at in range(0, len(text), size):
        delta = {"type": "text_delta", "text": text[at : at + size]}
        data = {"type": "content_block_delta", "index": 0, "delta": delta}
        yield f"event: content_block_delta\ndata: {json.dumps(data)}\n\n".encode()
    yield b'event: message_stop\ndata: {"type": "message_stop"}\n\n'


def told(raw):
    lines = [line[6:] for line in raw.split("\n") if line.startswith("data: ")]
    return "".join(json.loads(one).get("delta", {}).get("text", "") for one in lines)


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
@pytest.mark.parametrize("origin_name", ["secure", "secure1"])
@pytest.mark.parametrize("make", [github_token, pem], ids=["token", "key"])
def test_an_echo_in_a_stream_comes_back_whole(
    restoring, request, origin_name, http2, make
):
    origin, value = request.getfixturevalue(origin_name), make()
    armoured = value.startswith("-----")
    origin.handlers["/v1/messages"] = lambda asked: Reply(
        headers=EVENTS, chunks=deltas(f"You said {first_name(asked)}.")
    )
    url = origin.url("/v1/messages", "a.test")
    with client(restoring, http2=http2) as http:
        for _ in range(2):
            answer = http.post(url, json=chat(f"look at {value} ok"))
            assert "redacted" not in told(answer.text)
            assert (
                told(answer.text) == f"You said {value.split('-----')[2 * armoured]}."
            )
    assert leaks(value, origin.received) == []
    assert origin.requests[0].header("accept-encoding") == "identity"


CODINGS = {
    "gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("http2", [False, True], ids=["h1", "h2"])
@pytest.mark.parametrize("coding", [*CODINGS, ""])
def test_a_document_comes_back_with_its_length_put_right(
    restoring, secure, coding, http2
):
    value = github_token()

    def answer(asked):
        text = json.dumps({"said": [first_name(asked)], "n": 1.0}).encode()
        body = CODINGS[coding](text) if coding else text
        headers = [("content-type", "application/json")]
        headers += [("content-length", str(len(body)))]
        headers += [("content-encoding", coding)] if coding else []
        return Reply(headers=tuple(headers), chunks=(body,))

    secure.handlers["/v1/document"] = answer
    with client(restoring, http2=http2) as http:
        url = secure.url("/v1/document", "a.test")
        got = [http.post(url, json=chat(value)) for _ in range(3)]
    assert [one.text for one in got] == [f'{{"said": ["{value}"], "n": 1.0}}'] * 3


def test_a_broken_coding_breaks_the_answer_off(restoring, secure):
    headers = (("content-type", "application/json"), ("content-encoding", "gzip"))
    secure.handlers["/v1/broken"] = lambda _: Reply(
        headers=headers, chunks=(gzip.compress(b"x" * 9)[:-8], b"\xff" * 40)
    )
    with client(restoring) as http, pytest.raises(httpx.HTTPError):
        http.post(secure.url("/v1/broken", "a.test"), json=chat(github_token()))


def test_nothing_comes_back_where_the_policy_does_not_say_so(restoring, secure):
    secure.handlers["/v1/messages"] = lambda asked: Reply(
        headers=EVENTS, chunks=deltas(first_name(asked))
    )
    with client(restoring) as http:
        url = secure.url("/v1/messages", "b.test")
        answer = http.post(url, json=chat(github_token()))
        assert NAME.fullmatch(told(answer.text).encode())
        assert secure.requests[-1].header("accept-encoding") != "identity"


def test_another_request_gets_nothing_of_it(restoring, secure):
    seen = []

    def answer(asked):
        seen.append(NAME.search(asked.body))
        text = seen[0][0].decode()
        body = json.dumps({"said": text}).encode()
        return Reply(headers=(("content-type", "application/json"),), chunks=(body,))

    secure.handlers["/v1/other"] = answer
    value, other = github_token(), github_token()
    with client(restoring) as http:
        url = secure.url("/v1/other", "a.test")
        assert http.post(url, json=chat(value)).json()["said"] == value
        for content in ("nothing", other, seen[0][0].decode()):
            said = http.post(url, json=chat(content)).json()["said"]
            assert said == seen[0][0].decode()


def test_the_next_turn_is_cut_to_the_same_bytes(restoring, secure):
    """The begin of the chat is byte for byte what the host has in its cache."""
    password = "".join(random.choices(string.ascii_letters + string.digits, k=24))
    secure.handlers["/v1/turn"] = lambda asked: Reply(
        headers=EVENTS, chunks=deltas(f"the password is {first_name(asked)} then")
    )
    texts = [f"DB_PASSWORD={password}"]
    with client(restoring) as http:
        for _ in range(3):
            url = secure.url("/v1/turn", "a.test")
            answer = http.post(url, json=chat(*texts))
            texts += [told(answer.text), "and again?"]
            assert password in texts[-2]
    bodies = [request.body for request in secure.requests]
    for before, after in itertools.pairwise(bodies):
        assert after.startswith(before.removesuffix(b"]}"))
    assert leaks(password, secure.received) == []
    assert len(set(NAME.findall(b"".join(bodies)))) == 1


def test_events_are_not_held(restoring, secure):
    """The host sends the second event when the agent has the first."""
    arrived = threading.Event()

    def chunks(text):
        first, *rest = deltas(text, 30)
        yield first
        for _ in range(4000):
            if arrived.is_set():
                break
            yield 0.005
        yield from rest if arrived.is_set() else ()

    secure.handlers["/v1/slow"] = lambda asked: Reply(
        headers=EVENTS, chunks=chunks(f"{'x' * 30}{first_name(asked)}")
    )
    value = github_token()
    with client(restoring) as http:
        url = secure.url("/v1/slow", "a.test")
        with http.stream("POST", url, json=chat(value)) as answer:
            got = ""
            for piece in answer.iter_text():
                got += piece
                arrived.set()
    assert told(got) == "x" * 30 + value


def anthropic_events(name):
    """A text block and a tool call that name the placeholder, three letters a delta."""
    text, call = f"It is {name}.", json.dumps({"command": f'echo "{name}"', "n": 1})
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "content": []}
    message |= {"model": "m", "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": message | {"usage": usage}}
    tool = {"type": "tool_use", "id": "t", "name": "run", "input": {}}
    blocks = (
        ({"type": "text", "text": ""}, "text_delta", "text", text),
        (tool, "input_json_delta", "partial_json", call),
    )
    for index, (start, kind, field, said) in enumerate(blocks):
        place = {"index": index}
        yield {"type": "content_block_start", "content_block": start} | place
        for at in range(0, len(said), 3):
            delta = {"type": kind, field: said[at : at + 3]}
            yield {"type": "content_block_delta", "delta": delta} | place
        yield {"type": "content_block_stop"} | place
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    yield {"type": "message_delta", "delta": delta, "usage": usage}
    yield {"type": "message_stop"}


def test_the_anthropic_sdk_gets_text_and_tool_call_back(restoring, secure):
    import anthropic
    import httpx2

    secure.handlers["/v1/messages"] = lambda asked: Reply(
        headers=EVENTS,
        chunks=[
            f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode()
            for one in anthropic_events(first_name(asked))
        ],
    )
    value = pem()
    cut = value.split("-----")[2]
    trust, via = restoring.trust(), restoring.url
    with httpx2.Client(proxy=via, verify=trust, trust_env=False) as http:
        sdk = anthropic.Anthropic(
            api_key="x", base_url=secure.url("", "a.test"), http_client=http
        )
        said = [{"role": "user", "content": f"look at {value}"}]
        for _ in range(2):
            with sdk.messages.stream(model="m", max_tokens=9, messages=said) as stream:
                text, tool = stream.get_final_message().content
            assert text.text == f"It is {cut}."
            assert tool.input == {"command": f'echo "{cut}"', "n": 1}
            said += [
                {"role": "assistant", "content": [text.to_dict(), tool.to_dict()]},
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "t", "content": cut}
                    ],
                },
            ]
    first, second = (request.body for request in secure.requests)
    assert set(NAME.findall(second)) == set(NAME.findall(first))
    assert leaks(cut.strip(), secure.received) == []
    assert json.loads(second)["messages"][0] == json.loads(first)["messages"][0]


def openai_events(name):
    arguments = json.dumps({"command": f'echo "{name}"'})
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"content": f"It is {name}."[at : at + 3]} for at in range(0, 80, 3)]
    head = {"index": 0, "id": "c", "type": "function"}
    function = {"name": "run", "arguments": ""}
    deltas.append({"tool_calls": [head | {"function": function}]})
    for at in range(0, len(arguments), 3):
        piece = {"index": 0, "function": {"arguments": arguments[at : at + 3]}}
        deltas.append({"tool_calls": [piece]})
    whole = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for delta, reason in [*((d, None) for d in deltas), ({}, "tool_calls")]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        yield f"data: {json.dumps(whole | {'choices': [choice]})}\n\n".encode()
    yield b"data: [DONE]\n\n"


def test_the_openai_sdk_gets_text_and_tool_call_back(restoring, secure):
    import openai

    secure.handlers["/v1/chat/completions"] = lambda asked: Reply(
        headers=EVENTS, chunks=openai_events(first_name(asked))
    )
    value = pem()
    cut = value.split("-----")[2]
    with client(restoring) as http:
        sdk = openai.OpenAI(
            api_key="x", base_url=secure.url("/v1", "a.test"), http_client=http
        )
        said = [{"role": "user", "content": f"look at {value}"}]
        for _ in range(2):
            text = arguments = ""
            for chunk in sdk.chat.completions.create(
                model="m", messages=said, stream=True
            ):
                delta = chunk.choices[0].delta
                text += delta.content or ""
                for call in delta.tool_calls or ():
                    arguments += call.function.arguments
            assert text == f"It is {cut}."
            assert json.loads(arguments) == {"command": f'echo "{cut}"'}
            function = {"name": "run", "arguments": arguments}
            call = {"id": "c", "type": "function", "function": function}
            said += [
                {"role": "assistant", "content": text, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c", "content": "done"},
            ]
    first, second = (request.body for request in secure.requests)
    assert set(NAME.findall(second)) == set(NAME.findall(first))
    assert leaks(cut.strip(), secure.received) == []


def test_events_in_the_shape_of_gemini_come_back(restoring, secure):
    """`streamGenerateContent?alt=sse`: parts without any index."""

    def chunks(asked):
        name = first_name(asked)
        call = {"functionCall": {"name": "run", "args": {"command": f"echo {name}"}}}
        texts = (name[at : at + 7] for at in range(0, len(name), 7))
        for part in [*({"text": text} for text in texts), call]:
            content = {"role": "model", "parts": [part]}
            one = {"candidates": [{"content": content}], "modelVersion": "r"}
            yield f"data: {json.dumps(one)}\r\n\r\n".encode()

    secure.handlers["/v1beta/models"] = lambda asked: Reply(
        headers=EVENTS, chunks=chunks(asked)
    )
    value = github_token()
    with client(restoring) as http:
        url = secure.url("/v1beta/models/m:streamGenerateContent?alt=sse", "a.test")
        said = {"contents": [{"role": "user", "parts": [{"text": value}]}]}
        answer = http.post(url, json=said).text
    lines = [line[6:] for line in answer.splitlines() if line.startswith("data: ")]
    parts = [json.loads(one)["candidates"][0]["content"]["parts"][0] for one in lines]
    assert "".join(part.get("text", "") for part in parts) == value
    assert parts[-1]["functionCall"]["args"] == {"command": f"echo {value}"}


def test_no_output_of_the_proxy_holds_what_it_put_back(restoring, secure):
    value = github_token()
    secure.handlers["/v1/messages"] = lambda asked: Reply(
        headers=EVENTS, chunks=deltas(first_name(asked))
    )
    with client(restoring) as http:
        url = secure.url("/v1/messages", "a.test")
        assert told(http.post(url, json=chat(value)).text) == value
    page = restoring.scrape()[1]
    assert leaks(value, restoring.state, restoring.log_file, page) == []
