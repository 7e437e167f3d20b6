"""
Health: what works, as the workers found out themselves a moment ago.

A worker tries its parts every `PERIOD_S` from its own event loop, so a loop that is
stuck shows too: its sign of life grows old.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dlp.metrics import cells
from dlp.metrics.counting import Metrics
from dlp.metrics.exposition import gauge
from dlp.metrics.table import BY_NAME, COMPONENTS

PERIOD_S = 1.0
STALE_S = 10.0
"""Age of a sign of life at which a worker counts as stuck."""


Checks = Mapping[str, Callable[[], str]]


async def keep_alive(
    metrics: Metrics,
    checks: Checks,
    told: asyncio.Event | None = None,
    period_s: float = PERIOD_S,
) -> None:
    """
    Try each part again and again until cancelled; run this as a task.

    `told` is set once every part was tried and `health` knows how that went.

    A check is called in a thread and returns why its part does not work, or "". One
    that raises ends this task, and with it the sign of life.
    """
    while True:
        for component, check in checks.items():
            fault = await asyncio.to_thread(check)
            metrics.set("dlp_component_up", float(not fault), component)
        metrics.beat(time.time())
        if told is not None:
            told.set()
        await asyncio.sleep(period_s)


def health(folder: Path, now: float, workers: int = 1) -> dict[str, bool]:
    """
    Whether each part works in every running worker, and whether they all live.

    `workers` is how many there ought to be.
    """
    snapshots = cells.read(folder)
    beat = ("dlp_worker_heartbeat_timestamp_seconds", ())
    oldest = gauge(snapshots, BY_NAME[beat[0]], beat)
    up = BY_NAME["dlp_component_up"]
    alive = sum(snapshot.alive for snapshot in snapshots)
    return {
        "workers": alive >= workers and now - oldest < STALE_S,
        **{
            component: gauge(snapshots, up, (up.name, (component,))) == 1.0
            for component in COMPONENTS
        },
    }
