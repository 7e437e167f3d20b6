"""
Quiet hours: whether a moment lies in them, by the clock on the wall.

Why not in `routing`: days, zones and their summer time are a subject of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

from dlp.alerts.nouns import Severity
from dlp.model import noun


@noun
class Quiet:
    """When nobody is disturbed."""

    start: time
    until: time
    """Earlier than `start`, or equal: of the next day."""
    zone: tzinfo
    days: frozenset[int]
    """Weekdays (Monday is 0) on which it begins."""
    exempt: frozenset[Severity]

    def covers(self, now: float) -> bool:
        """Whether `now`, in epoch seconds, is quiet."""
        here = datetime.fromtimestamp(now, self.zone).date()
        for day in (here - timedelta(days=1), here):
            if day.weekday() not in self.days:
                continue
            last = day + timedelta(days=self.until <= self.start)
            begins = datetime.combine(day, self.start, self.zone)
            ends = datetime.combine(last, self.until, self.zone)
            moment = datetime.fromtimestamp(now, UTC)
            if begins.astimezone(UTC) <= moment < ends.astimezone(UTC):
                return True
        return False
