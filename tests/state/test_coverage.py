import asyncio
import subprocess
import sys

import pytest

from dlp.errors import StateError
from dlp.state.coverage import ABANDONED_S, Coverage, Fragment
from dlp.state.sqlite import Store

LOW, HIGH = Fragment(0x00FF, 16), Fragment(0xFF00, 16)


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


async def sent(
    coverage: Coverage, agent: str, **fragments: Fragment
) -> tuple[str, ...]:
    reservation = await coverage.reserve(agent, fragments)
    await coverage.commit(reservation)
    return reservation.completed


async def test_the_request_that_would_complete_a_secret_is_told(store):
    coverage = Coverage(store)
    assert await sent(coverage, "a", key=LOW) == ()
    assert await sent(coverage, "a", key=LOW) == ()
    assert await sent(coverage, "a", key=HIGH) == ("key",)


async def test_the_request_that_is_stopped_adds_nothing(store):
    coverage = Coverage(store)
    await sent(coverage, "a", key=LOW)
    assert await sent(coverage, "a", key=HIGH) == ("key",)
    assert await sent(coverage, "a", key=Fragment(0x0100, 10)) == ()


async def test_two_agents_together_complete_a_secret(store):
    coverage = Coverage(store)
    await sent(coverage, "a", key=LOW)
    assert await sent(coverage, "b", key=HIGH) == ("key",)


async def test_secrets_do_not_add_up_with_each_other(store):
    coverage = Coverage(store)
    await sent(coverage, "a", key=LOW)
    assert await sent(coverage, "a", other=HIGH) == ()


async def test_a_restart_forgets_nothing(tmp_path):
    store = Store.open(tmp_path)
    await sent(Coverage(store), "a", key=LOW)
    store.close()
    store = Store.open(tmp_path)
    assert await sent(Coverage(store), "a", key=HIGH) == ("key",)
    store.close()


async def test_of_two_messages_at_once_one_is_stopped(store):
    coverage = Coverage(store)
    both = await asyncio.gather(
        coverage.reserve("a", {"key": LOW}), coverage.reserve("b", {"key": HIGH})
    )
    assert sorted(r.completed for r in both) == [(), ("key",)]


async def test_a_message_that_completes_one_secret_reserves_nothing_of_another(store):
    coverage = Coverage(store)
    await sent(coverage, "a", key=LOW)
    assert await sent(coverage, "a", key=HIGH, other=LOW) == ("key",)
    assert await sent(coverage, "a", other=HIGH) == ()


async def test_what_a_dead_process_reserved_counts_as_gone(store):
    now = 1000.0
    coverage = Coverage(store, now=lambda: now)
    await coverage.reserve("a", {"key": LOW})
    now += ABANDONED_S + 1
    await sent(coverage, "b", other=LOW)
    assert await sent(coverage, "a", key=HIGH) == ("key",)


async def test_no_fragments_cost_no_query(tmp_path):
    store = Store.open(tmp_path)
    store.close()
    coverage = Coverage(store)
    reservation = await coverage.reserve("a", {})
    await coverage.commit(reservation)


async def test_a_store_that_fails_is_an_error(store):
    await store.run(lambda c: c.execute("DROP TABLE reserved"))
    with pytest.raises(StateError):
        await Coverage(store).reserve("a", {"key": LOW})


async def test_a_closed_store_is_an_error(tmp_path):
    store = Store.open(tmp_path)
    store.close()
    with pytest.raises(StateError, match="closed"):
        await Coverage(store).reserve("a", {"key": LOW})


async def test_a_cancelled_caller_leaves_the_store_usable(store):
    coverage = Coverage(store)
    task = asyncio.create_task(coverage.reserve("a", {"key": LOW}))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await sent(coverage, "a", key=HIGH) == ("key",)


def test_processes_share_one_file(tmp_path):
    """Eight processes each send one of eight fragments; the last may not."""
    script = """
import asyncio, sys
from pathlib import Path
from dlp.state.coverage import Coverage, Fragment
from dlp.state.sqlite import Store

async def main():
    store = Store.open(Path(sys.argv[1]))
    coverage = Coverage(store)
    fragment = Fragment(0xFF << (8 * int(sys.argv[2])), 64)
    reservation = await coverage.reserve(sys.argv[2], {"key": fragment})
    await coverage.commit(reservation)
    store.close()
    return len(reservation.completed)

sys.exit(asyncio.run(main()))
"""
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(number)])
        for number in range(8)
    ]
    assert sorted(process.wait() for process in running) == [0] * 7 + [1]
