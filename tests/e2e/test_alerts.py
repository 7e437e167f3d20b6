"""
The real proxy tells a recording server what it stopped: once, signed, without content.

Two workers: who tells is the supervisor, so what both refuse is one alert.
"""

import base64
import hashlib
import hmac
import json
import random
import string
import subprocess
import time

import httpx
import pytest

from tests.harness.leaks import leaks
from tests.harness.origin import Reply
from tests.harness.proxy import DLP

POLICY = """\
version: 1
statements:
  - {id: some, effect: allow, hosts: [a.test], ports: ["*"]}
"""
ALERTS = """\
version: 1
channels:
  hook: {type: webhook, url: {env: ALERT_URL}, secret: {env: ALERT_KEY}}
routes:
  - {id: leaks, kinds: [secret], to: [hook]}
"""
KEY = "".join(random.choices(string.ascii_letters, k=40))


@pytest.fixture(scope="module")
def hook(origins):
    return origins.start("http")


@pytest.fixture(scope="module")
def telling(start_proxy, hook):
    return start_proxy(
        POLICY,
        alerts=ALERTS,
        arguments=["--workers", "2"],
        environment={"ALERT_URL": hook.url("/hook"), "ALERT_KEY": KEY},
    )


@pytest.fixture(scope="module")
def secret(telling):
    value = "".join(random.choices(string.ascii_letters + string.digits, k=44))
    subprocess.run(
        [DLP, "secrets", "add", "planted", "--stdin", "--state", telling.state],
        input=value, text=True, check=True, capture_output=True,
    )  # fmt: skip
    until(lambda: "dlp_secrets_loaded 1.0" in telling.scrape()[1])
    return value


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def post(proxy, origin, body, name="a.test"):
    with httpx.Client(proxy=proxy.url, trust_env=False, timeout=30) as http:
        return http.post(origin.url("/x", name), content=body)


def sample(proxy, name):
    lines = [line for line in proxy.scrape()[1].splitlines() if line.startswith(name)]
    return float(lines[0].split()[-1]) if lines else None


def verified(request):
    """As https://www.standardwebhooks.com tells a receiver to."""
    identity, at = request.header("webhook-id"), request.header("webhook-timestamp")
    signed = f"{identity}.{at}.".encode() + request.body
    mac = hmac.new(KEY.encode(), signed, hashlib.sha256).digest()
    assert request.header("webhook-signature") == "v1," + base64.b64encode(mac).decode()
    assert abs(time.time() - int(at)) < 300
    return json.loads(request.body)


def test_what_is_blocked_is_told_without_content(telling, secret, hook, plain):
    answers = [post(telling, plain, f"note: {secret}") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {403}
    until(lambda: sample(telling, 'dlp_alerts_sent_total{channel="hook"}') == 1)
    told = verified(hook.requests[0])
    (alert,) = told["alerts"]
    references = {answer.json()["reference"] for answer in answers}
    assert alert["reference"] in references
    assert (alert["agent"], alert["host"], alert["secret"], alert["kind"]) == (
        "default", "a.test", "planted", "secret",
    )  # fmt: skip
    assert (
        leaks(secret, hook.received, telling.log_file, telling.state / "alerts") == []
    )
    page = telling.scrape()[1]
    assert (
        leaks(KEY, hook.received, telling.log_file, telling.state / "alerts", page)
        == []
    )
    assert leaks(hook.url("/hook"), telling.log_file, page) == []
    assert len(hook.requests) == 1
    assert sample(telling, "dlp_workers") == 2
    until(lambda: sample(telling, 'dlp_alerts_total{severity="critical"}') == 8)
    assert len(hook.requests) == 1


def test_a_changed_file_is_in_force_soon_and_a_bad_one_is_not(
    telling, secret, hook, plain
):
    hook.clear()
    alerts = telling.rules / "alerts.yaml"
    alerts.write_text(ALERTS.replace("kinds: [secret]", "kinds: [secrets]"))
    until(lambda: sample(telling, "dlp_alerts_reload_success") == 0)
    assert f"{alerts}:5:" in telling.log
    alerts.write_text(ALERTS.replace("kinds: [secret]", "kinds: [destination]"))
    until(lambda: sample(telling, "dlp_alerts_reload_success") == 1)
    post(telling, plain, "harmless", "b.test")
    until(lambda: hook.requests)
    (alert,) = verified(hook.requests[0])["alerts"]
    assert (alert["kind"], alert["host"]) == ("destination", "b.test")
    alerts.write_text(ALERTS)


def test_a_channel_that_is_away_gets_it_once_after_a_restart(
    telling, secret, hook, plain
):
    """Spooled, the proxy restarted, delivered once; nothing of a verdict waits for it."""
    hook.clear()
    (telling.rules / "alerts.yaml").write_text(ALERTS.replace("id: leaks", "id: again"))
    hook.handlers["/hook"] = lambda _: Reply(503)
    failed = sample(telling, 'dlp_alerts_failed_total{channel="hook"}')

    def asked():
        answers.append(post(telling, plain, f"more: {secret}").json()["reference"])
        return sample(telling, 'dlp_alerts_failed_total{channel="hook"}') > failed

    answers = []
    until(asked)
    until(lambda: sample(telling, 'dlp_alerts_spooled{channel="hook"}') == 1)
    assert leaks(secret, telling.state / "alerts") == []
    assert telling.stop() == 0
    del hook.handlers["/hook"]
    tried = {request.header("webhook-id") for request in hook.requests}
    hook.clear()
    telling.start()
    until(lambda: sample(telling, 'dlp_alerts_sent_total{channel="hook"}') == 1)
    until(lambda: sample(telling, 'dlp_alerts_spooled{channel="hook"}') == 0)
    (request,) = hook.requests
    assert {request.header("webhook-id")} == tried
    assert verified(request)["alerts"][0]["reference"] in answers


def test_what_alerts_say_is_checked_before_a_port_opens(tmp_path):
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "alerts.yaml").write_text(ALERTS)
    done = subprocess.run(
        [DLP, "up", "--rules", tmp_path, "--state", tmp_path / "state"],
        capture_output=True, text=True, check=False, timeout=60,
        env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "alerts.yaml:3:25: the variable ALERT_URL is not set" in done.stderr
