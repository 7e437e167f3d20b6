"""What does not work is told once it has lasted, and once when it is over."""

import time

from dlp.alerts.conditions import HOLD_S, changes, read
from dlp.metrics import Metrics
from dlp.metrics.table import COMPONENTS

AUDIT = frozenset({"audit"})
NONE = frozenset()


def told(alerts):
    return [(alert.kind, alert.at, alert.resolved) for alert in alerts]


def test_told_when_it_has_lasted_and_when_it_is_over():
    failing, alerts = changes({}, AUDIT, 100.0)
    assert alerts == []
    failing, alerts = changes(failing, AUDIT, 100.0 + HOLD_S - 1)
    assert alerts == []
    failing, alerts = changes(failing, AUDIT, 100.0 + HOLD_S)
    assert told(alerts) == [("audit", 100.0, False)]
    failing, alerts = changes(failing, AUDIT, 200.0)
    assert alerts == []
    failing, alerts = changes(failing, NONE, 300.0)
    assert told(alerts) == [("audit", 300.0, True)]
    assert changes(failing, NONE, 301.0) == ({}, [])


def test_what_is_over_soon_is_not_told():
    failing, _ = changes({}, AUDIT, 100.0)
    assert changes(failing, NONE, 101.0) == ({}, [])


def test_each_for_itself():
    failing, _ = changes({}, AUDIT, 0.0)
    failing, alerts = changes(failing, AUDIT | {"state"}, HOLD_S)
    assert told(alerts) == [("audit", 0.0, False)]
    assert set(failing) == {"audit", "state"}


def test_the_gauges_say_what_fails(tmp_path):
    now = time.time()
    metrics = Metrics(tmp_path)
    assert read(tmp_path, now, 1).failing == NONE, (
        "a worker that starts has checked nothing"
    )
    for part in COMPONENTS:
        metrics.set("dlp_component_up", 1.0, part)
    metrics.beat(now)
    assert read(tmp_path, now, 1).failing == NONE
    assert read(tmp_path, now, 2).failing == {"worker"}
    assert read(tmp_path, now + 60, 1).failing == {"worker"}
    metrics.set("dlp_component_up", 0.0, "audit")
    metrics.reload_failed()
    metrics.set("dlp_ca_expiry_timestamp_seconds", now + 86400)
    assert read(tmp_path, now, 1).failing == {"audit", "reload", "certificate"}
    assert read(tmp_path, now, 1).starts == 1
    metrics.close()
