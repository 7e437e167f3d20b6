import asyncio
import threading
import time

import pytest

from dlp.metrics import Metrics, keep_alive
from dlp.metrics.health import STALE_S, health

WORKS = {name: (lambda: "") for name in ("inspection", "state", "audit")}


async def alive(metrics, checks):
    """Until every part was tried and the sign of life given."""
    told = asyncio.Event()
    task = asyncio.create_task(keep_alive(metrics, checks, told))
    async with asyncio.timeout(30):
        await told.wait()
    task.cancel()


@pytest.fixture
def metrics(tmp_path):
    metrics = Metrics(tmp_path)
    yield metrics
    metrics.close()


async def test_all_is_well(metrics, tmp_path):
    await alive(metrics, WORKS)
    assert health(tmp_path, time.time()) == {
        "workers": True, "inspection": True, "state": True, "audit": True,
    }  # fmt: skip


def test_nothing_is_well_before_it_was_tried(metrics, tmp_path):
    assert not any(health(tmp_path, time.time()).values())


@pytest.mark.parametrize("broken", list(WORKS))
async def test_what_is_broken_is_named(metrics, tmp_path, broken):
    await alive(metrics, {**WORKS, broken: lambda: "the disk is full"})
    failing = [
        name for name, works in health(tmp_path, time.time()).items() if not works
    ]
    assert failing == [broken]


async def test_a_stuck_worker_is_noticed(metrics, tmp_path):
    await alive(metrics, WORKS)
    assert not health(tmp_path, time.time() + STALE_S + 1)["workers"]


async def test_a_missing_worker_is_noticed(metrics, tmp_path):
    await alive(metrics, WORKS)
    assert not health(tmp_path, time.time(), workers=2)["workers"]


async def test_one_broken_worker_of_two_is_noticed(metrics, tmp_path):
    other = Metrics(tmp_path)
    await alive(metrics, WORKS)
    await alive(other, {**WORKS, "audit": lambda: "no"})
    assert not health(tmp_path, time.time(), workers=2)["audit"]
    other.close()


async def test_a_check_that_raises_ends_the_sign_of_life(metrics):
    def explode():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await keep_alive(metrics, {**WORKS, "inspection": explode})


async def test_it_is_told_when_every_part_was_tried_and_not_before(metrics, tmp_path):
    told, go = asyncio.Event(), threading.Event()
    begun = threading.Event()

    def slow():
        begun.set()
        go.wait(30)
        return ""

    task = asyncio.create_task(keep_alive(metrics, {**WORKS, "audit": slow}, told))
    assert await asyncio.to_thread(begun.wait, 30)
    assert not told.is_set()
    go.set()
    async with asyncio.timeout(30):
        await told.wait()
    assert all(health(tmp_path, time.time()).values())
    task.cancel()
