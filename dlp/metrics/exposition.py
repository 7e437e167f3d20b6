"""The numbers of all workers as one page: Prometheus text or OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.core import Exemplar, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from dlp.metrics import cells
from dlp.metrics.cells import Child, Snapshot
from dlp.metrics.counting import exemplar_key
from dlp.metrics.table import COUNTER, GAUGE, HISTOGRAM, MAX, MIN, SUPERVISOR, TABLE
from dlp.metrics.table import Metric as Declared

WORKERS: Child = ("dlp_workers", ())
Exemplars = dict[str, tuple[str, float, float]]


def page(folder: Path, accept: str) -> tuple[bytes, str]:
    """The page and its Content-Type, in the form the Accept header prefers."""
    encoder, media_type = choose_encoder(accept)
    registry = CollectorRegistry()
    registry.register(_Folder(folder))
    return encoder(registry), media_type


def gauge(snapshots: Iterable[Snapshot], declared: Declared, child: Child) -> float:
    """A gauge over all running workers; NaN when none says it, 0 when none is."""
    values = [
        snapshot.values[child][0]
        for snapshot in snapshots
        if snapshot.alive and child in snapshot.values
    ]
    if not values:
        return 0.0 if child == WORKERS else float("nan")
    if declared.merge == MAX:
        return max(values)
    return min(values) if declared.merge == MIN else sum(values)


class _Folder(Collector):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        snapshots = [
            *cells.read(self._folder),
            *cells.read(self._folder / SUPERVISOR),
        ]
        exemplars = _exemplars(self._folder)
        children: dict[str, dict[Child, None]] = {
            WORKERS[0]: {WORKERS: None}  # also while none runs
        }
        for snapshot in snapshots:
            for child in snapshot.values:
                children.setdefault(child[0], {})[child] = None
        for declared in TABLE:
            family = Metric(
                declared.name.removesuffix("_total")
                if declared.kind == COUNTER
                else declared.name,
                declared.help,
                declared.kind,
            )
            for child in children.get(declared.name, {}):
                _ADD[declared.kind](family, declared, child, snapshots, exemplars)
            yield family

    def describe(self) -> list[Metric]:
        """Nothing: a registry asks this so that it need not collect twice."""
        return []


def _labels(declared: Declared, child: Child) -> dict[str, str]:
    return {
        label.name: value
        for label, value in zip(declared.labels, child[1], strict=True)
    }


def _total(snapshots: list[Snapshot], child: Child, cell: int) -> float:
    return sum(s.values[child][cell] for s in snapshots if child in s.values)


def _add_counter(
    family: Metric,
    declared: Declared,
    child: Child,
    snapshots: list[Snapshot],
    exemplars: Exemplars,
) -> None:
    family.add_sample(
        declared.name,
        _labels(declared, child),
        _total(snapshots, child, 0),
        exemplar=_exemplar(exemplars, child, 0),
    )


def _add_gauge(
    family: Metric,
    declared: Declared,
    child: Child,
    snapshots: list[Snapshot],
    exemplars: Exemplars,  # noqa: ARG001  # one signature for all kinds
) -> None:
    value = gauge(snapshots, declared, child)
    if value == value:  # noqa: PLR0124  # NaN: no running worker has it
        family.add_sample(declared.name, _labels(declared, child), value)


def _add_histogram(
    family: Metric,
    declared: Declared,
    child: Child,
    snapshots: list[Snapshot],
    exemplars: Exemplars,
) -> None:
    labels = _labels(declared, child)
    bounds = [*(repr(bound) for bound in declared.buckets), "+Inf"]
    counts = accumulate(_total(snapshots, child, at) for at in range(len(bounds)))
    count = 0.0
    for at, (bound, count) in enumerate(zip(bounds, counts, strict=True)):
        family.add_sample(
            f"{declared.name}_bucket",
            {**labels, "le": bound},
            count,
            exemplar=_exemplar(exemplars, child, at),
        )
    family.add_sample(f"{declared.name}_count", labels, count)
    total = _total(snapshots, child, len(bounds))
    family.add_sample(f"{declared.name}_sum", labels, total)


_ADD = {COUNTER: _add_counter, GAUGE: _add_gauge, HISTOGRAM: _add_histogram}


def _exemplars(folder: Path) -> Exemplars:
    found: Exemplars = {}
    for path in folder.glob("*.exemplars"):
        for key, exemplar in orjson.loads(path.read_bytes()).items():
            if key not in found or exemplar[2] > found[key][2]:
                found[key] = exemplar
    return found


def _exemplar(exemplars: Exemplars, child: Child, bucket: int) -> Exemplar | None:
    found = exemplars.get(exemplar_key(child, bucket))
    if found is None:
        return None
    reference, value, at = found
    return Exemplar({"reference": reference}, value, at)
