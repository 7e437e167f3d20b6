"""What nobody can read is bounded per agent and host, whatever it is wrapped in."""

import base64
import random
import string
from pathlib import Path

import pytest

from dlp.errors import StateError
from dlp.gate import Gate
from dlp.gate.tally import LIMIT
from dlp.metrics.cells import read
from dlp.metrics.counting import folder_of
from dlp.model import (
    Action,
    Agent,
    Channel,
    Destination,
    Message,
    Part,
    PartKind,
    Reason,
    Settings,
)

POLICY = """\
version: 1
inspection: {opaque: 4KiB}
statements:
  - id: all
    effect: allow
    hosts: ["*.example.com"]
    on_secret: redact
  - id: web
    effect: allow
    kind: open
    hosts: ["*.open.example.net"]
"""


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tally")
    (folder / "rules").mkdir()
    (folder / "rules" / "policy.yaml").write_text(POLICY)
    gate = Gate.open(Settings(rules=str(folder / "rules"), state=str(folder / "state")))
    yield gate
    gate.close()


def cipher(size):
    return b'{"note": "%s"}' % base64.b64encode(random.randbytes(size))


def message(agent, host, data):
    body = Part(PartKind.BODY, data, media_type="application/json")
    to = Destination("https", host, 443, "POST")
    return Message(Agent(agent), to, (body,))


async def sent(gate, agent, host, data):
    return (await gate.judge(message(agent, host, data))).verdict


async def account(gate, agent, host):
    return (await gate.tally.ledger.charge(agent, host, 0, 0)).total


def counted(gate, agent):
    """What the metrics say of an agent."""
    folder = folder_of(Path(gate.settings.state), gate.settings.metrics)
    child = ("dlp_opaque_bytes_total", (agent,))
    return sum(one.values.get(child, (0,))[0] for one in read(folder))


async def test_pictures_are_not_opaque(gate):
    picture = b"\x89PNG\r\n\x1a\n" + random.randbytes(900)
    assert (await sent(gate, "p", "a.example.com", picture)).action is Action.ALLOW
    assert counted(gate, "p") == 0


async def test_over_the_bound_a_message_is_refused_and_the_next_day_counts_anew(gate):
    for _ in range(2):
        verdict = await sent(gate, "a", "a.example.com", cipher(1200))
        assert verdict.action is Action.ALLOW
    verdict = await sent(gate, "a", "a.example.com", cipher(1200))
    assert (verdict.action, verdict.reason, verdict.rule, verdict.status) == (
        Action.BLOCK,
        Reason.LIMIT,
        LIMIT,
        429,
    )
    assert await account(gate, "a", "a.example.com") == 3200
    readable = await sent(gate, "a", "a.example.com", b'{"note": "words"}')
    assert readable.action is Action.ALLOW


async def test_agents_and_hosts_have_bounds_of_their_own(gate):
    for agent, host in (
        ("b", "b.example.com"),
        ("c", "b.example.com"),
        ("b", "c.example.com"),
    ):
        assert (await sent(gate, agent, host, cipher(2400))).action is Action.ALLOW
    assert (await sent(gate, "b", "b.example.com", cipher(2400))).action is Action.BLOCK


async def test_a_redacted_message_is_held_to_it_too(gate):
    alphabet = string.ascii_letters + string.digits
    key = ("sk-ant-api03-" + "".join(random.choices(alphabet, k=93)) + "AA").encode()
    verdict = await sent(gate, "g", "a.example.com", key + b" " + cipher(900))
    assert verdict.action is Action.REDACT
    verdict = await sent(gate, "g", "a.example.com", key + b" " + cipher(2700))
    assert verdict.action is Action.BLOCK


async def test_what_is_sent_again_with_every_turn_counts_once(gate):
    data = cipher(2400)
    for turn in range(5):
        history = data[:-1] + b', "turn": "%d"}' % turn
        assert (await sent(gate, "d", "a.example.com", history)).action is Action.ALLOW
    assert await account(gate, "d", "a.example.com") == 3200
    assert counted(gate, "d") == 3200


async def test_a_refused_message_is_not_charged(gate):
    verdict = await sent(gate, "e", "elsewhere.example.net", cipher(900))
    assert verdict.action is Action.BLOCK
    assert await account(gate, "e", "elsewhere.example.net") == 0
    assert counted(gate, "e") == 0


async def test_a_message_that_cannot_be_recorded_is_refunded(gate, monkeypatch):
    def full(_record):
        raise StateError("no room")

    kept, dropped = cipher(900), cipher(900)
    await sent(gate, "f", "a.example.com", kept)
    with monkeypatch.context() as patch:
        patch.setattr(gate.audit, "append", full)
        with pytest.raises(StateError):
            await gate.judge(message("f", "a.example.com", kept + b" " + dropped))
    assert await account(gate, "f", "a.example.com") == 1200
    await sent(gate, "f", "a.example.com", dropped)
    assert await account(gate, "f", "a.example.com") == 2400


def test_a_name_of_data_is_refused_before_it_is_looked_up(gate):
    def name(label):
        host = f"{label}.open.example.net"
        to = Destination("https", host, 443, "CONNECT", channel=Channel.CONNECT)
        return gate.judge_name(Agent("default"), to)

    assert name("www") is None
    for _ in range(50):
        judgement = name(random.randbytes(30).hex())
        assert judgement is not None
        assert judgement.verdict.reason is Reason.DESTINATION
