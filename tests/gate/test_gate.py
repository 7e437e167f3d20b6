import asyncio
import gzip
import random
import string
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import brotli
import orjson
import pytest

from dlp.audit import lines
from dlp.decode.table import Bank
from dlp.decode.table import _sieve as sieve
from dlp.detect.known.fingerprint import SecretInfo
from dlp.errors import RuleError
from dlp.model import (
    Action,
    Agent,
    Channel,
    Destination,
    Message,
    Part,
    PartKind,
    Reason,
)
from dlp.state.agents import Challenge
from dlp.state.secrets import Registration

AGENT = Agent("default")


def to(host, method="POST", path="/"):
    return Destination("https", host, 443, method, path)


def message(host, *parts, **kw):
    return Message(AGENT, to(host, **kw), parts)


def body(data, **kw):
    return Part(PartKind.BODY, data, **kw)


def vendor_key():
    alphabet = string.ascii_letters + string.digits
    return ("sk-ant-api03-" + "".join(random.choices(alphabet, k=93)) + "AA").encode()


def recorded(gate):
    return list(lines(gate.audit._folder))


def test_the_first_message_waits_for_no_database(gate):
    assert sieve.cache_info().currsize == len(Bank)


async def test_an_honest_message_passes_and_is_recorded(gate):
    before = len(recorded(gate))
    judgement = await gate.judge(message("api.example.com", body(b"hello")))
    assert judgement.verdict.action is Action.ALLOW
    assert not judgement.refused
    assert len(recorded(gate)) == before + 1


async def test_a_vendor_shaped_secret_in_a_body_is_refused(gate):
    judgement = await gate.judge(message("api.example.com", body(b"k=" + vendor_key())))
    assert (judgement.verdict.action, judgement.verdict.reason) == (
        Action.BLOCK,
        Reason.CONTENT,
    )


async def test_a_denied_host_wins_over_content_and_keeps_the_finding(gate):
    judgement = await gate.judge(message("evil.example.net", body(vendor_key())))
    assert judgement.verdict.reason is Reason.DESTINATION
    assert judgement.verdict.findings


async def test_redaction_rewrites_the_body_and_only_that(gate):
    key = vendor_key()
    sent = orjson.dumps({"messages": [{"content": f"my key: {key.decode()}"}]})
    judgement = await gate.judge(message("llm.example.com", body(sent)))
    assert judgement.verdict.action is Action.REDACT
    (part,) = judgement.parts
    assert key not in part.data
    text = orjson.loads(part.data)["messages"][0]["content"]
    assert text.startswith("my key: redacted-anthropic")


async def test_redaction_gives_equal_bytes_for_equal_messages(gate):
    sent = message("llm.example.com", body(b"x " + vendor_key()))
    first, second = await gate.judge(sent), await gate.judge(sent)
    assert first.parts == second.parts


async def test_a_secret_in_a_header_is_not_redacted_but_refused(gate):
    header = Part(PartKind.HEADER, vendor_key(), "x-note")
    judgement = await gate.judge(message("llm.example.com", header))
    assert judgement.verdict.action is Action.BLOCK


@pytest.mark.parametrize(
    ("method", "parts"),
    [
        ("POST", ()),
        ("GET", (body(b"x"),)),
        ("GET", (Part(PartKind.HEADER, b"Bearer x", "authorization"),)),
        ("GET", (Part(PartKind.TARGET, b"/" + b"a" * 4000),)),
    ],
)
async def test_an_open_destination_takes_only_a_plain_get(gate, method, parts):
    sent = message("open.example.com", *parts, method=method)
    judgement = await gate.judge(sent)
    assert judgement.verdict.reason is Reason.DESTINATION


async def test_an_open_destination_takes_a_plain_get(gate):
    sent = message(
        "open.example.com", Part(PartKind.TARGET, b"/wiki/Python"), method="GET"
    )
    assert not (await gate.judge(sent)).refused


async def test_approval_is_held(gate):
    judgement = await gate.judge(message("ask.example.com"))
    assert judgement.verdict.reason is Reason.APPROVAL_REQUIRED
    assert judgement.refused


def test_admit_refuses_a_destination_before_any_body(gate):
    before = len(recorded(gate))
    refused = gate.admit(AGENT, to("evil.example.net"))
    assert refused is not None
    assert refused.verdict.reason is Reason.DESTINATION
    assert gate.admit(AGENT, to("api.example.com")) is None
    assert len(recorded(gate)) == before + 1


