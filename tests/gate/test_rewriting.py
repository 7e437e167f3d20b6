"""What redaction leaves is clean and whole, whatever stood in the message and where."""

import asyncio
import gzip
import itertools
import json
import random
import string
import urllib.parse
from dataclasses import replace
from functools import partial
from xml.dom import minidom

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlp.decide import BLOCK, consequence
from dlp.detect.known.fingerprint import SecretInfo
from dlp.detect.templates import expand
from dlp.gate.rewriting import rewritten
from dlp.model import Action, Agent, Destination, Message, Part, PartKind
from dlp.redact.cutting import placeholder
from dlp.restoring import restorer
from dlp.state.secrets import Registration

ALPHABET = string.ascii_letters + string.digits
TO = Destination("https", "llm.example.com", 443, "POST", "/v1")


def drawn(length, seed):
    return "".join(random.Random(seed).choices(ALPHABET, k=length))


REGISTERED = drawn(40, "registered")
SECRETS = st.sampled_from(
    [
        REGISTERED,
        "sk-ant-" + "api03-" + drawn(93, "vendor") + "AA",
        f'password = "{drawn(18, "named")}"',
        f"DB_PASSWORD={drawn(20, 'environment')}",
        f"postgres://bob:{drawn(18, 'url')}@db.example/x",
    ]
)
AROUND = st.sampled_from(
    ["{}", "see {} there", "\n{}\n", '\t"{}"\\', "`{}`", "ö{}é", "<b>{}</b>", "C:\\{}"]
)
TEXTS = st.builds(lambda around, secret: around.replace("{}", secret), AROUND, SECRETS)
OTHERS = st.one_of(TEXTS, st.text(max_size=30))


def chat(text, other):
    parts = [{"type": "text", "text": other}, {"type": "text", "text": text}]
    messages = [{"role": "user", "content": text}, {"role": "user", "content": parts}]
    return {"model": "m", "n": 1.50, "messages": messages, "stream": True}


def calls(text, other):
    arguments = json.dumps({"command": text, "also": [other, 1]})
    return {"tool_calls": [{"function": {"name": "run", "arguments": arguments}}]}


def multipart(text, other):
    head = 'Content-Disposition: form-data; name="{}"; filename="a b.txt"\r\n\r\n'
    fields = "".join(
        f"--q\r\n{head.format(n)}{t}\r\n" for n, t in (("a", text), ("b", other))
    )
    return f"{fields}--q--\r\n".encode("utf-8", "surrogatepass")


def markup(text, other):
    from html import escape

    said = [escape(t, quote=True) for t in (text, "".join(filter(str.isalnum, other)))]
    return f'<r><a k="{said[1]}">{said[0]}</a><b>{said[0]}</b></r>'.encode()


CARRIERS = {
    "chat": lambda *t: (json.dumps(chat(*t), ensure_ascii=False), "application/json"),
    "escaped": lambda *t: (json.dumps(chat(*t)), "application/json"),
    "indented": lambda *t: (json.dumps(chat(*t), indent=2), "application/json"),
    "tool calls": lambda *t: (json.dumps(calls(*t)), "application/json"),
    "a key": lambda t, o: (json.dumps({t: o, "b": 1}), "application/json"),
    "twice a key": lambda t, o: (
        f'{{"a": {json.dumps(t)}, "a": {json.dumps(o)}, "n": 1e5}}',
        "application/json",
    ),
    "lines": lambda t, o: (
        f"{json.dumps({'a': t})}\n{json.dumps({'b': o})}\n",
        "application/x-ndjson",
    ),
    "form": lambda t, o: (
        urllib.parse.urlencode({"a": t, "b": o, "c": 1}, errors="replace"),
        "application/x-www-form-urlencoded",
    ),
    "multipart": lambda *t: (multipart(*t), "multipart/form-data; boundary=q"),
    "xml": lambda *t: (markup(*t), "application/xml"),
    "text": lambda t, o: (f"{t} {o}", "text/plain"),
}


def is_whole(carrier, before, after):
    """Whether the body is still what its carrier says, with all of its fields."""
    if carrier == "form":
        old, new = (
            urllib.parse.parse_qsl(d.decode(), keep_blank_values=True)
            for d in (before, after)
        )
        return [name for name, _ in old] == [name for name, _ in new]
    if carrier == "xml":
        minidom.parseString(after)
    elif carrier == "multipart":
        return all(
            after.count(sign) == before.count(sign)
            for sign in (b"--q", b'"; filename=')
        )
    elif carrier == "lines":
        list(map(json.loads, after.splitlines()))
    elif carrier == "tool calls":
        json.loads(json.loads(after)["tool_calls"][0]["function"]["arguments"])
    elif carrier != "text":
        json.loads(after)
    return True


@pytest.fixture(scope="module")
def inspecting(gate):
    """Gives the inspector, whose own repr is long."""
    info = SecretInfo("planted", (), ())
    gate.secrets.add([Registration(info, REGISTERED.encode())])
    gate.reload_secrets()
    return lambda: gate.inspector


def message(data, media_type, *, coded=False):
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    encodings = ("gzip",) if coded else ()
    part = Part(
        PartKind.BODY,
        gzip.compress(raw) if coded else raw,
        media_type=media_type,
        encodings=encodings,
    )
    return raw, Message(Agent("default"), TO, (part,))


