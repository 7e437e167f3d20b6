"""Against the real endpoint, and servers that answer as the proxy would."""

import pytest

from dlp.metrics.health import COMPONENTS

POLICY = "version: 1\nstatements: []\n"


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
