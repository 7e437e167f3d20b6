"""
What must hold after the hour. Each check gives a sentence of what it saw; the first
that fails ends the run.
"""

import json
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from dlp.audit import lines
from dlp.metrics.counting import folder_of
from dlp.metrics.exposition import page
from tests.harness.leaks import leaks
from tests.harness.proxy import DLP
from tests.ops.company import Company
from tests.ops.story import OF_THE_MACHINE, SILENCE, Act, Alert
from tests.ops.watch import DASHBOARDS, Watch

LATE_MIN = 4.0
"""Simulated minutes after an act in which its alert may still begin."""
FORWARDED = {"allow", "redact"}
QUIET_PANELS = {
    "Observe mode would stop", "In flight", "Buffered", "agent-dlp-internals/Reload",
}  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """What is left of the hour when the proxy has ended."""

    folder: Path
    """A copy of the state folder."""
    metrics: dict[tuple[str, ...], float]
    """Sample name and label values, sorted by label, to its last number."""
    pages: tuple[str, ...]
    """The metrics as text and as OpenMetrics, and the health."""

    @classmethod
    def of(cls, company: Company, folder: Path) -> "Kept":
        """Take it from the running proxy."""
        text = company.proxy.scrape()[1]
        numbers = {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): (
                sample.value
            )
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        where = folder_of(company.state, company.proxy.metrics)
        rich = page(where, "application/openmetrics-text; version=1.0.0")[0].decode()
        health = company.proxy.scrape("/healthz")[1]
        shutil.copytree(company.state, folder, ignore=shutil.ignore_patterns("cache"))
        return cls(folder, numbers, (text, rich, health))


def alerts_are_right(
    watch: Watch, starts: dict[Act, float], end: float, factor: float
) -> str:
    """Every act raised its alerts soon enough, and nothing else was raised."""
    expected: dict[Alert, list[tuple[float, float]]] = {}
    for act, began in starts.items():
        late = began + (act.steps / 4 + LATE_MIN) * 60 / factor
        for alert in act.raises:
            expected.setdefault(alert, []).append((began, late))
    for alert in SILENCE:
        expected[alert] = [(end, end + 3600)]
    fired = {key: min(at) for key, at in watch.firing().items()}
    slow = {key for key in fired if key[0] in OF_THE_MACHINE}
    due = {(name, agent) for _, name, agent in expected}
    assert set(fired) - slow == due, set(fired) ^ due
    for (_, name, agent), spans in expected.items():
        began = fired[name, agent]
        assert spans[0][0] <= began <= spans[0][1], f"{name}: {began} not in {spans}"
    told = {alert for alert in watch.notified() if alert[1] not in OF_THE_MACHINE}
    assert told == set(expected), told
    names = ", ".join(sorted({name for name, _ in due}))
    busy = f" (a busy machine: {', '.join(name for name, _ in slow)})" if slow else ""
    return f"{len(due)} alerts, each in its time, and no other{busy}: {names}"


def panels_show_it(watch: Watch, end: float) -> str:
    """Every panel of every dashboard has a number that is not zero."""
    shown = 0
    for file in sorted((DASHBOARDS / "grafana").glob("*.json")):
        board = json.loads(file.read_text())
        for panel in board["panels"]:
            name = f"{board['uid']}/{panel['title']}"
            exprs = [target["expr"] for target in panel.get("targets", ())]
            series = [
                row
                for expr in exprs
                for row in watch.drawn(filled(expr, end - watch.began), end)
            ]
            numbers = {
                value for row in series for _, value in row["values"] if value != "NaN"
            }
            assert numbers or not exprs, f"{name} is empty"
            assert numbers != {"0"} or panel["title"] in QUIET_PANELS, f"{name} is zero"
            shown += bool(exprs)
    return f"{shown} panels show something"


def filled(expr: str, range_s: float, scrape_s: float = 1) -> str:
    """A panel's expression with the variables that Grafana fills in."""
    values = {
        "$__rate_interval": f"{round(4 * scrape_s)}s", "$__interval": "5s",
        "$__range": f"{max(5, round(range_s))}s", "$job": ".+", "$instance": ".+",
    }  # fmt: skip
    for name, value in values.items():
        expr = expr.replace(name, value)
    return expr


