"""
Metrics and health: counted in every worker, told by one endpoint.

Strategy: a worker counts into a file of its own that is mapped into memory (`cells`),
so that counting costs a fraction of a microsecond, never fails, and survives a killed
worker: its successor counts on. The endpoint, in the supervising process, adds the
files up when it is asked.

Rule 1: every metric stands in `table`, nowhere else.
Rule 2: labels are closed vocabularies, or ids that the operator chose and that are
capped; what is beyond the cap counts as `other`. No host, URL or payload is a label.
"""

from __future__ import annotations

from dlp.metrics.counting import Metrics, supervisor
from dlp.metrics.health import keep_alive
from dlp.metrics.server import Endpoint, forget, serve
from dlp.metrics.table import TABLE, Metric

__all__ = [
    "TABLE",
    "Endpoint",
    "Metric",
    "Metrics",
    "forget",
    "keep_alive",
    "serve",
    "supervisor",
]
