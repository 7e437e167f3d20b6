"""
The dashboards, by the rules of grafana/dashboard-linter.

The linter is a Go program; its rules that apply are restated here by name. What a real
Prometheus answers is in `tests/e2e/test_operations.py`.
"""

import json
import re
from pathlib import Path

import promql_parser
import pytest

from dlp.metrics import TABLE
from dlp.metrics.table import COUNTER

FOLDER = Path(__file__).parents[2] / "dashboards" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
PANELS = {
    f"{uid}/{panel['title']}": panel
    for uid, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
}
QUERIES = {
    f"{name}/{target['refId']}": target["expr"]
    for name, panel in PANELS.items()
    for target in panel["targets"]
} | {
    f"{uid}/{annotation['name']}": annotation["expr"]
    for uid, board in BOARDS.items()
    for annotation in board["annotations"]["list"]
}
UNITS = {
    "none", "short", "percentunit", "s", "bytes", "Bps", "reqps", "cps", "bool_yes_no",
}  # fmt: skip
"""Of those that Grafana knows (packages/grafana-data, valueFormats/categories.ts)."""
VARIABLES = {
    "$__rate_interval": "6s", "$__interval": "6s", "$__range": "1m",
    "$job": ".+", "$instance": ".+",
}  # fmt: skip


def filled(expr):
    for name, value in VARIABLES.items():
        expr = expr.replace(name, value)
    return expr


def test_the_four_dashboards_are_there():
    assert set(BOARDS) == {
        "agent-dlp-overview", "agent-dlp-agents", "agent-dlp-detection",
        "agent-dlp-internals",
    }  # fmt: skip
    assert all(uid == board["uid"] for uid, board in BOARDS.items())


@pytest.mark.parametrize("uid", BOARDS)
def test_templating(uid):
    """template-datasource-rule, template-job-rule, template-instance-rule, reload."""
    source, job, instance = BOARDS[uid]["templating"]["list"]
    assert (source["type"], source["name"], source["label"], source["query"]) == (
        "datasource", "datasource", "Data source", "prometheus",
    )  # fmt: skip
    for variable, name in ((job, "job"), (instance, "instance")):
        assert (variable["name"], variable["label"]) == (name, name.capitalize())
        assert variable["multi"]
        assert variable["includeAll"]
        assert variable["allValue"] == ".+"
        assert variable["refresh"] == 2
        assert variable["datasource"]["uid"] == "${datasource}"


@pytest.mark.parametrize("uid", BOARDS)
def test_a_dashboard_cannot_be_edited_and_links_to_the_others(uid):
    """uneditable-dashboard; links between them; marks for reloads and restarts."""
    board = BOARDS[uid]
    assert board["editable"] is False
    assert [link["tags"] for link in board["links"]] == [["agent-dlp"]]
    assert board["tags"] == ["agent-dlp"]
    names = {annotation["name"] for annotation in board["annotations"]["list"]}
    assert names == {"Reloads", "Restarts"}


@pytest.mark.parametrize("name", PANELS)
def test_panel(name):
    """panel-title-description-rule, panel-units-rule, panel-datasource-rule, targets."""
    panel = PANELS[name]
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]
    assert all(t["datasource"]["uid"] == "${datasource}" for t in panel["targets"])


@pytest.mark.parametrize("uid", BOARDS)
def test_no_panel_overlaps_another(uid):
    taken = set()
    for panel in BOARDS[uid]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", QUERIES)
def test_query(name):
    """target-promql-rule, target-job-rule, target-instance-rule, rate-interval, agg."""
    expr = QUERIES[name]
    promql_parser.parse(filled(expr))
    declared = {m.name: m for m in TABLE}
    found = re.findall(r"\b(dlp_\w+?)(_bucket)?\{([^}]*)\}(\[[^\]]*\])?", expr)
    assert found or expr.startswith("count(ALERTS")
    for metric, _, matchers, window in found:
        assert metric in declared
        assert 'job=~"$job"' in matchers
        assert 'instance=~"$instance"' in matchers
        if declared[metric].kind == COUNTER:
            assert window in {"[$__rate_interval]", "[$__range]", "[$__interval]"}
