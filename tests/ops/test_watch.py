"""Faster time changes windows and waits, and nothing else."""

import re
import shutil
import subprocess

import pytest

from tests.ops.watch import ALERTS, faster


def test_windows_and_waits_are_shorter():
    rule = "expr: rate(a[5m]) > 5 * rate(a[6h]) and b > 30\nfor: 1m\nsummary: in [5m]x"
    assert faster(rule, 15) == (
        "expr: rate(a[20000ms]) > 5 * rate(a[1440000ms]) and b > 30\nfor: 4000ms\n"
        "summary: in [20000ms]x"
    )


def test_the_rest_of_the_alerts_stays():
    duration = re.compile(r"\[\w+\]|for: \w+")
    before, after = ALERTS.read_text(), faster(ALERTS.read_text(), 15)
    assert duration.split(before) == duration.split(after)
    assert not set(duration.findall(before)) & set(duration.findall(after))


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is missing")
def test_they_are_rules_still(tmp_path):
    (tmp_path / "alerts.yml").write_text(faster(ALERTS.read_text(), 7))
    subprocess.run(["promtool", "check", "rules", tmp_path / "alerts.yml"], check=True)
