"""
Operations, the short version of `make ops-test`: the committed alerts and routes in real
time, every panel, the audit trail, and no secret in any of them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest

from dlp.audit.read import find
from tests.dashboards.test_boards import QUERIES, filled
from tests.harness.proxy import DLP
from tests.ops import proof, story
from tests.ops.company import POLICY, Company
from tests.ops.watch import TOOLS, Watch, until

RAISED = {
    ("page", "DlpKnownSecretAttempted", "intern"),
    ("page", "DlpCanaryTouched", "intern"),
    ("team", "DlpAgentRefusedOften", "intern"),
}
"""What needs no minutes to fire."""


@dataclass
class Day:
    company: Company
    watch: Watch
    kept: proof.Kept


@pytest.fixture(scope="module")
def day(tmp_path_factory, compiled):
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        pytest.skip(f"missing: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("operations")
    company = Company.found(folder, compiled)
    try:
        with Watch(folder / "watch", company.proxy.metrics) as watch:
            work(company)
            until(lambda: watch.notified() >= RAISED, 60, "not every alert was sent")
            yield Day(company, watch, proof.Kept.of(company, folder / "kept"))
    finally:
        company.close()


def work(company: Company) -> None:
    """Everything that `story` has, but what takes its time."""
    for step in range(31):
        story.honest(company, step)
    for act in story.ACTS:
        if {alert for alert in act.raises if alert in RAISED}:
            for step in range(act.steps):
                act.play(company, step)
    company.guess(6)
    time.sleep(2)  # so that the first scrapes see a rise, not a beginning
    os.kill(company.proxy.workers()[0], signal.SIGKILL)
    company.write_policy(POLICY + "# new\n")
    until(lambda: "dlp_worker_starts_total 3.0" in company.proxy.scrape()[1], 60)
    until(lambda: "dlp_workers 2.0" in company.proxy.scrape()[1], 60)
    for step in range(4):
        story.honest(company, step)
    time.sleep(2)


@pytest.mark.parametrize("name", QUERIES)
def test_a_panel_shows_something(day, name):
    rows = day.watch.drawn(filled(QUERIES[name]))
    values = [value for row in rows for _, value in row["values"]]
    assert values, "no series"
    assert any(value != "NaN" for value in values)


def test_the_right_alerts_are_sent_and_no_other(day):
    assert day.watch.notified() == RAISED
    assert set(day.watch.firing()) == {(name, agent) for _, name, agent in RAISED}


def test_the_proxy_tells_it_too(day):
    until(lambda: day.company.told() >= {("secret", "intern"), ("canary", "intern")})
    assert proof.the_proxy_tells_it_too(day.company)


def test_promtool_finds_nothing_to_say_about_the_metrics(day):
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=day.kept.pages[0],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["secret_attempts", "canary_touches", "decisions"])
def test_an_exemplar_leads_to_the_decision(day, name):
    asked = {"query": f"dlp_{name}_total", "start": day.watch.began, "end": time.time()}
    rows = day.watch.ask("query_exemplars", **asked)
    found = {e["labels"]["reference"] for row in rows for e in row["exemplars"]}
    assert found
    for reference in found:
        line = find(day.kept.folder / "audit", reference)
        assert line.data["action"] in {"block", "redact"}


def test_the_audit_trail_proves_it(day):
    assert "intact" in proof.the_audit_trail_proves_it(day.company, day.kept)
    assert "FAULT" in proof.a_changed_trail_is_noticed(day.kept)


def test_the_doctor_sees_who_watches_and_that_a_worker_died(day):
    proxy = day.company.proxy
    watched = ["metrics-scraped", "alert-rules", "alertmanager", "alert-routes"]
    checks = [*watched, "worker-restarts", "reload-late", "audit-intact"]
    done = subprocess.run(
        [
            *(DLP, "doctor", "--json", "--state", proxy.state, "--rules", proxy.rules),
            *("--metrics", "{}:{}".format(*proxy.metrics)),
            *("--prometheus", day.watch.prometheus),
            *(word for name in checks for word in ("--check", name)),
        ],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    rows = {row["id"]: row for row in json.loads(done.stdout)["checks"]}
    died = rows.pop("worker-restarts")
    assert {n: r["seen"] for n, r in rows.items() if r["status"] != "ok"} == {}
    assert died["seen"] == ["3 workers were started for 2 that run"]


def test_nothing_in_any_of_them_is_a_secret(day):
    """Last: it ends Prometheus, so that all it keeps is on disk."""
    day.watch.look()
    assert proof.nothing_is_a_secret(day.company, day.watch, day.kept)
