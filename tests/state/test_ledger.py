import asyncio

import pytest

from dlp.errors import StateError
from dlp.state.ledger import HOUR_S, Charge, Ledger
from dlp.state.sqlite import Store


@pytest.fixture
def store(tmp_path):
    opened = Store.open(tmp_path)
    yield opened
    opened.close()


async def test_bytes_add_up_to_the_bound(store):
    ledger = Ledger(store)
    assert await ledger.charge("a", "x.example", 60, 100) == Charge(60, accepted=True)
    assert await ledger.charge("a", "x.example", 50, 100) == Charge(60, accepted=False)
    assert await ledger.charge("a", "x.example", 40, 100) == Charge(100, accepted=True)


async def test_agents_and_destinations_are_counted_apart(store):
    ledger = Ledger(store)
    await ledger.charge("a", "x.example", 60, 100)
    assert (await ledger.charge("b", "x.example", 60, 100)).accepted
    assert (await ledger.charge("a", "y.example", 70, 100)).accepted


async def test_a_day_later_the_bytes_are_forgotten(store):
    now = 1000 * HOUR_S
    ledger = Ledger(store, now=lambda: now)
    await ledger.charge("a", "x.example", 60, 100)
    now += 12 * HOUR_S
    await ledger.charge("a", "x.example", 30, 100)
    now += 11 * HOUR_S
    assert not (await ledger.charge("a", "x.example", 20, 100)).accepted
    now += 1 * HOUR_S
    assert await ledger.charge("a", "x.example", 20, 100) == Charge(50, accepted=True)


async def test_what_did_not_leave_is_given_back(store):
    now = 1000.0 * HOUR_S
    ledger = Ledger(store, now=lambda: now)
    await ledger.charge("a", "x.example", 60, 100)
    now += HOUR_S
    await ledger.charge("a", "x.example", 30, 100)
    await ledger.refund("a", "x.example", 40)
    assert await ledger.charge("a", "x.example", 0, 100) == Charge(50, accepted=True)


async def test_charges_at_once_do_not_pass_the_bound(store):
    ledger = Ledger(store)
    charges = [ledger.charge("a", "x.example", 30, 100) for _ in range(10)]
    assert sum(charge.accepted for charge in await asyncio.gather(*charges)) == 3


async def test_a_store_that_fails_is_an_error(store):
    await store.run(lambda c: c.execute("DROP TABLE opaque"))
    with pytest.raises(StateError):
        await Ledger(store).charge("a", "x.example", 1, 100)
