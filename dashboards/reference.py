"""Writes METRICS.md from the declared table."""

from __future__ import annotations

from dlp.metrics import TABLE, Metric

HEAD = """\
# Metrics

Told at the metrics address (`--metrics`, default 127.0.0.1:9464) under `/metrics`, as
Prometheus text or OpenMetrics. Made from `dlp/metrics/table.py` by
`dashboards/generate.py`; a test compares the two. A label value beyond its cap, or not
in its vocabulary, counts as `other`. Gauges of several workers are merged as stated;
counters add up and survive a killed worker.

| metric | kind | labels | meaning |
|---|---|---|---|
"""


def page() -> str:
    """The reference page."""
    return HEAD + "".join(map(_row, TABLE))


def _row(metric: Metric) -> str:
    labels = "<br>".join(
        f"`{label.name}`: {_values(label.known, label.cap)}" for label in metric.labels
    )
    kind = f"gauge ({metric.merge})" if metric.kind == "gauge" else metric.kind
    return f"| `{metric.name}` | {kind} | {labels} | {metric.help} |\n"


def _values(known: tuple[str, ...], cap: int) -> str:
    rest = f"up to {cap} {'more ' if known else ''}values" if cap else ""
    return ", ".join([*known, *([rest] if rest else [])])
