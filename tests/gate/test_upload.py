"""A body that goes on while it is judged: what leaves, and what is told of it."""

import gzip
import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from dlp.audit import lines
from dlp.decode.flow import Span
from dlp.detect.known.fingerprint import SecretInfo
from dlp.errors import StateError
from dlp.gate import Gate
from dlp.gate.upload import Upload
from dlp.model import (
    Action,
    Agent,
    Destination,
    Message,
    Part,
    PartKind,
    Reason,
    Settings,
)
from dlp.policy.compile import load_policy
from dlp.state.secrets import Registration
from tests import bulk
from tests.bulk import text

POLICY = """\
version: 1
inspection: {buffer: 64KiB, stream: 1MiB, opaque: 64KiB}
statements:
  - id: api
    effect: allow
    hosts: [api.example.com]
    on_secret: redact
  - id: web
    effect: allow
    kind: open
    hosts: [open.example.com]
  - id: closed
    effect: allow
    inspect: none
    hosts: [closed.example.com]
  - id: no-deletes
    effect: deny
    hosts: [closed.example.com]
    methods: [DELETE]
"""
STEP = 16 << 10
next_agent = 0
seeds = itertools.count()


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("upload")
    (folder / "rules").mkdir()
    (folder / "rules" / "policy.yaml").write_text(POLICY)
    gate = Gate.open(Settings(str(folder / "rules"), str(folder / "state")))
    yield gate
    gate.close()


@pytest.fixture
def gate(opened):
    inspector = opened.inspector
    yield opened
    opened.inspector = inspector


def change(gate, old, new):
    """As a reload does, without compiling the rules again."""
    folder = Path(gate.settings.rules)
    (folder / "policy.yaml").write_text(POLICY.replace(old, new))
    gate.inspector = replace(gate.inspector, policy=load_policy(folder))


