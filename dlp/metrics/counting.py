"""Counting: what a worker calls for every decision and every event."""

from __future__ import annotations

import platform
import resource
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import product
from pathlib import Path

import orjson

from dlp import __version__
from dlp.metrics.cells import Cell, Cells, Child
from dlp.metrics.table import BYTES, SECONDS, SUPERVISOR, TABLE, Label
from dlp.model import Action, Channel, Kind, Place, Reason, Tier
from dlp.record import Record, Trace, Volume
from dlp.state.folder import write_private

_PASSING = frozenset({Place.BOUND, Place.VENDOR_SLOT})
_CLOSED = {Reason.UNAVAILABLE: "unavailable", Reason.UNREADABLE: "unreadable"}
_INTERNAL = 500
"""The status of a refusal because of an exception of our own."""

_BOUND = 4096

Step = tuple[int, float]
_Key = tuple[Action, Reason, str, str, Channel]


class Metrics:
    """Everything this process counts."""

    def __init__(self, folder: Path) -> None:
        """
        Begin to count in `folder`, where a predecessor left off.

        Raises:
            StateError: the folder cannot be used.
        """
        self._folder = folder
        self._cells = Cells(folder)
        self._exemplars: dict[str, tuple[str, float, float]] = {}
        self._told: dict[str, tuple[str, float, float]] = {}
        self._cpu = 0.0
        self._met: set[tuple[Label, str]] = set()
        self._always: dict[_Key, tuple[int, ...]] = {}
        self.count("dlp_worker_starts_total")
        self.set("dlp_build_info", 1.0, __version__, platform.python_version())

    @classmethod
    def open(cls, state: Path, endpoint: tuple[str, int]) -> Metrics:
        """
        Begin to count for the proxy that tells its metrics at `endpoint`.

        Raises:
            StateError: the state folder cannot be used.
        """
        return cls(folder_of(state, endpoint))

    def observe(self, record: Record) -> None:
        """Count a decision."""
        steps = [
            *self._outcome(record),
            *self._volume(record, record.volume),
            *self._timings(record),
        ]
        for trace in record.findings:
            steps += self._finding(trace)
        if any(_is_attempt(trace) for trace in record.findings):
            steps.append(self._shown("dlp_secret_attempts_total", record))
        if any(trace.family == "canary" for trace in record.findings):
            steps.append(self._shown("dlp_canary_touches_total", record))
        self._add(steps)

    def meet(self, label: Label, values: Iterable[str]) -> None:
        """Begin to count these at 0, so that their first event is a rise."""
        for value in values:
            if (label, value) in self._met:
                continue
            self._met.add((label, value))
            for metric in TABLE:
                if metric.labels[:1] == (label,):
                    rest = (other.known for other in metric.labels[1:])
                    for labels in product((value,), *rest):
                        self._cells.index(metric.name, labels)

    def meet_rules(self, rules: Iterable[tuple[str, Tier]]) -> None:
        """The same for rules of these families and tiers, and for known secrets."""
        found = {(name or Kind.PATTERN, Kind.PATTERN, tier) for name, tier in rules}
        known = {
            (name, Kind.FINGERPRINT, Tier.CERTAIN) for name in ("secret", "canary")
        }
        for labels in sorted(found | known):
            self._cells.index("dlp_findings_total", labels)

    def took(self, stage: str, seconds: float) -> None:
        """Count the time of a stage that a record cannot hold: its own writing."""
        self._add(self._stage(stage, seconds))

    def count(self, name: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter or gauge."""
        self._cells.cell(name, *labels).inc(by)

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._cells.cell(name, *labels).set(value)

    def cell(self, name: str, *labels: str) -> Cell:
        """A child's number, for who counts often."""
        return self._cells.cell(name, *labels)

    def reloaded(self, generation: str, at: float, counts: Mapping[str, int]) -> None:
        """Rules came into force; `counts`: rules, statements, secrets, agents."""
        self.count("dlp_reloads_total", "success")
        self.set("dlp_reload_success", 1.0)
        self.set("dlp_reload_timestamp_seconds", at)
        self.set("dlp_ruleset_generation", float(int(generation[:12] or "0", 16)))
        for noun, number in counts.items():
            self.set(f"dlp_{noun}_loaded", number)

    def reload_failed(self) -> None:
        """The rules folder is broken; the last good set stays in force."""
        self.count("dlp_reloads_total", "failure")
        self.set("dlp_reload_success", 0.0)

    def beat(self, now: float) -> None:
        """A sign of life, and what is not worth telling more often than that."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu = used.ru_utime + used.ru_stime
        self.count("dlp_cpu_seconds_total", by=cpu - self._cpu)
        self._cpu = cpu
        self.set("dlp_resident_memory_bytes", _resident())
        self.set("dlp_worker_heartbeat_timestamp_seconds", now)
        if self._exemplars != self._told:
            told = dict(self._exemplars)
            path = self._folder / f"{self._cells.slot}.exemplars"
            with suppress(OSError):  # a full disk: the next beat tries again
                write_private(path, orjson.dumps(told))
                self._told = told

    def close(self) -> None:
        """Stop counting."""
        self._cells.close()

    def _add(self, steps: Iterable[Step]) -> None:
        values = self._cells.values
        with self._cells.lock:
            for index, by in steps:
                values[index] += by

    def _one(self, name: str, *labels: str) -> Step:
        return self._cells.index(name, labels), 1.0

    def _shown(self, name: str, record: Record) -> Step:
        """One more by an agent, with the decision as its exemplar."""
        key = exemplar_key((name, (record.agent,)), 0)
        self._exemplars[key] = (record.reference, 1.0, record.at)
        return self._one(name, record.agent)

    def _outcome(self, record: Record) -> list[Step]:
        action, reason = record.action, record.reason
        key = (action, reason, record.agent, record.group, record.channel)
        always = self._always.get(key) or self._bind(key)
        steps = [(index, 1.0) for index in always]
        if record.would:
            steps.append(self._one("dlp_observed_total", record.would))
        if record.truncated or record.undecodable:
            why = record.truncated or "undecodable"
            steps.append(self._one("dlp_unreadable_total", why))
        closed = "internal" if record.status == _INTERNAL else _CLOSED.get(reason)
        if closed:
            steps.append(self._one("dlp_fail_closed_total", closed))
        if reason is not Reason.OK:
            place = exemplar_key(("dlp_decisions_total", (action, reason)), 0)
            self._exemplars[place] = (record.reference, 1.0, record.at)
        return steps

    def _bind(self, key: _Key) -> tuple[int, ...]:
        """The children that every decision of a kind counts in, looked up once."""
        action, reason, agent, group, channel = key
        index = self._cells.index
        bound = (
            index("dlp_decisions_total", (action, reason)),
            index("dlp_agent_decisions_total", (agent, action)),
            index("dlp_destination_decisions_total", (group or "none", action)),
            index("dlp_messages_total", (channel,)),
        )
        if len(self._always) < _BOUND:
            self._always[key] = bound
        return bound

    def _volume(self, record: Record, volume: Volume) -> list[Step]:
        index = self._cells.index
        size = index("dlp_message_bytes")
        steps = [
            (index("dlp_inspected_bytes_total"), float(volume.inspected)),
            (size + bisect_left(BYTES, volume.out), 1.0),
            (size + len(BYTES) + 1, float(volume.out)),
        ]
        if volume.opaque:
            opaque = index("dlp_opaque_bytes_total", (record.agent,))
            steps.append((opaque, float(volume.opaque)))
        if volume.skipped:
            why = (volume.why_skipped or "refused",)
            steps.append((index("dlp_skipped_bytes_total", why), float(volume.skipped)))
        left = volume.out if record.forwarded else volume.streamed
        if left:
            steps.append((index("dlp_out_bytes_total"), float(left)))
        if volume.flow is not None:
            steps.append(self._one("dlp_streamed_total", volume.flow))
            streamed = float(volume.streamed)
            steps.append((index("dlp_streamed_bytes_total"), streamed))
        if record.forwarded:
            steps.append(self._one("dlp_coverage_messages_total", _coverage(volume)))
        return steps

    def _timings(self, record: Record) -> list[Step]:
        steps: list[Step] = []
        for stage, took in record.timings:
            steps += self._stage(stage, took)
            if stage == "total":
                child = ("dlp_stage_seconds", (stage,))
                key = exemplar_key(child, bisect_left(SECONDS, took))
                self._exemplars[key] = (record.reference, took, record.at)
        return steps

    def _stage(self, stage: str, took: float) -> tuple[Step, Step]:
        first = self._cells.index("dlp_stage_seconds", (stage,))
        at = first + bisect_left(SECONDS, took)
        return (at, 1.0), (first + len(SECONDS) + 1, took)

    def _finding(self, trace: Trace) -> list[Step]:
        steps = []
        if trace.place is not Place.ELSEWHERE:
            steps.append(self._one("dlp_credentials_total", trace.place))
        if trace.place not in _PASSING:
            family = trace.family or trace.kind
            steps.append(
                self._one("dlp_findings_total", family, trace.kind, trace.tier)
            )
        return steps


def supervisor(state: Path, endpoint: tuple[str, int]) -> Cells:
    """
    What the supervising process counts by itself, for the same page.

    Raises:
        StateError: the state folder cannot be used.
    """
    return Cells(folder_of(state, endpoint) / SUPERVISOR, SUPERVISOR)


def folder_of(state: Path, endpoint: tuple[str, int]) -> Path:
    """Where the workers of the proxy that has its metrics at `endpoint` count."""
    host, port = endpoint
    return state / "run" / f"metrics-{host.replace(':', '_')}-{port}"


def exemplar_key(child: Child, bucket: int) -> str:
    """How a child's bucket is named in the exemplars file."""
    return "|".join((child[0], *child[1], str(bucket)))


def _is_attempt(trace: Trace) -> bool:
    return trace.kind is Kind.FINGERPRINT and trace.place not in _PASSING


def _coverage(volume: Volume) -> str:
    if not volume.why_skipped:
        return "full"
    return "part" if volume.inspected else "none"


def _resident() -> float:
    """Bytes of memory in use; the peak where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0
    return float(pages * resource.getpagesize())
