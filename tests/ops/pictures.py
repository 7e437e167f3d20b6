"""
The dashboards as Grafana's own components draw them, with what Prometheus answers.

`make pictures` builds `draw.js` from `pictures/draw.jsx` with npm and esbuild; Chromium
takes the pictures. The time axis is that of the simulated hour.
"""

import json
import subprocess
from pathlib import Path

from tests.ops.proof import filled
from tests.ops.watch import DASHBOARDS, Watch

ROW_PX, GAP_PX, WIDTH_PX = 30, 8, 1224
IN_README = ("overview", "agents", "detection")
_PAGE = """\
<!doctype html><link rel="stylesheet" href="{kit}/draw.css">
<style>@font-face {{ font-family: Inter; src: local("Liberation Sans"), local("DejaVu Sans") }}
</style><body style="background: #111217"><div id="root"></div>
<script>window.BOARD = {board}</script><script src="{kit}/draw.js"></script>
"""


def draw(watch: Watch, end: float, factor: float, kit: Path, target: Path) -> None:
    """
    Draw every dashboard beside what Prometheus keeps, and those of README into `target`.

    `kit` holds what `scripts/pictures` built.
    """
    for file in sorted((DASHBOARDS / "grafana").glob("*.json")):
        board = json.loads(file.read_text())
        panels = [_answered(panel, watch, end, factor) for panel in board["panels"]]
        said = {
            "title": board["title"],
            "panels": panels,
            "range": [_shown(at, end, factor) for at in (watch.began, end)],
        }
        page = watch.folder / f"{file.stem}.html"
        text = json.dumps(said).replace("</", "<\\/")
        page.write_text(_PAGE.format(kit=kit.resolve().as_uri(), board=text))
        rows = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board["panels"])
        height = rows * (ROW_PX + GAP_PX) + 60
        name = file.stem.removeprefix("agent-dlp-")
        large = page.with_suffix(".png")
        _photograph(page, (WIDTH_PX, height), large)
        if name in IN_README:
            small = ["node", kit / "small.cjs", large, target / f"{name}.png"]
            subprocess.run(small, check=True)


def _photograph(page: Path, size: tuple[int, int], picture: Path) -> None:
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         f"--window-size={size[0]},{size[1]}", "--virtual-time-budget=8000",
         f"--screenshot={picture}", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip


def _answered(panel: dict, watch: Watch, end: float, factor: float) -> dict:
    """A panel with its series, or with its columns when it is a table."""
    kept = ("id", "title", "type", "gridPos", "fieldConfig", "options")
    said = {key: panel[key] for key in kept if key in panel}
    answers = []
    for target in panel.get("targets", ()):
        expr = filled(target["expr"], end - watch.began)
        if panel["type"] == "timeseries":
            answers += [(target, row) for row in watch.drawn(expr, end)]
        else:
            found = watch.ask("query", query=expr, time=end)["result"]
            answers += [(target, {**row, "values": [row["value"]]}) for row in found]
    if panel["type"] == "table":
        organize = panel["transformations"][-1]["options"]
        return said | {"columns": _columns(answers, organize)}
    series = [_series(target, row, end, factor) for target, row in answers]
    if panel["type"] == "bargauge":
        series.sort(key=lambda one: -one["values"][-1])
    return said | {"series": series}


def _series(target: dict, row: dict, end: float, factor: float) -> dict:
    name = target["legendFormat"].replace("__auto", "Value")
    for label, value in row["metric"].items():
        name = name.replace(f"{{{{{label}}}}}", value)
    return {
        "name": name,
        "times": [_shown(float(at), end, factor) for at, _ in row["values"]],
        "values": [None if n == "NaN" else float(n) for _, n in row["values"]],
    }


def _shown(at: float, end: float, factor: float) -> int:
    """Milliseconds on the axis: the hour ends when it ended."""
    return round((end - (end - at) * factor) * 1000)


def _columns(answers: list[tuple[dict, dict]], organize: dict) -> list[dict]:
    """Labels, then one column of numbers per query, as `merge` and `organize` do it."""
    several = len({target["refId"] for target, _ in answers}) > 1
    rows: dict[str, dict] = {}
    for target, row in answers:
        key = row["metric"].get("instance") if several else str(row["metric"])
        value = f"Value #{target['refId']}" if several else "Value"
        joined = rows.setdefault(str(key), {})
        joined |= {**row["metric"], value: float(row["values"][-1][1])}
    names = dict.fromkeys(name for row in rows.values() for name in row)
    return [
        {
            "name": organize["renameByName"].get(name, name),
            "type": "number" if name.startswith("Value") else "string",
            "values": [row.get(name) for row in rows.values()],
        }
        for name in names
        if name not in organize["excludeByName"]
    ]
