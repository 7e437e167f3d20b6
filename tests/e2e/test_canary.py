"""A canary sent anywhere, also where it would belong, raises the count of its alert."""

import re
import subprocess
import time

import httpx
import pytest

from tests.harness.proxy import DLP


@pytest.fixture(scope="module")
def guarded(start_proxy):
    running = start_proxy(hosts={"api.github.com": "127.0.0.1"}, policy=POLICY)
    yield running
    running.stop()


POLICY = """\
version: 1
statements:
  - id: all
    effect: allow
    hosts: [a.test, api.github.com]
    ports: ["*"]
"""


@pytest.fixture(scope="module")
def canary(guarded):
    made = subprocess.run(
        [DLP, *"secrets canary bait --like github-token --state".split(), guarded.state],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded = re.compile(r"dlp_secrets_loaded 1(?:\.0)?$", re.MULTILINE)
    until(lambda: loaded.search(guarded.scrape()[1]))
    return made.stdout.strip()


def until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def touches(proxy):
    text = proxy.scrape()[1]
    found = re.search(
        r'^dlp_canary_touches_total\{agent="default"\} (\S+)', text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


@pytest.fixture(scope="module")
def vendor(origins):
    return origins.start("https", names=["api.github.com", "a.test"])


WAYS = {
    "in its slot at its vendor": ("api.github.com", lambda c: {"headers": {"authorization": f"Bearer {c}"}}),
    "in a body at its vendor": ("api.github.com", lambda c: {"json": {"note": c}}),
    "in another host's slot": ("a.test", lambda c: {"headers": {"authorization": f"token {c}"}}),
    "in a query": ("a.test", lambda c: {"params": {"q": c}}),
    "to a denied host": ("elsewhere.test", lambda c: {"json": {"note": c}}),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_touch_is_refused_and_counted(guarded, vendor, canary, way):
    host, made = way
    before = touches(guarded)
    vendor.clear()
    with httpx.Client(
        proxy=guarded.url, verify=guarded.trust(), trust_env=False, timeout=30
    ) as client:
        answer = client.post(vendor.url("/x", host), **made(canary))
    assert answer.status_code == 403
    assert vendor.empty
    until(lambda: touches(guarded) > before)
