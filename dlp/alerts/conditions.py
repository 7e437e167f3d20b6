"""
What does not work -> alerts, when it begins and when it is over.

Why not in `events`: the audit log cannot tell that it cannot be written. Strategy: the
workers' gauges say what fails now; what has failed for `HOLD_S` is told, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from dlp.alerts.events import SEVERITIES
from dlp.alerts.nouns import Alert
from dlp.metrics import cells
from dlp.metrics.exposition import gauge
from dlp.metrics.health import STALE_S
from dlp.metrics.table import BY_NAME, COMPONENTS
from dlp.model import noun

HOLD_S = 10.0
"""How long something fails before it is told: a start or a reload takes a moment."""
EXPIRY_S = 14 * 86400.0

Failing = Mapping[str, "Failure"]


@noun
class Failure:
    """Something fails."""

    since: float
    told: bool = False


@noun
class Readings:
    """What the gauges say at one moment."""

    failing: frozenset[str]
    """Kinds of what does not work."""
    starts: float
    """Worker processes started until now."""


def read(folder: Path, now: float, workers: int) -> Readings:
    """The gauges in a metrics folder; `workers` is how many there ought to be."""
    snapshots = cells.read(folder)

    def value(name: str, *labels: str) -> float:
        return gauge(snapshots, BY_NAME[name], (name, labels))

    found: set[str] = set()
    beat = value("dlp_worker_heartbeat_timestamp_seconds")
    if sum(snapshot.alive for snapshot in snapshots) < workers:
        found.add("worker")
    elif beat > 0:  # else one of them is only starting, and has checked nothing yet
        found |= {part for part in COMPONENTS if value("dlp_component_up", part) == 0.0}
        if now - beat > STALE_S:
            found.add("worker")
    if value("dlp_reload_success") == 0.0:
        found.add("reload")
    if 0 < value("dlp_ca_expiry_timestamp_seconds") < now + EXPIRY_S:
        found.add("certificate")
    counted = [s.values.get(("dlp_worker_starts_total", ())) for s in snapshots]
    return Readings(frozenset(found), sum(one[0] for one in counted if one))


def changes(
    before: Failing, now_failing: frozenset[str], now: float
) -> tuple[Failing, list[Alert]]:
    """What to remember, and what began or ended long enough ago."""
    return (
        {kind: _after(before.get(kind), now) for kind in sorted(now_failing)},
        [*_begun(before, now_failing, now), *_over(before, now_failing, now)],
    )


def _after(before: Failure | None, now: float) -> Failure:
    if before is None:
        return Failure(now)
    return Failure(before.since, before.told or _ripe(before, now))


def _ripe(failure: Failure, now: float) -> bool:
    return not 0 <= now - failure.since < HOLD_S


def _begun(before: Failing, now_failing: frozenset[str], now: float) -> Iterator[Alert]:
    for kind in sorted(now_failing & before.keys()):
        if not before[kind].told and _ripe(before[kind], now):
            yield Alert(before[kind].since, kind, SEVERITIES[kind])


def _over(before: Failing, now_failing: frozenset[str], now: float) -> Iterator[Alert]:
    for kind in sorted(before.keys() - now_failing):
        if before[kind].told:
            yield Alert(now, kind, SEVERITIES[kind], resolved=True)
