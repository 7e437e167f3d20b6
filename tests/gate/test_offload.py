import pickle
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest

from dlp.detect.fingerprint import SecretInfo
from dlp.detect.learned import LearnedIndex, learnable
from dlp.gate.offload import PROCESS_OVER, Offload, _examine
from dlp.model import Agent, Destination, Message, Part, PartKind


@pytest.fixture
def offload():
    offload = Offload()
    yield offload
    offload.close()


def large(size=PROCESS_OVER + 1):
    to = Destination("https", "api.example.com", 443, "POST")
    return Message(
        Agent("default"), to, (Part(PartKind.BODY, b"words " * (size // 6 + 1)),)
    )


@pytest.mark.parametrize("stale", [False, True])
async def test_a_verdict_is_given_under_the_generation_that_asked(gate, offload, stale):
    """The process reads the files: when they say something else, it is not asked."""
    source = gate._source(gate.inspector)
    if stale:
        source = replace(source, generation="another")
    seen = await offload.examine(gate.inspector, source, large())
    assert seen.message == large()
    assert seen.reach.statement == "api"
    assert seen.inspected >= PROCESS_OVER


def test_the_process_sends_no_message_back(gate):
    source = gate._source(gate.inspector)
    assert len(pickle.dumps(_examine(source, large()))) < len(pickle.dumps(large())) / 9


def test_every_process_gives_one_state_one_generation(gate):
    """Else none of them is ever asked."""
    source = gate._source(gate.inspector)
    code = (
        "import sys; from dlp.inspector import Inspector;"
        "print(Inspector.load(*sys.argv[1:]).generation)"
    )
    for seed in "12":
        told = subprocess.run(
            [sys.executable, "-c", code, source.rules, source.state],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            check=True,
            capture_output=True,
            text=True,
        )
        assert told.stdout.strip() == gate.inspector.generation


@pytest.mark.parametrize("stale", [False, True])
async def test_what_hosts_issued_is_known_on_every_way(gate, offload, stale):
    key = bytes(32)
    token = "".join(
        Random(7).choices("abcdefghkmnprstuvwxyzABCDEF23456", k=40)
    ).encode()
    taken = learnable(token, key)
    assert taken is not None
    info = SecretInfo("issued:home.example:1", ("home.example",), ("any",))
    source = replace(
        gate._source(gate.inspector),
        learned=LearnedIndex.build([(info, taken)], key=key),
    )
    if stale:
        source = replace(source, generation="another")
    message = large()
    body = replace(message.parts[0], data=message.parts[0].data + token)
    seen = await offload.examine(
        gate.inspector, source, replace(message, parts=(body,))
    )
    assert [f.rule for f in seen.findings] == ["issued-token"]