async def redacted(inspector, sent, *, restore):
    async def examine(one):
        seen = inspector.examine(one)
        return replace(seen, reach=replace(seen.reach, restore=restore))

    seen = await examine(sent)
    if inspector.conclude(seen).action is not Action.REDACT:
        return None
    return await rewritten(inspector, seen, examine)


PROPERTY = settings(max_examples=60)


@PROPERTY
@given(
    carrier=st.sampled_from(sorted(CARRIERS)),
    text=TEXTS,
    other=OTHERS,
    coded=st.booleans(),
    restore=st.booleans(),
)
def test_what_is_left_is_clean_and_whole(
    inspecting, carrier, text, other, coded, restore
):
    inspector = inspecting()
    raw, sent = message(*CARRIERS[carrier](text, other), coded=coded)
    done = asyncio.run(redacted(inspector, sent, restore=restore))
    if done is None:
        return
    (part,) = done.seen.message.parts
    assert inspector.scan(part.data) == []
    assert inspector.leaks(done.seen) == []
    assert part.encodings == ()
    assert is_whole(carrier, raw, part.data)


def meant(document):
    """A document, with the one that a tool call holds read too: escapes are free."""
    value = json.loads(document)
    for call in value.get("tool_calls", ()):
        function = call["function"]
        function["arguments"] = json.loads(function["arguments"])
    return value


@PROPERTY
@given(
    carrier=st.sampled_from(["chat", "tool calls"]),
    text=TEXTS,
    other=st.text(max_size=9),
)
@example(
    carrier="tool calls",
    text="öh" + expand("{alnum:38}", seed=2) + "Zé",
    other="",
)
def test_what_is_restored_is_what_was_cut(inspecting, carrier, text, other):
    inspector = inspecting()
    raw, sent = message(*CARRIERS[carrier](text, other))
    done = asyncio.run(redacted(inspector, sent, restore=True))
    if done is None:
        return
    work = restorer(done.stands_for, "application/json")
    data = done.seen.message.parts[0].data
    back = work.feed(data) + work.flush()
    assert meant(back) == meant(raw)
    again = asyncio.run(
        redacted(inspector, message(back, "application/json")[1], restore=True)
    )
    assert again.seen.message.parts[0].data == data


@PROPERTY
@given(st.lists(TEXTS, min_size=1, max_size=3), OTHERS)
def test_a_further_finding_never_makes_a_verdict_milder(inspecting, texts, more):
    """Whatever is added to a message, the verdict stays at least as hard."""
    inspector = inspecting()

    def action(*parts):
        document = json.dumps({"messages": [{"content": part} for part in parts]})
        _, sent = message(document, "application/json")
        seen = inspector.examine(sent)
        leaks = [f for f in seen.findings if consequence(f, seen.reach) == BLOCK]
        return list(Action).index(inspector.conclude(seen).action), len(leaks)

    before, _ = action(*texts)
    after, leaks = action(*texts, more)
    assert after >= before or not leaks


def test_a_placeholder_that_comes_back_is_no_finding(inspecting):
    """The model repeats it, and the chat is sent again."""
    inspector = inspecting()
    _, sent = message(*CARRIERS["chat"](f"DB_PASSWORD={drawn(20, 'again')}", "x"))
    done = asyncio.run(redacted(inspector, sent, restore=False))
    name = next(iter(done.stands_for))
    for text in (
        f"password = {name}",
        f"postgres://u:{name}@h/d",
        f"x{'y' * 60} {name}",
    ):
        _, sent = message(json.dumps(calls(text, "z")), "application/json")
        assert inspector.examine(sent).findings == ()


ARMOURED = "look at -----BEGIN PRIVATE KEY-----{}-----END PRIVATE KEY----- ok"
PLACES = ("DB_PASSWORD={}", "{} or {} again", "the password is {}")


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
def test_no_placeholder_is_a_secret_for_what_it_is_called(inspecting, coded):
    """`redacted-acme-key-` and sixteen digits look like a key of Acme."""
    inspector = inspecting()
    digests = (f"{random.Random(n).getrandbits(64):016x}" for n in itertools.count())
    places = list(zip(sorted(inspector.named), itertools.cycle(PLACES), strict=False))
    places += [("private-key", ARMOURED)] * 60
    refused = []
    for number, (rule, place) in enumerate(places):
        text = place.replace("{}", placeholder(rule, next(digests)).decode())
        document = json.dumps(calls(text, "z") if number % 2 else chat(text, "z"))
        _, sent = message(document, "application/json", coded=coded)
        if inspector.examine(sent).findings:
            refused.append(text)
    assert refused == []


def test_what_the_second_look_finds_or_cannot_read_does_not_go_on(inspecting):
    inspector = inspecting()
    _, sent = message(*CARRIERS["chat"](f"it is {REGISTERED}", "x"))
    seen = inspector.examine(sent)

    async def examine(one, **more):
        return replace(inspector.examine(one), **more)

    assert asyncio.run(rewritten(inspector, seen, examine))
    for left in (
        {"findings": seen.findings},
        {"truncated": "depth"},
        {"undecodable": ("gzip",)},
    ):
        again = partial(examine, **left)
        assert asyncio.run(rewritten(inspector, seen, again)) is None
