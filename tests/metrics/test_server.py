import json
import socket
import time
import urllib.error
import urllib.request

import pytest

from dlp.errors import StateError
from dlp.metrics import Metrics, serve, supervisor
from dlp.metrics.counting import folder_of

ANY = ("127.0.0.1", 0)


@pytest.fixture
def endpoint(tmp_path):
    endpoint = serve(tmp_path, ANY)
    yield endpoint
    endpoint.close()


def get(endpoint, path, method="GET", **headers):
    host, port = endpoint.address
    request = urllib.request.Request(
        f"http://{host}:{port}{path}", headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_metrics_in_both_forms(endpoint, tmp_path):
    metrics = Metrics.open(tmp_path, ANY)
    status, headers, body = get(endpoint, "/metrics")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert b"dlp_workers 1.0" in body
    accept = "application/openmetrics-text; version=1.0.0"
    _, headers, body = get(endpoint, "/metrics", Accept=accept)
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    metrics.close()


def test_health_is_503_and_says_what_fails(endpoint, tmp_path):
    status, _, body = get(endpoint, "/healthz")
    assert status == 503
    assert json.loads(body)["failing"] == ["workers", "inspection", "state", "audit"]
    metrics = Metrics.open(tmp_path, ANY)
    metrics.beat(time.time())
    for component in ("inspection", "state"):
        metrics.set("dlp_component_up", 1.0, component)
    status, _, body = get(endpoint, "/healthz")
    assert (status, json.loads(body)["failing"]) == (503, ["audit"])
    metrics.set("dlp_component_up", 1.0, "audit")
    status, _, body = get(endpoint, "/healthz?verbose")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    metrics.close()


def test_other_paths_and_methods(endpoint):
    assert get(endpoint, "/")[0] == 404
    assert get(endpoint, "/metrics", "POST")[0] == 501
    status, headers, body = get(endpoint, "/metrics", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


def test_a_port_in_use_is_an_error(endpoint, tmp_path):
    with pytest.raises(StateError, match="cannot listen"):
        serve(tmp_path, endpoint.address)


def test_a_silent_client_does_not_stop_the_others(endpoint):
    with socket.create_connection(endpoint.address):
        assert get(endpoint, "/metrics")[0] == 200


def test_a_new_run_begins_at_zero(tmp_path):
    old = Metrics.open(tmp_path, ANY)
    old.count("dlp_upstream_errors_total")
    old.close()
    endpoint = serve(tmp_path, ANY)
    new = Metrics.open(tmp_path, ANY)
    assert b"dlp_upstream_errors_total 0.0" in get(endpoint, "/metrics")[2]
    new.close()
    endpoint.close()


def test_ipv6(tmp_path):
    endpoint = serve(tmp_path, ("::1", 0))
    assert endpoint.address[0] == "::1"
    endpoint.close()


def test_two_proxies_on_one_state_folder_count_apart(tmp_path):
    one, two = (folder_of(tmp_path, ("127.0.0.1", port)) for port in (1, 2))
    assert one != two


def test_what_the_supervisor_counts_is_on_the_same_page(endpoint, tmp_path):
    metrics = Metrics.open(tmp_path, ANY)
    mine = supervisor(tmp_path, ANY)
    mine.cell("dlp_alerts_sent_total", "hook").inc()
    page = get(endpoint, "/metrics")[2]
    assert b'dlp_alerts_sent_total{channel="hook"} 1.0' in page
    assert b"dlp_workers 1.0" in page
    assert b"dlp_reload_success 1.0" in page
    mine.close()
    metrics.close()