def test_admit_asks_at_connect_whether_any_request_could_pass(gate):
    connect = Destination(
        "https", "ask.example.com", 443, "CONNECT", channel=Channel.CONNECT
    )
    assert gate.admit(AGENT, connect) is None


def test_a_host_name_that_carries_a_secret_is_refused_by_name(gate):
    label = "ghp_" + "".join(random.choices(string.ascii_lowercase, k=36))
    for host in ("evil.example.net", "example.com"):
        destination = Destination("https", f"{label}.{host}", 443)
        judgement = gate.judge_name(AGENT, destination)
        assert judgement is not None
        assert judgement.verdict.reason is Reason.CONTENT
    assert gate.judge_name(AGENT, to("evil.example.net")) is None


async def test_a_bad_reload_keeps_the_last_good_rules(gate):
    before = gate.inspector
    policy = Path(gate.settings.rules, "policy.yaml")
    good = policy.read_text()
    policy.write_text("version: 1\nnonsense: 2\n")
    with pytest.raises(RuleError):
        gate.reload()
    policy.write_text(good)
    assert gate.inspector is before
    assert not (await gate.judge(message("api.example.com", body(b"x")))).refused


async def test_a_record_names_the_generation_that_judged(gate):
    """Rules may be swapped while a message is looked at in a thread."""
    before = gate.inspector.generation
    words = body(b"plain words " * 16384)
    judging = asyncio.create_task(gate.judge(message("api.example.com", words)))
    await asyncio.sleep(0)
    register(gate, "meanwhile", random_token())
    assert gate.inspector.generation != before
    assert not (await judging).refused
    assert recorded(gate)[-1].data["generation"] == before


def test_a_proxy_off_loopback_demands_credentials(gate, monkeypatch):
    assert gate.identify("127.0.0.1", None) == AGENT
    everywhere = replace(gate.settings, listen=("0.0.0.0", 8080))
    monkeypatch.setattr(gate, "settings", everywhere)
    assert gate.identify("127.0.0.1", None) == Challenge("missing")


def random_token(length=40):
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))


def register(gate, name, value, hosts=(), slots=()):
    info = SecretInfo(name, tuple(hosts), tuple(slots))
    gate.secrets.add([Registration(info, value.encode())])
    gate.reload_secrets()


async def judged(gate, host, *parts):
    judgement = await gate.judge(message(host, *parts))
    return judgement.verdict.action, judgement.verdict.rule


async def test_a_registered_secret_passes_in_its_slot_at_its_host_only(gate):
    value = random_token()
    register(gate, "api-key", value, ["api.example.com"])
    slot = Part(PartKind.HEADER, f"Bearer {value}".encode(), "authorization")
    assert (await judged(gate, "api.example.com", slot))[0] is Action.ALLOW
    blocked = (Action.BLOCK, "api-key")
    assert await judged(gate, "llm.example.com", slot) == blocked
    note = Part(PartKind.HEADER, value.encode(), "x-note")
    assert await judged(gate, "api.example.com", note) == blocked
    assert await judged(gate, "api.example.com", body(value.encode())) == blocked


async def test_the_same_secret_in_slot_and_body_is_a_leak(gate):
    value = random_token()
    register(gate, "both", value, ["api.example.com"])
    slot = Part(PartKind.HEADER, value.encode(), "x-api-key")
    leak = body(f'{{"note": "{value}"}}'.encode())
    assert await judged(gate, "api.example.com", slot, leak) == (Action.BLOCK, "both")


async def test_more_than_the_secret_in_a_slot_is_not_its_slot(gate):
    value = random_token()
    register(gate, "plus", value, ["api.example.com"])
    slot = Part(PartKind.HEADER, f"Bearer {value} {value}".encode(), "authorization")
    assert await judged(gate, "api.example.com", slot) == (Action.BLOCK, "plus")


async def test_a_secret_is_not_at_home_over_plain_http(gate):
    value = random_token()
    register(gate, "plain", value, ["api.example.com"])
    slot = Part(PartKind.HEADER, value.encode(), "x-api-key")
    sent = Message(AGENT, Destination("http", "api.example.com", 80, "POST"), (slot,))
    assert (await gate.judge(sent)).refused


