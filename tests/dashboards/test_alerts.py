"""Every alert fires when it should and is quiet when it should; `promtool` decides."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from dlp.metrics import TABLE

FOLDER = Path(__file__).parents[2] / "dashboards"
FILE = FOLDER / "prometheus" / "alerts.yml"
RULES = YAML(typ="safe").load(FILE)["groups"][0]["rules"]
BY_NAME = {rule["alert"]: rule for rule in RULES}
SUFFIXES = ("_bucket", "_sum", "_count")
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool (Debian's prometheus) is missing"
)

UP = 'up{job="agent-dlp"}'
BLOCK = 'dlp_decisions_total{action="block",reason="content"}'
AGENT_BLOCK = 'dlp_agent_decisions_total{agent="a",action="block"}'
TOTAL = 'dlp_stage_seconds_bucket{stage="total",le="%s"}'
FULL = 'dlp_coverage_messages_total{coverage="full"}'
NONE = 'dlp_coverage_messages_total{coverage="none"}'

COMPONENT = 'dlp_component_up{component="%s"}'

# alert: ({series: values} that fire it, {series: values} that must not, minutes)
CASES = {
    "DlpProxyDown": ({UP: "0x9"}, {UP: "1x9", "dlp_workers": "2x9"}, 5),
    "DlpWorkerStuck": (
        {"dlp_worker_heartbeat_timestamp_seconds": "0x9"},
        {"dlp_worker_heartbeat_timestamp_seconds": "0+60x9"}, 5,
    ),
    "DlpWorkerRestarts": (
        {"dlp_worker_starts_total": "2+1x15", "dlp_workers": "2x15"},
        {"dlp_worker_starts_total": "5x7 4x8", "dlp_workers": "4x15"}, 15,
    ),
    "DlpKnownSecretAttempted": (
        {'dlp_secret_attempts_total{agent="a"}': "0x3 1x3"},
        {'dlp_secret_attempts_total{agent="a"}': "7x9"}, 5,
    ),
    "DlpCanaryTouched": (
        {'dlp_canary_touches_total{agent="a"}': "0x3 1x3"},
        {'dlp_canary_touches_total{agent="a"}': "7x9"}, 5,
    ),
    "DlpBlocksSpike": ({BLOCK: "0+1x350 350+60x10"}, {BLOCK: "0+60x360"}, 358),
    "DlpAgentRefusedOften": ({AGENT_BLOCK: "0+5x15"}, {AGENT_BLOCK: "0+2x15"}, 12),
    "DlpFailClosed": (
        {'dlp_fail_closed_total{why="internal"}': "0x3 1x3"},
        {'dlp_fail_closed_total{why="unreadable"}': "0+1x9",
         'dlp_fail_closed_total{why="internal"}': "4x9"}, 5,
    ),
    "DlpUnreadableOften": (
        {'dlp_unreadable_total{why="ratio"}': "0+3x20"},
        {'dlp_unreadable_total{why="ratio"}': "0+1x20"}, 16,
    ),
    "DlpAuditFailing": (
        {COMPONENT % "audit": "0x9"},
        {COMPONENT % "audit": "1x9", "dlp_audit_errors_total": "3x9"}, 3,
    ),
    "DlpStoreUnreachable": ({COMPONENT % "state": "0x9"}, {COMPONENT % "state": "1x9"}, 3),
    "DlpInspectionBroken": (
        {COMPONENT % "inspection": "0x9"}, {COMPONENT % "inspection": "1x9"}, 3,
    ),
    "DlpReloadFailed": ({"dlp_reload_success": "0x9"}, {"dlp_reload_success": "1x9"}, 3),
    "DlpAlertsNotDelivered": (
        {'dlp_alerts_spooled{channel="hook"}': "1x30"},
        {'dlp_alerts_spooled{channel="hook"}': "0x5 9x9 0x16",
         'dlp_alerts_dropped_total{why="removed"}': "0+1x30",
         'dlp_alerts_dropped_total{why="full"}': "4x30"}, 20,
    ),
    "DlpInspectionSlow": (
        {TOTAL % "0.5": "0+1x20", TOTAL % "1.0": "0+9x20", TOTAL % "+Inf": "0+9x20"},
        {TOTAL % "0.25": "0+9x20", TOTAL % "0.5": "0+9x20", TOTAL % "+Inf": "0+9x20"}, 15,
    ),
    "DlpCoverageDropped": (
        {FULL: "0+8x40", NONE: "0+2x40"}, {FULL: "0+99x40", NONE: "0+1x40"}, 35,
    ),
    "DlpOpaqueBytesRising": (
        {'dlp_opaque_bytes_total{agent="a"}': "0+1e4x345 3.5e6+3e5x15"},
        {'dlp_opaque_bytes_total{agent="a"}': "0+1e6x360"}, 358,
    ),
    "DlpAuthLockout": ({"dlp_auth_locked": "1x9"}, {"dlp_auth_locked": "0x9"}, 3),
    "DlpCaExpiring": (
        {"dlp_ca_expiry_timestamp_seconds": "1000000x9"},
        {"dlp_ca_expiry_timestamp_seconds": "2000000x9"}, 3,
    ),
    "DlpObserveMode": ({"dlp_observe_mode": "1x1500"}, {"dlp_observe_mode": "0x1500"}, 1450),
}  # fmt: skip


def test_every_alert_has_a_firing_and_a_quiet_case():
    assert set(CASES) == set(BY_NAME)


@needs_promtool
def test_the_rules_are_well_formed():
    done = subprocess.run(
        ["promtool", "check", "rules", FILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("alert", CASES)
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "quiet"])
def test_alert(tmp_path, alert, fires):
    firing, quiet, minutes = CASES[alert]
    judged(tmp_path, alert, firing if fires else quiet, minutes, fires)


# Other ways to the same alert, or not to it.
MORE = {
    "no target at all": ("DlpProxyDown", {}, 5, True),
    "no worker behind a target": ("DlpProxyDown", {UP: "1x9", "dlp_workers": "0x9"}, 5, True),
    "a short outage": ("DlpProxyDown", {UP: "1x3 0 1x5", "dlp_workers": "1x9"}, 4, False),
    "an audit line that was not written": (
        "DlpAuditFailing", {COMPONENT % "audit": "1x9", "dlp_audit_errors_total": "0x3 2x6"},
        6, True,
    ),
    "a worker that has just started": (
        "DlpAuditFailing", {COMPONENT % "audit": "1x3 0 1x5"}, 4, False,
    ),
    "a store": ("DlpFailClosed", {'dlp_fail_closed_total{why="unavailable"}': "0x3 1x3"},
                5, True),
    "many workers begin anew": (
        "DlpWorkerRestarts", {"dlp_worker_starts_total": "9x7 8x8", "dlp_workers": "8x15"},
        15, False,
    ),
    "many refusals, as always": ("DlpBlocksSpike", {BLOCK: "0+99x360"}, 358, False),
    "few refusals, for once": ("DlpBlocksSpike", {BLOCK: "0x350 0+5x10"}, 358, False),
    "much that is opaque, once": (
        "DlpOpaqueBytesRising", {'dlp_opaque_bytes_total{agent="a"}': "0x350 2e6x9"}, 351,
        False,
    ),
    "a child of the overflow": (
        "DlpKnownSecretAttempted", {'dlp_secret_attempts_total{agent="other"}': "0x3 1x3"},
        5, True,
    ),
}  # fmt: skip


@needs_promtool
@pytest.mark.parametrize("case", MORE)
def test_more(tmp_path, case):
    alert, series, minutes, fires = MORE[case]
    judged(tmp_path, alert, series, minutes, fires)


def judged(folder, alert, series, minutes, fires):
    """Whether an alert fires at a minute, as promtool plays the series."""
    expression = (
        f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    )
    case = {
        "rule_files": [str(FILE)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values}
                    for name, values in series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": expression,
                        "eval_time": f"{minutes}m",
                        "exp_samples": [{"labels": "{}", "value": int(fires)}],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yml"
    YAML().dump(case, path)
    done = subprocess.run(
        ["promtool", "test", "rules", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", RULES, ids=list(BY_NAME))
def test_an_alert_says_what_a_person_needs(rule):
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert {"summary", "description", "runbook_url"} <= set(rule["annotations"])
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^## (\w+)$", (FOLDER / page).read_text(), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}
    assert anchor == rule["alert"].lower()


@pytest.mark.parametrize("rule", RULES, ids=list(BY_NAME))
def test_an_alert_uses_declared_metrics_only(rule):
    declared = {metric.name for metric in TABLE}
    for name in re.findall(r"\bdlp_\w+", rule["expr"]):
        bare = next((name.removesuffix(s) for s in SUFFIXES if name.endswith(s)), name)
        assert name in declared or bare in declared
