"""Against real servers on loopback: what Prometheus and the proxy would answer."""

import pytest

from dlp.metrics import counting

ALERTS = """\
version: 1
channels:
  team: {{type: alertmanager, url: "http://127.0.0.1:{port}"}}
routes:
  - {{id: all, to: [team]}}
"""
POLICY = "version: 1\nstatements: []\n"


PROMETHEUS = [
    (
        "metrics-scraped",
        "/api/v1/query",
        {"result": [{"value": [0, "1"]}]},
        {"result": []},
    ),
    (
        "alert-rules",
        "/api/v1/rules",
        {"groups": [{"rules": [{"name": "DlpProxyDown"}]}]},
        {"groups": [{"rules": [{"name": "Other"}]}]},
    ),
    (
        "alertmanager",
        "/api/v1/alertmanagers",
        {"activeAlertmanagers": [{"url": "http://127.0.0.1:9093"}]},
        {"activeAlertmanagers": []},
    ),
]


@pytest.mark.parametrize(("check", "path", "good", "bad"), PROMETHEUS)
def test_a_prometheus_that_does_not_watch_is_seen(
    seen, skipped, answers, closed, check, path, good, bad
):
    url = "http://{}:{}".format(*answers["address"])
    assert "no Prometheus" in skipped(check, prometheus=url)
    answers[path] = (200, {"status": "success", "data": good})
    assert seen(check, prometheus=url) == ()
    answers[path] = (200, {"status": "success", "data": bad})
    assert len(seen(check, prometheus=url)) == 1
    assert "nobody answers" in skipped(check, prometheus="http://{}:{}".format(*closed))


@pytest.fixture
def rules(write, place):
    def lay(text):
        write("rules/policy.yaml", POLICY)
        write("rules/alerts.yaml", text)
        return place / "rules"

    return lay


def test_alerts_that_go_to_nobody_are_seen(seen, rules, answers):
    good = ALERTS.format(port=answers["address"][1])
    assert seen("alert-routes", rules=rules(good)) == ()
    assert "no route" in seen("alert-routes", rules=rules("version: 1\n"))[0]
    narrow = good.replace("to: [team]", "to: [team], kinds: [canary]")
    assert "secret" in seen("alert-routes", rules=rules(narrow))[0]


def test_alerts_that_do_not_load_are_seen(seen, skipped, rules, answers):
    good = ALERTS.format(port=1)
    assert seen("alerts-load", rules=rules(good)) == ()
    bad = rules(good.replace("to: [team]", "to: [nobody]"))
    assert "nobody" in seen("alerts-load", rules=bad)[0]
    assert "does not load" in skipped("alert-routes", rules=bad)


@pytest.fixture
def supervisor(running, state):
    """The numbers of the process that sends alerts, told by the same endpoint."""
    cells = counting.supervisor(state, running.address)
    yield cells
    cells.close()


def test_alerts_that_do_not_arrive_are_seen(told, supervisor):
    assert told("alerts-in-force") == ()
    assert told("alerts-delivered") == ()
    supervisor.cell("dlp_alerts_spooled", "team").set(3)
    assert told("alerts-delivered") == ()
    supervisor.cell("dlp_alerts_failed_total", "team").inc()
    assert told("alerts-delivered") == ("3 messages wait for `team`, which fails",)
    supervisor.cell("dlp_alerts_dropped_total", "full").inc(2)
    assert "given up: full" in told("alerts-delivered")[1]
    supervisor.cell("dlp_alerts_reload_success").set(0.0)
    assert "older one" in told("alerts-in-force")[0]


def test_a_channel_that_leads_nowhere_is_seen(seen, skipped, rules, answers, closed):
    good = rules(ALERTS.format(port=answers["address"][1]))
    assert "--probe" in skipped("alert-channels", rules=good)
    assert seen("alert-channels", rules=good, probing=True) == ()
    dead = rules(ALERTS.format(port=closed[1]))
    assert "`team`" in seen("alert-channels", rules=dead, probing=True)[0]
    assert "no channel" in skipped(
        "alert-channels", rules=rules("version: 1\n"), probing=True
    )
