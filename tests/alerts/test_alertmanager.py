"""Debian's own Alertmanager takes what we send, groups it, and sees when it is over."""

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from dlp.alerts.compile import Channel
from dlp.alerts.delivery import Outcome, deliver
from dlp.alerts.nouns import Alert, Group, Notice, Severity
from dlp.alerts.sources import Source
from tests.harness.proxy import free_port

CONFIG = Path(__file__).parents[2] / "dashboards" / "alertmanager" / "alertmanager.yml"
PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

pytestmark = pytest.mark.skipif(
    not PROGRAM, reason="Debian's prometheus-alertmanager is missing"
)


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory):
    """Its URL."""
    port = free_port()
    process = subprocess.Popen(
        [PROGRAM, f"--config.file={CONFIG}", "--cluster.listen-address=",
         f"--storage.path={tmp_path_factory.mktemp('alertmanager')}",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    try:
        while not ready(url):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def ready(url):
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def standing(url, name):
    """The alerts that fire now under a name."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        return [a for a in json.load(answer) if a["labels"]["alertname"] == name]


def notice(now, *alerts):
    return Notice("dlpn-1", "all", now, tuple(Group(a, 1, now) for a in alerts))


def test_it_takes_each_group_as_an_alert_and_routes_by_severity(alertmanager):
    now = time.time()
    leak = Alert(now, "secret", Severity.CRITICAL, "builder", "evil.example", "github",
                 "rule", "block", "dlp-1")  # fmt: skip
    mild = replace(leak, severity=Severity.INFO, agent="other")
    channel = Channel("am", "alertmanager", Source(text=alertmanager))
    for _ in range(2):
        assert deliver(channel, notice(now, leak, mild), now) == Outcome()
    found = {a["labels"]["agent"]: a for a in standing(alertmanager, "DlpSecret")}
    assert set(found) == {"builder", "other"}
    assert found["builder"]["annotations"]["reference"] == "dlp-1"
    assert found["builder"]["labels"]["secret"] == "github"
    assert [r["name"] for r in found["builder"]["receivers"]] == ["page"]
    assert [r["name"] for r in found["other"]["receivers"]] == ["list"]


def test_it_sees_when_something_is_over(alertmanager):
    now = time.time()
    broken = Alert(now, "audit", Severity.CRITICAL)
    channel = Channel("am", "alertmanager", Source(text=f"{alertmanager}/"))
    assert deliver(channel, notice(now, broken), now) == Outcome()
    assert len(standing(alertmanager, "DlpAudit")) == 1
    over = replace(broken, resolved=True)
    assert deliver(channel, notice(now, over), now) == Outcome()
    assert standing(alertmanager, "DlpAudit") == []


def test_what_waited_for_long_still_fires(alertmanager):
    now = time.time()
    late = Alert(now - 86400, "canary", Severity.CRITICAL, "builder")
    channel = Channel("am", "alertmanager", Source(text=alertmanager))
    assert deliver(channel, notice(now - 86400, late), now) == Outcome()
    assert len(standing(alertmanager, "DlpCanary")) == 1


@pytest.mark.skipif(not shutil.which("amtool"), reason="amtool is missing")
def test_amtool_finds_the_sample_configuration_good():
    done = subprocess.run(
        ["amtool", "check-config", CONFIG], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
