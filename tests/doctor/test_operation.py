"""Against real servers on loopback: what the proxy and Prometheus would answer."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dlp.metrics import Metrics, counting, serve
from dlp.metrics.health import COMPONENTS

ALERTS = """\
version: 1
channels:
  team: {{type: alertmanager, url: "http://127.0.0.1:{port}"}}
routes:
  - {{id: all, to: [team]}}
"""
POLICY = "version: 1\nstatements: []\n"


@pytest.fixture
def answers():
    """A server that answers paths from a table, and the rest with 404."""
    table = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, told = table.get(self.path.partition("?")[0], (404, {}))
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    table["address"] = server.server_address
    yield table
    server.shutdown()
    server.server_close()


@pytest.fixture
def closed():
    """An address where nobody answers."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()


def test_a_proxy_that_does_not_answer_is_seen(seen, answers, closed):
    assert seen("proxy-answers", listen=answers["address"]) == ()
    assert "nobody answers" in seen("proxy-answers", listen=closed)[0]


@pytest.mark.parametrize(
    ("status", "found"), [(403, False), (421, False), (200, True), (503, True)]
)
def test_a_proxy_that_lets_agents_reach_it_is_seen(seen, answers, status, found):
    metrics = ("127.0.0.1", 9464)
    answers["http://127.0.0.1:9464/healthz"] = (status, {})
    told = seen("proxy-guards-itself", listen=answers["address"], metrics=metrics)
    assert bool(told) is found


def test_a_proxy_that_asks_who_one_is_tells_nothing(skipped, answers):
    answers["http://127.0.0.1:1/healthz"] = (407, {})
    why = skipped("proxy-guards-itself", listen=answers["address"])
    assert "token" in why


@pytest.fixture(scope="module")
def endpoints():
    """Those that were opened; each takes half a second to close."""
    opened = []
    yield opened
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda endpoint: endpoint.close(), opened))


@pytest.fixture
def running(state, endpoints):
    """The real endpoint, with one worker that counts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    metrics = Metrics.open(state, address)
    for component in COMPONENTS:
        metrics.set("dlp_component_up", 1.0, component)
    metrics.beat(4e9)
    endpoints.append(serve(state, address))
    metrics.address = endpoints[-1].address
    yield metrics
    metrics.close()


@pytest.fixture
def told(seen, running):
    return lambda name, **other: seen(name, metrics=running.address, **other)


NUMBERS = [
    "health", "worker-restarts", "reload-good", "reload-late", "secrets-in-force",
    "enforcing", "audit-written", "fail-closed", "token-guessing", "coverage",
]  # fmt: skip


@pytest.mark.parametrize("check", NUMBERS)
def test_without_the_proxy_nothing_is_said_to_work(skipped, closed, check):
    assert "nobody answers" in skipped(check, metrics=closed)


def test_a_proxy_that_works_is_fine(told, running):
    running.reloaded("0", 4e9, {"secrets": 0})
    running.count("dlp_coverage_messages_total", "full", by=100)
    for check in NUMBERS:
        assert told(check) == (), check


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_part_that_does_not_work_is_named(told, running, component):
    running.set("dlp_component_up", 0.0, component)
    assert told("health") == (f"{component} does not work",)


def test_something_else_at_the_metrics_address_is_seen(seen, skipped, answers):
    assert "404" in seen("health", metrics=answers["address"])[0]
    assert "404" in skipped("reload-good", metrics=answers["address"])


@pytest.mark.parametrize(
    ("check", "name", "labels", "word"),
    [
        ("worker-restarts", "dlp_worker_starts_total", (), "2 workers"),
        ("audit-written", "dlp_audit_errors_total", (), "1 lines"),
        ("fail-closed", "dlp_fail_closed_total", ("unavailable",), "unavailable"),
        ("fail-closed", "dlp_fail_closed_total", ("internal",), "internal"),
        ("coverage", "dlp_coverage_messages_total", ("none",), "100%"),
    ],
)
def test_what_was_counted_is_seen(told, running, check, name, labels, word):
    running.count(name, *labels)
    assert word in told(check)[0]


@pytest.mark.parametrize(
    ("check", "name", "value"),
    [
        ("reload-good", "dlp_reload_success", 0.0),
        ("secrets-in-force", "dlp_secrets_loaded", 3.0),
        ("enforcing", "dlp_observe_mode", 1.0),
        ("token-guessing", "dlp_auth_locked", 2.0),
    ],
)
def test_what_is_set_is_seen(told, running, check, name, value):
    running.set(name, value)
    assert len(told(check)) == 1


def test_rules_that_changed_since_are_seen(told, running, write, place):
    path = write("rules/policy.yaml", POLICY)
    running.set("dlp_reload_timestamp_seconds", path.stat().st_mtime)
    assert told("reload-late", rules=place / "rules") == ()
    running.set("dlp_reload_timestamp_seconds", path.stat().st_mtime - 600)
    assert "10 min after" in told("reload-late", rules=place / "rules")[0]


def test_that_nothing_was_forwarded_says_nothing(skipped, running):
    assert "no message" in skipped("coverage", metrics=running.address)


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


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["python", "/usr/bin/mitmdump", "-s", "addons/egress.py"], True),
        (["mitmweb", "-s", "/opt/addons/evaluation.py"], True),
        (["mitmdump", "-p", "1"], False),
        (["vi", "addons/egress.py"], False),
    ],
)
def test_a_proxy_that_is_for_evaluation_is_seen(write, seen, skipped, words, found):
    assert "no process" in skipped("evaluation-mode")
    write("proc/5/cmdline", "\0".join(words))
    write("proc/5/status", "Uid:\t1\t1\t1\t1\n")
    write("proc/5/limits", "Limit\n")
    assert bool(seen("evaluation-mode")) is found
