"""`dlp backup` under traffic, and a proxy that runs with what `dlp restore` put back."""

import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest

from dlp import audit
from tests.harness.proxy import DLP

PHRASE = {"DLP_BACKUP_PASSPHRASE": "words of " + "a phrase", "PATH": "/usr/bin:/bin"}


def dlp(*words):
    return subprocess.run(
        [DLP, *map(str, words)], env=PHRASE, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def restored(start_proxy, plain_origin, tmp_path_factory):
    """A proxy, the file made while it had traffic, and the state restored from it."""
    proxy = start_proxy()
    folder = tmp_path_factory.mktemp("backup")
    begun, stop = threading.Event(), threading.Event()

    def traffic():
        with httpx.Client(proxy=proxy.url, trust_env=False, timeout=30) as client:
            while not stop.wait(0.02):
                client.post(plain_origin.url("/", "a.test"), content=b"hello")
                client.post(plain_origin.url("/", "denied.example"), content=b"hello")
                begun.set()

    thread = threading.Thread(target=traffic)
    thread.start()
    try:
        assert begun.wait(30)
        made = dlp("backup", folder / "file", "--state", proxy.state)
    finally:
        stop.set()
        thread.join()
    assert made.returncode == 0, made.stderr
    done = dlp("restore", folder / "file", "--state", folder / "state")
    assert done.returncode == 0, done.stderr
    return proxy, folder


def test_the_log_in_it_is_intact_and_holds_what_went_before(restored):
    """That it was made stands in the log it was made of, once it was made."""
    proxy, folder = restored
    report = audit.verify(folder / "state" / "audit")
    assert report.faults == ()
    verbs = [line.data.get("verb") for line in audit.lines(folder / "state" / "audit")]
    assert "state.restore" in verbs
    assert verbs.count(None) >= 2
    source = Path(proxy.state) / "audit"
    assert "state.backup" in [line.data.get("verb") for line in audit.lines(source)]


def test_it_is_not_put_under_a_running_proxy(restored):
    proxy, folder = restored
    before = (proxy.state / "ca" / "ca.pem").read_bytes()
    done = dlp("restore", folder / "file", "--state", proxy.state, "--replace")
    assert (done.returncode, "in use" in done.stderr) == (2, True)
    assert (proxy.state / "ca" / "ca.pem").read_bytes() == before


def test_a_proxy_goes_on_with_it_under_the_same_authority(restored):
    """The same proxy stops, takes its state back, and starts."""
    proxy, folder = restored
    authority = proxy.ca.read_bytes()
    compiled = (proxy.state / "cache").readlink()
    proxy.stop()
    done = dlp("restore", folder / "file", "--state", proxy.state, "--replace")
    assert done.returncode == 0, done.stderr
    (proxy.state / "cache").symlink_to(compiled)
    proxy.start()
    assert proxy.ca.read_bytes() == authority
    deadline = time.monotonic() + 30
    while proxy.scrape("/healthz")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert proxy.scrape("/healthz")[0] == 200
    assert audit.verify(proxy.state / "audit").faults == ()