def upload(gate, host="api.example.com", *headers, path="/up", **body):
    to = Destination("https", host, 443, "POST", path)
    parts = (Part(PartKind.TARGET, path.encode()), *headers)
    global next_agent
    agent, next_agent = Agent(f"agent{next_agent}"), next_agent + 1
    described = Part(PartKind.BODY, b"", **body)
    cut = Span(step=STEP, overlap=STEP // 2)
    return Upload(gate, Message(agent, to, parts), described, cut)


def drawn(size):
    """Another one each time."""
    return bulk.drawn(next(seeds), size).decode()


def register(gate, value):
    """Under a name that no other test has."""
    name = drawn(12)
    gate.secrets.add([Registration(SecretInfo(name), value.encode())])
    gate.reload_secrets()
    return name


async def send(body, data, piece=5000):
    """What went on of it, and the refusal if there was one."""
    out = b""
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    for at, one in enumerate(pieces, 1):
        taken = await body.take(one, last=at == len(pieces))
        if not isinstance(taken, bytes):
            return out, taken
        out += taken
    return out, None


def told(gate):
    """What the records say of the last upload: each is another agent's."""
    everything = (line.data for line in lines(gate.audit._folder))
    return [one for one in everything if one.get("agent") == f"agent{next_agent - 1}"]


async def test_a_clean_body_goes_on_whole_behind_a_record(gate):
    data = text(5 * STEP)
    body = upload(gate)
    assert await body.take(data[:STEP]) == b""
    assert told(gate) == []
    out, refusal = await send(body, data[STEP:])
    assert (data[:STEP] + out)[-len(data) :].endswith(out)
    assert out == data
    assert refusal is None
    assert [one["volume"]["flow"] for one in told(gate)] == ["begun", "whole"]
    assert [one["volume"]["out"] for one in told(gate)] == [0, len(data)]


async def test_a_secret_is_broken_off_before_its_first_byte(gate):
    """Also where the statement redacts: what is before it has gone."""
    secret = drawn(40)
    register(gate, secret)
    before = text(4 * STEP + 77)
    data = before + b" " + secret.encode() + b" " + text(STEP)
    out, refusal = await send(upload(gate), data)
    assert before.startswith(out)
    assert len(out) > STEP
    assert refusal.verdict.action is Action.BLOCK
    assert refusal.verdict.reason is Reason.CONTENT
    last = told(gate)[-1]["volume"]
    assert (last["flow"], last["streamed"]) == ("refused", len(out))


@pytest.mark.parametrize("kind", [PartKind.TARGET, PartKind.HEADER, PartKind.TRAILER])
async def test_what_goes_with_a_body_is_judged_before_its_first_byte(gate, kind):
    secret = drawn(40)
    register(gate, secret)
    part = Part(kind, secret.encode(), name="x-note")
    body = upload(gate, "api.example.com", part)
    out, refusal = await send(body, text(3 * STEP))
    assert out == b""
    assert refusal.verdict.reason is Reason.CONTENT


async def test_trailers_are_judged_before_the_last_byte(gate):
    secret = drawn(40)
    register(gate, secret)
    body, data = upload(gate), text(3 * STEP)
    out = await body.take(data[:-1])
    assert data.startswith(out)
    body.extend((Part(PartKind.TRAILER, secret.encode(), name="x-note"),))
    refusal = await body.take(data[-1:], last=True)
    assert refusal.refused


async def test_a_path_leads_to_where_a_finding_stood(gate):
    key = bulk.shaped(0)
    noise = b"".join(random.randbytes(50) + text(50, n) for n in range(2000))
    data = gzip.compress(noise + b" " + key + b" " + noise)
    body = upload(gate, encodings=("gzip",), path="/v1/files/upload")
    out, refusal = await send(body, data)
    assert STEP < len(out) < len(data)
    assert refusal.refused
    last = told(gate)[-1]
    assert last["path"] == "/v1/files/upload"
    assert last["findings"][0]["where"] == "body"
    assert last["findings"][0]["path"] == "body > gzip"


async def test_pieces_count_with_those_of_earlier_messages(gate):
    secret = drawn(48)
    register(gate, secret)
    first, second = secret[:14].encode(), secret[14:28].encode()
    _, refusal = await send(upload(gate), text(2 * STEP) + first + text(2 * STEP))
    assert refusal is None
    out, refusal = await send(upload(gate), text(2 * STEP) + second + text(STEP))
    assert refusal.refused
    assert second not in out


async def test_other_secrets_in_the_middle_of_it(gate):
    secret = drawn(48)
    name = register(gate, secret)
    body = upload(gate)
    data = text(2 * STEP) + secret[:14].encode() + text(2 * STEP)
    before = await body.take(data)
    gate.secrets.remove([name])
    gate.reload_secrets()
    other = drawn(48)
    register(gate, other)
    piece = other[:14].encode()
    out, refusal = await send(body, text(2 * STEP) + piece + text(STEP, 1))
    assert refusal is None
    out, refusal = before + out, None
    assert piece in out
    body = upload(gate)
    await body.take(text(2 * STEP))
    register(gate, drawn(48))
    _, refusal = await send(body, b" " + other.encode() + b" " + text(STEP))
    assert refusal.refused


async def test_an_open_destination_takes_no_body(gate):
    out, refusal = await send(upload(gate, "open.example.com"), text(3 * STEP))
    assert out == b""
    assert refusal.verdict.reason is Reason.DESTINATION


async def test_noise_is_charged_once_and_bounded(gate):
    out, refusal = await send(upload(gate), random.randbytes(10 * STEP))
    assert refusal.verdict.reason is Reason.LIMIT
    assert 2 * STEP < len(out) <= 4 * STEP


async def test_over_the_limit_it_is_cut_off(gate):
    out, refusal = await send(upload(gate), text((1 << 20) + 1), 1 << 16)
    assert refusal.verdict.status == 413
    assert len(out) < 1 << 20


async def test_an_uninspected_body_goes_on_unread(gate):
    data = text(STEP) + drawn(40).encode() + random.randbytes(8 * STEP)
    out, refusal = await send(upload(gate, "closed.example.com"), data)
    assert out == data
    assert refusal is None
    volume = told(gate)[-1]["volume"]
    assert (volume["skipped"], volume["why_skipped"]) == (len(data), "inspect-none")


async def test_a_method_that_an_uninspected_body_asks_for_is_another_request(gate):
    body = upload(gate, "closed.example.com")
    data = text(2 * STEP) + b"&_method=DELETE&" + text(10)
    cut = 2 * STEP + 5  # in the middle of the name
    assert await body.take(data[:cut]) == data[:cut]
    refusal = await body.take(data[cut:], last=True)
    assert refusal.verdict.reason is Reason.DESTINATION


async def test_a_body_that_is_to_be_inspected_now_cannot_go_on_unread(gate):
    body = upload(gate, "closed.example.com")
    assert await body.take(text(STEP)) == text(STEP)
    change(gate, "inspect: none", "inspect: full")
    refusal = await body.take(text(STEP))
    assert refusal.verdict.reason is Reason.UNREADABLE


async def test_a_destination_that_is_taken_back_ends_it(gate):
    body = upload(gate)
    assert await body.take(text(2 * STEP))
    change(gate, "api.example.com", "b.example.com")
    refusal = await body.take(text(2 * STEP))
    assert refusal.verdict.reason is Reason.DESTINATION


async def test_nothing_goes_on_without_a_record(gate, monkeypatch):
    def full(_):
        raise StateError("full")

    body = upload(gate)
    monkeypatch.setattr(gate.audit, "append", full)
    with pytest.raises(StateError):
        await body.take(text(3 * STEP))


async def test_its_last_bytes_do_not_go_on_without_a_record_of_its_end(
    gate, monkeypatch
):
    def full(_):
        raise StateError("full")

    body = upload(gate)
    out = await body.take(text(3 * STEP))
    assert out
    monkeypatch.setattr(gate.audit, "append", full)
    with pytest.raises(StateError):
        await body.take(text(10), last=True)


async def test_after_a_refusal_nothing_more_is_taken(gate):
    body = upload(gate, encodings=("rot13",))
    _, refusal = await send(body, text(3 * STEP))
    assert refusal.verdict.reason is Reason.UNREADABLE
    with pytest.raises(StateError):
        await body.take(text(10))


async def test_a_peer_that_goes_away_is_on_record_once(gate):
    body = upload(gate)
    out = await body.take(text(3 * STEP))
    body.abandon()
    body.abandon()
    volumes = [one["volume"] for one in told(gate)]
    assert [one["flow"] for one in volumes] == ["begun", "cut"]
    assert volumes[-1]["out"] == len(out)


async def test_a_body_of_which_nothing_went_on_is_not(gate):
    body = upload(gate)
    await body.take(text(100))
    body.abandon()
    assert told(gate) == []
