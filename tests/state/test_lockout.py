from dlp.state import lockout
from dlp.state.lockout import Lockout

WHO = ("builder", "10.0.0.1")


def fail(times, lock=None, at=0.0):
    lock = lock or Lockout()
    return lock, [lock.fail(WHO, at) for _ in range(times)]


def test_waits_double_after_the_free_tries():
    assert fail(9)[1] == [0, 0, 0, 0, 1, 2, 4, 8, 16]


def test_a_wait_has_an_upper_bound():
    assert fail(60)[1][-1] == lockout.LONGEST_WAIT_S


def test_a_wait_ends():
    lock, _ = fail(6)
    assert (lock.wait(WHO, 0.0), lock.wait(WHO, 1.5), lock.wait(WHO, 2.0)) == (2, 1, 0)
    assert (lock.locked(0.0), lock.locked(2.0)) == (1, 0)


def test_another_pair_is_not_concerned():
    lock, _ = fail(9)
    assert lock.wait(("builder", "10.0.0.2"), 0.0) == 0
    assert lock.wait(("other", "10.0.0.1"), 0.0) == 0


def test_success_and_time_forgive():
    lock, _ = fail(5)
    lock.forgive(WHO)
    assert fail(1, lock)[1] == [0]
    lock, _ = fail(5)
    assert fail(1, lock, at=lockout.FORGET_S)[1] == [0]


def test_memory_is_bounded():
    lock = Lockout()
    for number in range(lockout.PAIRS + 10):
        lock.fail(("", str(number)), 0.0)
    assert len(lock._failures) == lockout.PAIRS
