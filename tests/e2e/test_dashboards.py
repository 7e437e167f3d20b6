"""Every panel of every dashboard shows something when a real Prometheus scrapes us."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import string
import subprocess
import time
import urllib.parse
import urllib.request

import httpx
import pytest

from tests.dashboards.test_boards import PROMETHEUS, QUERIES, filled
from tests.harness.proxy import UPSTREAM, free_port

POLICY = """\
version: 1
statements:
  - {id: some, effect: allow, hosts: [a.test], ports: ["*"]}
"""


@pytest.fixture(scope="module")
def prometheus(start_proxy, plain_origin, authority):
    if not shutil.which("prometheus"):
        pytest.skip("Debian's prometheus is missing")
    proxy = start_proxy(POLICY, arguments=["--workers", "2"])
    secret = "".join(random.choices(string.ascii_letters, k=40))
    port = free_port()
    (proxy.folder / "prometheus.yml").write_text(PROMETHEUS % proxy.metrics[1])
    process = subprocess.Popen(
        ["prometheus", f"--config.file={proxy.folder}/prometheus.yml",
         f"--storage.tsdb.path={proxy.folder}/data", "--log.level=error",
         f"--web.listen-address=127.0.0.1:{port}"],
    )  # fmt: skip
    began = time.time()
    try:
        for _ in range(6):
            traffic(proxy, plain_origin, secret)
            time.sleep(1)
        os.kill(proxy.workers()[0], signal.SIGKILL)
        deadline = time.monotonic() + 60
        while "dlp_worker_starts_total 3.0" not in proxy.scrape()[1]:
            traffic(proxy, plain_origin, secret)
            assert time.monotonic() < deadline
            time.sleep(0.5)
        proxy.write_policy(POLICY + "# new\n", UPSTREAM.format(ca=authority.pem))
        for _ in range(4):
            traffic(proxy, plain_origin, secret)
            time.sleep(1)
        yield port, began
    finally:
        process.terminate()
        process.wait()


def traffic(proxy, origin, secret):
    """Allowed, refused, found; whether the proxy is there or starting again."""
    key = "sk-ant-" + "api03-" + (secret * 3)[:93] + "AA"
    with httpx.Client(proxy=proxy.url, trust_env=False, timeout=5) as http:
        for url, body in (
            (origin.url("/", "a.test"), b"hello"),
            (origin.url("/", "a.test"), b"\x89PNG\0" * 99),
            (origin.url("/", "b.test"), b"no"),
            (origin.url("/", "a.test"), f"key: {key}".encode()),
        ):
            try:
                http.post(url, content=body)
            except httpx.HTTPError:
                continue


@pytest.mark.parametrize("name", QUERIES)
def test_a_panel_shows_something(prometheus, name):
    port, began = prometheus
    values = drawn(port, filled(QUERIES[name]), began)
    assert values, "no series"
    assert any(value != "NaN" for value in values)


def drawn(port, expr, began):
    """The values of a graph from `began` until now, as a panel asks for them."""
    query = {"query": expr, "start": began, "end": time.time(), "step": 1}
    url = f"http://127.0.0.1:{port}/api/v1/query_range?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        series = json.load(answer)["data"]["result"]
    return [value for row in series for _, value in row["values"]]
