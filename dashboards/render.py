"""Boards into Grafana's JSON, with Grafana's own builders."""

from __future__ import annotations

import json
import re

from boards import (
    BAD,
    BARS,
    COLOURS,
    GOOD,
    LINES,
    PLAIN,
    STACK,
    STAT,
    TABLE,
    Board,
    Panel,
)
from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

SOURCE = common_models.DataSourceRef(type_val="prometheus", uid="${datasource}")
MATCH = 'job=~"$job", instance=~"$instance"'
_METRIC = re.compile(r"\b([a-z]\w+)\[([^\]$]*)\]")
_ANNOTATIONS = (
    ("Reloads", "changes(reload_timestamp_seconds[][$__interval]) > 0", "blue"),
    ("Restarts", "changes(worker_starts_total[][$__interval]) > 0", "red"),
)


def page(board: Board) -> str:
    """A dashboard as the JSON that Grafana imports."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["agent-dlp"])
        .readonly()
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(_links())
    )
    for variable in _variables():
        made = made.with_variable(variable)
    for annotation in _ANNOTATIONS:
        made = made.annotation(_annotation(*annotation))
    for title, panels in board.rows:
        made = made.with_row(dashboard.Row(title))
        for panel in panels:
            made = made.with_panel(_panel(panel))
    return json.dumps(made.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def spell(expr: str) -> str:
    """An expression with `NAME[...]` written out as PromQL."""

    def selector(found: re.Match[str]) -> str:
        name, extra = found.groups()
        more = ", " + extra.replace("`", '"') if extra else ""
        return f"dlp_{name}{{{MATCH}{more}}}"

    return _METRIC.sub(selector, expr)


def _variables() -> list[dashboard.QueryVariable | dashboard.DatasourceVariable]:
    everything = models.VariableOption(text="All", value="$__all")
    chosen = [
        dashboard.QueryVariable(name)
        .label(name.capitalize())
        .datasource(SOURCE)
        .query(f"label_values({query}, {name})")
        .multi(True)  # noqa: FBT003  # the builder's only parameter
        .include_all(True)  # noqa: FBT003
        .all_value(".+")
        .current(everything)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        for name, query in (
            ("job", "dlp_workers"),
            ("instance", 'dlp_workers{job=~"$job"}'),
        )
    ]
    source = dashboard.DatasourceVariable("datasource").label("Data source")
    return [source.type("prometheus"), *chosen]


def _links() -> dashboard.DashboardLink:
    return (
        dashboard.DashboardLink("agent-dlp")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags(["agent-dlp"])
        .include_vars(True)  # noqa: FBT003
        .keep_time(True)  # noqa: FBT003
    )


def _annotation(name: str, expr: str, color: str) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(True)  # noqa: FBT003
        .icon_color(color)
        .expr(spell(expr))
        .title_format(f"{name} at {{{{instance}}}}")
    )


def _panel(panel: Panel) -> dashboard.cogbuilder.Builder[models.Panel]:
    made = _DRAW[panel.kind](panel)
    made = (
        made.title(panel.title)
        .description(panel.description)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(panel.width)
        .height(4 if panel.kind == STAT else 8)
    )
    for number, (expr, legend) in enumerate(panel.queries):
        query = (
            prometheus.Dataquery()
            .datasource(SOURCE)
            .expr(spell(expr))
            .ref_id(chr(ord("A") + number))
            .legend_format(legend or "__auto")
        )
        if "$__range" in expr or panel.kind == TABLE:
            query = query.instant()
        if panel.kind == TABLE:
            query = query.format("table")
        elif "histogram_quantile" in expr or panel.kind == STACK:
            query = query.exemplar(True)  # noqa: FBT003
        made = made.with_target(query)
    return made


def _stat(panel: Panel) -> stat.Panel:
    zero, more = _TONES[panel.tone]
    plain = panel.tone == PLAIN
    steps = [
        models.Threshold(value=None, color=zero),
        models.Threshold(value=1e-9, color=more),
    ]
    thresholds = dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE)
    mode = common_models.BigValueColorMode
    made = (
        stat.Panel()
        .thresholds(thresholds.steps(steps))
        .color_mode(mode.VALUE if plain else mode.BACKGROUND_SOLID)
        .graph_mode(common_models.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    return made.decimals(0) if panel.unit == "short" else made


_TONES = {GOOD: ("red", "green"), BAD: ("green", "red"), PLAIN: ("text", "text")}


def _series(panel: Panel) -> timeseries.Panel:
    legend = (
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.LIST)
        .placement(common_models.LegendPlacement.BOTTOM)
        .show_legend(True)  # noqa: FBT003
    )
    tooltip = common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI)
    made = (
        timeseries.Panel()
        .legend(legend)
        .tooltip(tooltip.sort(common_models.SortOrder.DESCENDING))
        .show_points(common_models.VisibilityMode.NEVER)
        .line_width(1)
        .min(0)
    )
    for _, name in panel.queries:
        for series, colour in COLOURS.get(name, {}).items():
            fixed = {"mode": "fixed", "fixedColor": colour}
            properties = [models.DynamicConfigValue(id_val="color", value=fixed)]
            made = made.override_by_name(series, properties)
    if panel.kind == STACK:
        stacking = common.StackingConfig().mode(common_models.StackingMode.NORMAL)
        # Without a line: one at zero would hide the top of those below it.
        made = made.stacking(stacking).fill_opacity(60).line_width(0)
    if panel.log:
        scale = common.ScaleDistributionConfig()
        logarithmic = scale.type(common_models.ScaleDistribution.LOG).log(10)
        made = made.scale_distribution(logarithmic).min(panel.log)
    return made.fill_opacity(8) if panel.kind == LINES and not panel.log else made


def _bars(_: Panel) -> bargauge.Panel:
    palette = dashboard.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC)
    return (
        bargauge.Panel()
        .color_scheme(palette)
        .decimals(0)
        .orientation(common_models.VizOrientation.HORIZONTAL)
        .display_mode(common_models.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .min(0)
    )


def _table(panel: Panel) -> table.Panel:
    made = table.Panel()
    several = len(panel.queries) > 1
    if several:
        merge = models.DataTransformerConfig(id_val="merge", options={})
        made = made.with_transformation(merge)
    numbers = {
        f"Value #{chr(ord('A') + at)}" if several else "Value": name
        for at, name in enumerate(panel.columns)
    }
    organize = {
        "excludeByName": {"Time": True}
        | {n: True for n, to in numbers.items() if not to},
        "renameByName": {name: to for name, to in numbers.items() if to},
    }
    config = models.DataTransformerConfig(id_val="organize", options=organize)
    most = common.TableSortByFieldState().display_name(panel.columns[-1])
    return made.with_transformation(config).sort_by([most.desc(True)]).decimals(0)  # noqa: FBT003


_DRAW = {STAT: _stat, LINES: _series, STACK: _series, BARS: _bars, TABLE: _table}
