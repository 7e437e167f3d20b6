import asyncio
import time

import pytest

from dlp.metrics import Metrics, keep_alive
from dlp.metrics.health import STALE_S, health

WORKS = {name: (lambda: "") for name in ("inspection", "state", "audit")}


async def alive(metrics, checks, times=1):
    task = asyncio.create_task(keep_alive(metrics, checks, 0.01))
    await asyncio.sleep(0.05 * times)
    task.cancel()
    return task


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

    task = await alive(metrics, {**WORKS, "inspection": explode})
    with pytest.raises(ZeroDivisionError):
        task.result()
