import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from base64 import b64encode, b85encode
from dataclasses import replace
from itertools import count
from random import Random

import pytest
import pytest_asyncio

from dlp.detect.known.fingerprint import SecretInfo
from dlp.detect.known.learned import NONE, LearnedIndex, learnable
from dlp.detect.templates import expand
from dlp.errors import StateError, UnfinishedError
from dlp.gate import process
from dlp.gate.offload import LATE, PROCESS_OVER, Offload, spare_cores
from dlp.gate.process import Answer, Inside, Order
from dlp.model import Agent, Destination, Message, Part, PartKind

ON_ONE_LOOP = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def offload(gate):
    """One that has a process, ready, which takes seconds."""
    offload = Offload(spare=1)
    await offload._start().load(gate._source(gate.inspector))
    yield offload
    offload.close()


@pytest_asyncio.fixture(loop_scope="module")
async def helped(gate, offload, monkeypatch):
    """Messages wait for each other, and there is a process that can help."""
    await offload._processes[0].load(gate._source(gate.inspector))
    monkeypatch.setattr(offload._load, "is_heavy", lambda: True)
    return offload


def large(size=PROCESS_OVER + 1):
    to = Destination("https", "api.example.com", 443, "POST")
    return Message(
        Agent("default"), to, (Part(PartKind.BODY, b"words " * (size // 6 + 1)),)
    )


@pytest.mark.parametrize("stale", [False, True])
@ON_ONE_LOOP
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
    assert (
        len(pickle.dumps(Inside().answer(Order(source, large(), []))))
        < len(pickle.dumps(large())) / 9
    )


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
@ON_ONE_LOOP
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


def small(text=b"hello there, this is the next turn"):
    to = Destination("https", "api.example.com", 443, "POST")
    return Message(Agent("default"), to, (Part(PartKind.BODY, text),))


async def test_messages_that_wait_for_each_other_get_a_process(gate):
    offload = Offload(spare=1)
    source = gate._source(gate.inspector)
    for _ in range(100 * LATE):
        await asyncio.gather(
            *(offload.examine(gate.inspector, source, small()) for _ in range(2))
        )
        if offload._loading is not None:
            break
    assert offload._loading is not None
    await offload._loading
    assert [process.is_loaded(source) for process in offload._processes] == [True]
    offload.close()


async def test_a_process_without_work_goes_and_is_made_again(gate, monkeypatch):
    """One that works, here for longer than it may rest, stays."""
    monkeypatch.setattr(process, "IDLE_S", 0.3)
    offload = Offload(spare=1)
    source = gate._source(gate.inspector)
    seen = await offload.examine(gate.inspector, source, large())
    assert seen.inspected >= PROCESS_OVER
    while offload._processes:
        await asyncio.sleep(0.1)
    assert (await offload._free()).is_idle
    offload.close()


@pytest.mark.parametrize("spare", [0, 1])
async def test_a_message_at_a_time_needs_none(gate, spare):
    offload = Offload(spare)
    source = gate._source(gate.inspector)
    for _ in range(2 * LATE):
        await offload.examine(gate.inspector, source, small())
        await asyncio.sleep(0)
    assert not offload._processes


@ON_ONE_LOOP
async def test_a_message_is_judged_alike_in_the_process(gate, helped):
    source = gate._source(gate.inspector)
    secret = small(b"key: " + expand("{github:ghp_:36}", seed=4).encode())
    here = gate.inspector.examine(secret)
    there = await helped.examine(gate.inspector, source, secret)
    assert there.findings
    assert there == here
    assert not helped._on_loop


@ON_ONE_LOOP
async def test_what_is_quiet_is_told_both_ways(gate, helped):
    source = gate._source(gate.inspector)
    body = b'{"messages": [{"content": "what was said in the last turn, again"}]}'
    await helped.examine(gate.inspector, source, small(body))
    told = gate.inspector.quiet.under(source.learned)
    assert told._newer
    process = helped._processes[0]
    gate.inspector.examine(small(b'{"a": "this was judged here and not over there"}'))
    await helped.examine(gate.inspector, source, small())
    assert not process._quiet
    assert not gate.inspector.quiet.news(source.learned)


@ON_ONE_LOOP
async def test_an_answer_that_nobody_waits_for_is_not_the_next_ones(gate, helped):
    source = gate._source(gate.inspector)
    secret = small(b"key: " + expand("{github:ghp_:36}", seed=4).encode())
    asked = asyncio.ensure_future(helped.examine(gate.inspector, source, secret))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    seen = await helped.examine(gate.inspector, source, large())
    assert not seen.findings
    assert seen.inspected >= PROCESS_OVER


async def test_files_that_say_something_else_are_not_loaded_again_and_again(
    gate, monkeypatch
):
    offload = Offload(spare=1)
    monkeypatch.setattr(offload._load, "is_heavy", lambda: True)
    source = replace(gate._source(gate.inspector), generation="another")
    for _ in range(2):
        assert await offload.examine(gate.inspector, source, small())
        if offload._loading is not None:
            await offload._loading
    assert offload._retry_at
    await offload.examine(gate.inspector, source, small())
    assert offload._loading is None
    offload.close()


@pytest.mark.parametrize(("workers", "most"), [(1, 3), (10_000, 0)])
def test_cores_that_workers_have_are_not_spare(workers, most):
    assert 0 <= spare_cores(workers) <= most


def slow():
    """Short, and takes far longer to read than a turn: base85 in base85."""
    text = Random(5).randbytes(96)
    while len(text) < 1500:
        text = b85encode(text)
    return small(text)


async def test_what_takes_long_is_not_read_on_the_loop(gate):
    """The loop goes on meanwhile, and what was seen is the same."""
    offload = Offload()
    source = gate._source(gate.inspector)
    asked = asyncio.ensure_future(offload.examine(gate.inspector, source, slow()))
    rounds = 0
    while not asked.done():
        rounds += 1
        await asyncio.sleep(0)
    assert rounds > 10
    assert asked.result() == gate.inspector.examine(slow())


def wrapped():
    """Something in something, in a body and in a header that is read on its own."""
    text = b"key: " + expand("{github:ghp_:36}", seed=4).encode()
    for _ in range(2):
        text = b64encode(text.hex().encode())
    message = small(b'{"a": "%s", "b": "some words"}' % text)
    cookie = Part(PartKind.HEADER, b"session=" + text[:400], "cookie")
    return replace(message, parts=(cookie, *message.parts))


def test_what_was_given_up_at_any_moment_is_read_as_if_for_the_first_time(gate):
    """Nothing that is kept from message to message is half of something."""
    message = wrapped()
    now, again = (gate.inspector.with_secrets(gate.inspector.index) for _ in range(2))
    given_up = 0
    for moment in count(0, 3):
        asked = iter(range(moment))
        try:
            seen = now.examine(
                message, spent=lambda left=asked: next(left, None) is None
            )
        except UnfinishedError:
            given_up += 1
            assert not now.quiet.news(NONE)
        else:
            break
    assert given_up > 10
    assert seen == again.examine(message)


def test_a_process_gives_up_what_others_wait_behind(gate, monkeypatch):
    source, inside = gate._source(gate.inspector), Inside()
    monkeypatch.setattr(process, "TURN_S", 0.0)
    assert inside.answer(Order(source, slow(), [], briefly=True)) == Answer(
        source.generation
    )
    assert inside.answer(Order(None, slow(), [])).seen


@ON_ONE_LOOP
async def test_nothing_waits_behind_what_is_read_at_length(gate, helped):
    source, process = gate._source(gate.inspector), helped._processes[0]
    for briefly in (True, False):
        asked = process.examine(source, small(), briefly=briefly)
        asked = asyncio.eager_task_factory(asyncio.get_running_loop(), asked)
        assert process.may_take(source, 100) is briefly
        await asked


@ON_ONE_LOOP
async def test_last_a_process_that_died_costs_the_message_it_was_reading(gate, helped):
    """What it had answered counts, and what it had not begun is read here."""
    source = gate._source(gate.inspector)
    process = helped._processes[0]
    secret = small(b"key: " + expand("{github:ghp_:36}", seed=4).encode())

    def ask():  # what can be done at once is
        asked = helped.examine(gate.inspector, source, secret)
        return asyncio.eager_task_factory(asyncio.get_running_loop(), asked)

    asked = [ask()]
    while not process._answers.poll(0):  # its answer is there, and was not heard
        time.sleep(0.01)
    os.kill(process._process.pid, signal.SIGSTOP)
    asked += [ask() for _ in range(3)]
    assert process.orders == 4
    process._process.kill()
    process._process.join()
    asked.append(ask())  # nothing takes it
    seen = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(seen.pop(1), StateError)
    assert [one.findings for one in seen] == 4 * [
        gate.inspector.examine(secret).findings
    ]
    assert process not in helped._processes
