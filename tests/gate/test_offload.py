from dataclasses import replace

import pytest

from dlp.gate.offload import PROCESS_OVER, Offload
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
    source = gate._source()
    if stale:
        source = replace(source, generation="another")
    seen = await offload.examine(gate.inspector, source, large())
    assert seen.reach.statement == "api"
    assert seen.inspected >= PROCESS_OVER
