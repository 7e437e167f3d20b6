"""
Back-off after failed credentials, per agent and address. Pure: `now` is an argument.

Why not in `agents`: it knows nothing of tokens or files, and is tested by its clock.

A locked pair is not looked at, right or wrong, so that guesses cannot be tried at
speed. The pair, not the address, is locked: a client that fails as one agent does not
keep another agent on the same machine out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 5
FIRST_WAIT_S = 1
LONGEST_WAIT_S = 300
FORGET_S = 900
PAIRS = 4096
"""Pairs remembered; beyond it the one that failed longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    at: float
    until: float


class Lockout:
    """Failures by (agent, address)."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait(self, who: tuple[str, str], now: float) -> int:
        """Whole seconds until `who` is looked at again; 0 for at once."""
        failures = self._failures.get(who)
        return _seconds(failures.until - now) if failures else 0

    def fail(self, who: tuple[str, str], now: float) -> int:
        """Count a failure; how long `who` has to wait for it."""
        past = self._failures.pop(who, None)
        count = 1 + (past.count if past and now - past.at < FORGET_S else 0)
        over = count - FREE_TRIES
        wait = min(FIRST_WAIT_S << min(over, 16), LONGEST_WAIT_S) if over >= 0 else 0
        self._failures[who] = _Failures(count, now, now + wait)
        if len(self._failures) > PAIRS:
            self._failures.popitem(last=False)
        return wait

    def forgive(self, who: tuple[str, str]) -> None:
        """Forget the failures of a pair that has proved itself."""
        self._failures.pop(who, None)

    def locked(self, now: float) -> int:
        """How many pairs wait."""
        return sum(failures.until > now for failures in self._failures.values())


def _seconds(span: float) -> int:
    return max(0, -int(-span // 1))