def the_proxy_tells_it_too(company: Company) -> str:
    """Its own routes (rules/alerts.yaml) do not wait for Prometheus."""
    told = company.told()
    assert {("secret", "intern"), ("canary", "intern")} <= told, told
    kinds = ", ".join(sorted({kind for kind, _ in told}))
    return f"the proxy's own alerts told of {kinds}"


def the_audit_trail_proves_it(company: Company, kept: Kept) -> str:
    """It is whole, and its counts are those of metrics, agents and sites."""
    said = _dlp("audit", "verify", "--state", str(kept.folder))
    assert said.returncode == 0, said.stdout
    decisions = [
        line.data for line in lines(kept.folder / "audit") if line.kind == "decision"
    ]
    for metric, keys in (
        ("dlp_decisions_total", ("action", "reason")),
        ("dlp_agent_decisions_total", ("action", "agent")),
        ("dlp_messages_total", ("channel",)),
    ):
        counted = {
            key[1:]: number
            for key, number in kept.metrics.items()
            if key[0] == metric and number
        }
        written = Counter(tuple(row[key] for key in keys) for row in decisions)
        assert counted == written, (metric, counted, written)
    left = sum(row["action"] in FORWARDED for row in decisions)
    arrived = sum(
        len(site.requests)
        + sum(kind == "text" for kind, _ in site.messages)
        + sum(b"upgrade: websocket" in bytes(c.raw).lower() for c in site.connections)
        for site in (company.site, company.plain)
    )
    failed = kept.metrics["dlp_upstream_errors_total",]
    assert left == arrived + failed, (left, arrived, failed)
    answered = {reference for _, status, reference in company.answers if status == 403}
    assert answered <= {row["reference"] for row in decisions}
    return (
        f"{said.stdout.strip()}; {len(decisions)} decisions are those of the metrics, "
        f"{left} that left are those that arrived, {len(answered)} refusals are on record"
    )


def a_changed_trail_is_noticed(kept: Kept) -> str:
    """One word in one line, in a copy."""
    forged = kept.folder.with_name("forged")
    shutil.copytree(kept.folder / "audit", forged / "audit")
    segments = (forged / "audit").glob("*.[0-9]*.jsonl")
    path, text = next(
        (path, text) for path in segments if b'"intern"' in (text := path.read_bytes())
    )
    path.write_bytes(text.replace(b'"intern"', b'"nobody"', 1))
    forged.chmod(0o700)
    said = _dlp("audit", "verify", "--state", str(forged))
    assert said.returncode == 1, said.stdout
    return said.stdout.splitlines()[0]


def nothing_is_a_secret(company: Company, watch: Watch, kept: Kept) -> str:
    """Neither the proxy nor Prometheus nor Alertmanager holds what was tried."""
    watch.stop()
    exported = [
        _dlp("audit", "export", "--format", form, "--state", str(kept.folder)).stdout
        for form in ("ocsf", "ecs", "cef", "json")
    ]
    stories = [
        _dlp("explain", reference, "--state", str(kept.folder)).stdout
        for _, _, reference in company.answers[-40:]
        if reference
    ]
    places = [
        kept.folder, company.hook.received, company.proxy.log_file, watch.folder, *kept.pages, *watch.seen,
        *exported, *stories,
    ]  # fmt: skip
    size = sum(
        f.stat().st_size for place in places if isinstance(place, Path)
        for f in ([place] if place.is_file() else place.rglob("*")) if f.is_file()
    )  # fmt: skip
    for secret in (company.secret, company.canary, *company.tokens.values()):
        assert (found := leaks(secret, *places)) == [], found
    for site in (company.site, company.plain):
        assert company.canary.encode() not in site.received
        for request in site.requests:
            own = (request.header("host") or "own.test").startswith("own.test")
            assert own or company.secret not in repr(request), request.target
    return (
        f"no spelling of a secret in {len(places)} outputs, {size >> 20} MiB of files"
    )


def _dlp(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DLP, *words], capture_output=True, text=True, check=False)
