"""The budget: what is held is given back once, whoever lets go."""

import gc

from addons.budget import Budget, Hold


def test_streams_share_the_bytes():
    budget = Budget(10)
    one, two = Hold(budget), Hold(budget)
    assert one.take(6)
    assert not two.take(5)
    assert two.take(4)
    one.give_back()
    assert two.take(6)
    assert budget.held == 10


def test_a_stream_that_closes_twice_gives_back_once():
    budget = Budget(10)
    one, two = Hold(budget), Hold(budget)
    one.take(3)
    two.take(3)
    one.close()
    one.close()
    assert (budget.held, budget.streams) == (3, 1)
    assert not budget.idle.is_set()
    two.close()
    assert (budget.held, budget.streams) == (0, 0)
    assert budget.idle.is_set()


def test_a_stream_that_is_forgotten_gives_back():
    budget = Budget(10)
    hold = Hold(budget)
    hold.take(9)
    del hold
    gc.collect()
    assert (budget.held, budget.streams) == (0, 0)
