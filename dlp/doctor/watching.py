"""Who watches: Prometheus with its rules, and the alerts of the proxy itself."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from socket import create_connection
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from dlp.alerts import advise, compile_alerts, read_alerts
from dlp.alerts.compile import unreadable
from dlp.alerts.sources import SourceError
from dlp.doctor.check import Check, Severity
from dlp.doctor.picture import PATIENCE_S, CannotTellError, Picture
from dlp.errors import RuleError


def _prometheus(picture: Picture, path: str) -> Any:
    status, body = picture.ask(picture.prometheus.rstrip("/") + path)
    try:
        told = orjson.loads(body)
    except ValueError:
        told = {}
    if status != HTTPStatus.OK or "data" not in told:
        where = urlsplit(picture.prometheus).netloc.rpartition("@")[2]
        raise CannotTellError(f"{where} is no Prometheus: name yours (--prometheus)")
    return told["data"]


def _unscraped(picture: Picture) -> Iterator[str]:
    query = quote("dlp_build_info")
    if not _prometheus(picture, f"/api/v1/query?query={query}").get("result"):
        yield f"{picture.prometheus} knows no metric of the proxy"


def _no_rules(picture: Picture) -> Iterator[str]:
    groups = _prometheus(picture, "/api/v1/rules?type=alert").get("groups", [])
    names = {rule.get("name", "") for group in groups for rule in group["rules"]}
    if not any(name.startswith("Dlp") for name in names):
        yield f"{picture.prometheus} has none of the alert rules"


def _no_alertmanager(picture: Picture) -> Iterator[str]:
    if not _prometheus(picture, "/api/v1/alertmanagers").get("activeAlertmanagers"):
        yield f"{picture.prometheus} sends alerts to nobody"


def _bad_alerts(picture: Picture) -> Iterator[str]:
    try:
        located = read_alerts(picture.rules)
        if located is not None:
            compile_alerts(located)
    except RuleError as error:
        yield from map(str, error.problems)


def _no_route(picture: Picture) -> Iterator[str]:
    located = _alerts(picture)
    if located is None or not located.value.routes:
        yield "no route sends an alert to anybody"
        return
    # What this process cannot read the proxy may: `alert-channels` tries it.
    apart = set(unreadable(located))
    for one in advise(located):
        if one not in apart:
            yield f"{one.file}:{one.line}: {one.what}"


def _alerts(picture: Picture) -> Any:
    try:
        located = read_alerts(picture.rules)
        if located is not None:
            compile_alerts(located)
    except RuleError as error:
        raise CannotTellError("alerts.yaml does not load") from error
    return located


def _old_alerts(picture: Picture) -> Iterator[str]:
    if picture.number("dlp_alerts_reload_success") != 1:
        yield "the last reload of alerts.yaml failed; an older one is in force"


def _undelivered(picture: Picture) -> Iterator[str]:
    failed = picture.children("dlp_alerts_failed_total")
    for labels, waiting in picture.children("dlp_alerts_spooled").items():
        if waiting and failed.get(labels):
            yield f"{waiting:.0f} messages wait for `{labels[0]}`, which fails"
    for labels, gone in picture.children("dlp_alerts_dropped_total").items():
        if gone and labels != ("removed",):
            yield f"{gone:.0f} messages were given up: {labels[0]}"


def _dead_channels(picture: Picture) -> Iterator[str]:
    if not picture.probing:
        raise CannotTellError("it connects to the channels: --probe does it")
    located = _alerts(picture)
    channels = compile_alerts(located).channels if located is not None else {}
    if not channels:
        raise CannotTellError("there is no channel")
    for name, channel in channels.items():
        try:
            at = urlsplit(channel.url.read())
        except SourceError as error:
            raise CannotTellError(f"`{name}`: {error}") from error
        port = at.port or (80 if at.scheme == "http" else 443)
        if channel.type == "apprise" or not at.hostname:
            continue  # its address is in a form of apprise's own
        try:
            create_connection((at.hostname, port), PATIENCE_S).close()
        except OSError:
            yield f"`{name}`: nobody answers where it leads"


CHECKS = (
    Check(
        "metrics-scraped", Severity.MEDIUM,
        "A Prometheus scrapes the proxy",
        "Nobody sees a trend, and no alert rule can fire.",
        "Add the job of dashboards/prometheus/prometheus.yml",
        ("ASI10", "T8"), _unscraped,
    ),
    Check(
        "alert-rules", Severity.MEDIUM,
        "The alert rules are loaded",
        "A proxy that is down, slow or full tells nobody by itself.",
        "Add dashboards/prometheus/alerts.yml to `rule_files`",
        ("ASI10", "T8"), _no_rules,
    ),
    Check(
        "alertmanager", Severity.MEDIUM,
        "Prometheus has an Alertmanager",
        "A rule that fires is seen by nobody.",
        "Name one under `alerting`",
        ("ASI10", "T8"), _no_alertmanager,
    ),
    Check(
        "alerts-load", Severity.HIGH,
        "alerts.yaml loads",
        "While it does not nobody is told of anything new.",
        "Correct what is named",
        ("ASI10", "T8"), _bad_alerts,
    ),
    Check(
        "alert-routes", Severity.MEDIUM,
        "Alerts go to somebody",
        "A canary that is touched at night is seen in the morning, or never.",
        "Add channels and routes to rules/alerts.yaml",
        ("ASI10", "ASI09", "T8"), _no_route,
    ),
    Check(
        "alerts-in-force", Severity.MEDIUM,
        "The alerts.yaml on disk is the one in force",
        "Whoever was added since is told of nothing.",
        "Correct what `dlp rules check` names",
        ("ASI10", "T8"), _old_alerts,
    ),
    Check(
        "alerts-delivered", Severity.HIGH,
        "Alerts arrive",
        "Somebody who is not told does nothing.",
        "`dlp alerts test` tells which channel fails, and why",
        ("ASI10", "ASI09", "T8"), _undelivered,
    ),
    Check(
        "alert-channels", Severity.MEDIUM,
        "Every alert channel can be reached",
        "A route that leads nowhere is none.",
        "Correct its address; `dlp alerts test` sends a message",
        ("ASI10", "T8"), _dead_channels,
    ),
)  # fmt: skip
