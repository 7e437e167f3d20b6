from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from dlp.alerts.quiet import Quiet

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = frozenset(range(7))


def at(text: str, zone=BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def quiet(start: str, until: str, days=WEEK) -> Quiet:
    return Quiet(
        time.fromisoformat(start), time.fromisoformat(until), BERLIN, frozenset(days),
        frozenset(),
    )  # fmt: skip


CASES = {
    # name: (from, until, days, {moment: quiet?})
    "within one day": ("12:00", "13:00", WEEK, {
        "2026-11-21T11:59:59": False, "2026-11-21T12:00": True,
        "2026-11-21T12:59:59": True, "2026-11-21T13:00": False,
    }),
    "over midnight": ("22:00", "07:00", WEEK, {
        "2026-11-21T21:59": False, "2026-11-21T22:00": True,
        "2026-11-22T00:00": True, "2026-11-22T06:59": True, "2026-11-22T07:00": False,
    }),
    "equal times are a whole day": ("08:00", "08:00", {5}, {
        "2026-11-21T07:59": False, "2026-11-21T08:00": True,
        "2026-11-22T07:59": True, "2026-11-22T08:00": False,
    }),
    "the day is that on which it begins": ("22:00", "07:00", {5}, {
        "2026-11-20T23:00": False, "2026-11-21T06:00": False,
        "2026-11-21T23:00": True, "2026-11-22T06:00": True, "2026-11-22T23:00": False,
    }),
    "summer time begins": ("01:00", "04:00", WEEK, {
        "2026-03-29T00:59": False, "2026-03-29T01:00": True,
        "2026-03-29T03:59": True, "2026-03-29T04:00": False,
    }),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_quiet(case):
    start, until, days, moments = CASES[case]
    hours = quiet(start, until, days)
    assert {moment: hours.covers(at(moment)) for moment in moments} == moments


def test_the_hour_that_comes_twice_is_quiet_twice():
    hours = quiet("02:00", "03:00")
    first = at("2026-10-25T02:30")
    assert hours.covers(first)
    assert hours.covers(first + 3600)
    assert not hours.covers(first + 5400)