async def test_a_secret_in_two_messages_is_stopped_at_the_second(gate):
    value = random_token()
    register(gate, "halves", value)
    first = await judged(gate, "api.example.com", body(value[:16].encode()))
    assert first[0] is Action.ALLOW
    second = await judged(gate, "llm.example.com", body(value[16:33].encode()))
    assert second == (Action.BLOCK, "halves")
    again = await judged(gate, "api.example.com", body(value[:16].encode()))
    assert again[0] is Action.ALLOW, "what left already may leave again"


@pytest.mark.parametrize(
    ("codings", "encode"),
    [
        (("gzip",), gzip.compress),
        (("br",), brotli.compress),
        (("deflate",), zlib.compress),
        (("gzip", "br"), lambda data: brotli.compress(gzip.compress(data))),
    ],
    ids=["gzip", "br", "deflate", "gzip then br"],
)
async def test_a_redacted_body_goes_on_without_its_coding(gate, codings, encode):
    key = vendor_key()
    sent = orjson.dumps({"messages": [{"content": f"use {key.decode()} now"}]})
    coded = body(encode(sent), encodings=codings, media_type="application/json")
    judgement = await gate.judge(message("llm.example.com", coded))
    assert judgement.verdict.action is Action.REDACT
    (part,) = judgement.parts
    assert part.encodings == ()
    assert key not in part.data
    assert orjson.loads(part.data)["messages"][0]["content"].endswith(" now")


async def test_what_hides_behind_a_coded_body_does_not_go_on(gate):
    coded = gzip.compress(b"x " + vendor_key()) + b"y " + vendor_key()
    judgement = await gate.judge(
        message("llm.example.com", body(coded, encodings=("gzip",)))
    )
    assert judgement.parts is None or b"sk-ant" not in judgement.parts[0].data


async def test_a_form_and_multipart_are_redacted_in_place(gate):
    key = vendor_key().decode()
    form = body(
        f"a=1&note={key}&b=2".encode(),
        media_type="application/x-www-form-urlencoded",
    )
    judgement = await gate.judge(message("llm.example.com", form))
    (part,) = judgement.parts
    fields = parse_qs(part.data.decode(), strict_parsing=True)
    assert (fields["a"], fields["b"]) == (["1"], ["2"])
    assert fields["note"][0].startswith("redacted-anthropic")
    raw = f'--q\r\nContent-Disposition: form-data; name="n"\r\n\r\n{key}\r\n--q--\r\n'
    many = body(raw.encode(), media_type="multipart/form-data; boundary=q")
    judgement = await gate.judge(message("llm.example.com", many))
    (part,) = judgement.parts
    _, _, rest = part.data.partition(b"\r\n\r\n")
    assert rest.startswith(b"redacted-anthropic")
    assert rest.endswith(b"\r\n--q--\r\n")


async def test_what_a_secret_is_found_with_in_a_multipart_body_stays(gate):
    """Read without line ends and signs, it goes on into the boundary and the head."""
    value = "".join(random.choices(string.ascii_letters + string.digits, k=40))
    register(gate, "known", value)
    mark = "----WebKitFormBoundary" + "".join(
        random.choices(string.ascii_letters, k=16)
    )
    raw = (
        f'--{mark}\r\nContent-Disposition: form-data; name="a"\r\n\r\nx {value}\r\n'
        f'--{mark}\r\nContent-Disposition: form-data; name="b"\r\n\r\ny\r\n--{mark}--\r\n'
    )
    media_type = f"multipart/form-data; boundary={mark}"
    judgement = await gate.judge(
        message("llm.example.com", body(raw.encode(), media_type=media_type))
    )
    (part,) = judgement.parts
    before, _, after = raw.partition(value)
    assert part.data.decode().startswith(before + "redacted-known-")
    assert part.data.decode().endswith(after)


async def test_pieces_of_another_secret_count_though_the_message_is_redacted(gate):
    """Else a vendor's key thrown in would buy passage for any piece."""
    alphabet = string.ascii_letters + string.digits
    value = "".join(random.choices(alphabet, k=64)).encode()
    register(gate, "cut-up", value.decode())
    answers = [
        await gate.judge(
            message("llm.example.com", body(b"%s and %s" % (vendor_key(), piece)))
        )
        for piece in (value[:20], value[16:40], value[36:])
    ]
    assert answers[0].verdict.action is Action.REDACT
    assert answers[-1].verdict.action is Action.BLOCK
