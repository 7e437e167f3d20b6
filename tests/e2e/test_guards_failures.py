"""
Threats e1, e2, e10, e12: whatever breaks inside, nothing leaves.

Faults are set into the real program from outside (tests/harness/faults).
"""

import contextlib
import os
import random
import signal
import string
import threading
import time
import zlib
from pathlib import Path

import httpx
import pytest
import websockets.exceptions
import websockets.sync.client

from tests.harness.faults import Faults
from tests.harness.faults.sitecustomize import POINTS
from tests.harness.leaks import leaks
from tests.harness.proxy import UPSTREAM
from tests.harness.wire import Closed, Wire

MARK = "m4rker" + "".join(random.choices(string.ascii_letters + string.digits, k=30))


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    return Faults(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def proxy(start_proxy, faults):
    return start_proxy(environment=faults.environment)


def client(proxy, **options) -> httpx.Client:
    return httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=30, **options
    )


def refused(send) -> bool:
    """Whether a request was answered with a refusal, or not at all."""
    try:
        answer = send()
    except httpx.HTTPError:
        return True
    assert answer.status_code in (403, 502, 503), answer
    assert MARK not in answer.text
    return True


IN_TUNNELS = {
    "connect", "policy-connect", "hello", "upstream-tls", "certificate", "layer"
}  # fmt: skip
WAYS = [
    (fault, way)
    for fault in POINTS
    for way in ("plain", "TLS", "HTTP/2")
    if fault != "websocket" and not (way == "plain" and fault in IN_TUNNELS)
]


@pytest.mark.parametrize(("fault", "way"), WAYS, ids=map(" ".join, WAYS))
def test_an_exception_anywhere_refuses(proxy, faults, plain, secure, fault, way):
    origin = plain if way == "plain" else secure
    url = origin.url("/" + MARK, "a.test")
    http2 = way == "HTTP/2"
    with faults.on(fault):
        with client(proxy, http2=http2) as http:
            assert refused(lambda: http.get(url))
        with client(proxy, http2=http2) as http:
            assert refused(lambda: http.post(url, content=MARK.encode() * 3))
    assert origin.empty
    with client(proxy, http2=http2) as http:
        assert http.post(url, content=b"x").status_code == 200, "it goes on afterwards"


@pytest.mark.parametrize(
    "fault", ["detector", "decision", "audit", "metrics", "websocket", "identity"]
)
def test_an_exception_refuses_a_websocket_message(proxy, faults, origins, fault):
    origin = origins.start()
    with websockets.sync.client.connect(
        origin.url("/ws", "a.test").replace("http", "ws", 1), proxy=proxy.url
    ) as socket:
        socket.send("before")
        assert socket.recv() == "before"
        with faults.on(fault), pytest.raises(websockets.exceptions.ConnectionClosed):
            socket.send(MARK)
            socket.recv(5)
    time.sleep(0.2)
    assert ("text", b"before") in origin.messages
    assert MARK.encode() not in b"".join(data for _, data in origin.messages)


def test_a_process_that_dies_in_inspection_refuses(proxy, faults, plain):
    """Bodies over 1 MiB are inspected in a process of their own."""
    url = plain.url("/" + MARK, "a.test")
    with client(proxy) as http:
        assert http.post(url, content=b"plain words " * 200_000).status_code == 200
        plain.clear()
        with faults.on("detector", "die"):
            # Twice: the second meets a new process.
            for _ in range(2):
                assert refused(lambda: http.post(url, content=b"words " * 400_000))
        assert plain.empty
        assert http.post(url, content=b"words " * 400_000).status_code == 200


def test_a_killed_worker_sends_nothing_on(proxy, faults, plain):
    """The request it was looking at is lost; the next worker serves."""
    host = f"a.test:{plain.port}"
    worker = proxy.workers()[0]
    with faults.on("decision", "5"), Wire.to(proxy) as wire:
        wire.send(
            f"POST http://{host}/{MARK} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Length: 4\r\n\r\nbody".encode()
        )
        time.sleep(0.5)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises((Closed, OSError)):
            wire.response()
    assert plain.empty
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(httpx.HTTPError), client(proxy) as http:
            if http.get(plain.url("/again", "a.test")).status_code == 200:
                break
        assert time.monotonic() < deadline, proxy.log
        time.sleep(0.2)
    assert proxy.workers() != [worker]
    assert [r.target for r in plain.requests] == ["/again"]


def test_a_crashed_worker_is_started_again_and_sends_nothing_on(proxy, faults, plain):
    with faults.on("decision", "die"), client(proxy) as http:
        assert refused(lambda: http.get(plain.url("/" + MARK, "a.test")))
    assert plain.empty


def test_faults_are_reported_without_what_they_were_about(proxy, faults, plain):
    """e12: the text of an exception may hold payload."""
    with faults.on("decision"), client(proxy) as http:
        assert refused(lambda: http.post(plain.url("/" + MARK, "a.test"), content=MARK))
    assert '"exception":"Fault"' in proxy.log
    assert leaks(MARK, proxy.log_file, proxy.state) == []


@pytest.fixture(scope="module")
def small(start_proxy):
    """A proxy whose state lies on a file system of 12 MiB."""
    return start_proxy(state_size="12m")


def test_a_full_disk_refuses(small, plain):
    """e1: what cannot be recorded is not forwarded; it goes on when there is room."""
    root = Path(f"/proc/{small.pid}/root")
    state = Path(str(root) + str(small.state))
    free = os.statvfs(state)
    assert free.f_bavail * free.f_frsize > 8 << 20, "what only saves time takes none"
    with client(small) as http:
        assert http.get(plain.url("/before", "a.test")).status_code == 200
        plain.clear()
        filler = state / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
        statuses = [
            http.post(plain.url("/" + MARK, "a.test"), content=MARK).status_code
            for _ in range(200)
        ]
        assert set(statuses[-50:]) == {503}
        forwarded = statuses.count(200)
        assert len(plain.requests) == forwarded, "each that left was recorded"
        deadline = time.monotonic() + 15
        while (health := small.scrape("/healthz"))[0] != 503:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "audit" in health[1]
        filler.unlink()
        deadline = time.monotonic() + 10
        while http.get(plain.url("/after", "a.test")).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)


SECRETS = """\
version: 1
statements:
  - id: {id}
    effect: allow
    hosts: [a.test]
    ports: ["*"]
"""


def test_a_reload_in_the_middle_of_traffic_lets_nothing_through(
    start_proxy, origins, authority
):
    """
    e10: policy is swapped, broken and mended while three clients send a token, a
    clean request, and a request to a host that is never allowed.
    """
    upstream = UPSTREAM.format(ca=authority.pem)
    proxy, origin = start_proxy(SECRETS.format(id="zero")), origins.start()
    token = "ghp_" + "".join(random.choices(string.ascii_letters + string.digits, k=30))
    token += github_checksum(token)
    results: dict[str, list[int]] = {"token": [], "clean": [], "denied": []}
    running = True

    def send(kind: str, url: str, body: str) -> None:
        with client(proxy) as http:
            while running:
                results[kind].append(http.post(url, content=body).status_code)

    threads = [
        threading.Thread(target=send, args=args)
        for args in (
            ("token", origin.url("/token", "a.test"), f"please keep {token} safe"),
            ("clean", origin.url("/clean", "a.test"), "plain words"),
            ("denied", origin.url("/denied", "b.test"), "plain words"),
        )
    ]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    enough = began + 15
    turn = 0
    while time.monotonic() < enough or min(map(len, results.values())) <= 20:
        assert time.monotonic() < began + 120, results
        turn += 1
        broken = turn % 3 == 0
        policy = (
            "version: 1\nstatements: [{" if broken else SECRETS.format(id=f"t{turn}")
        )
        proxy.write_policy(policy, "" if broken else upstream)
        os.kill(proxy.pid, signal.SIGHUP)
        time.sleep(random.uniform(0.1, 1.5))
    running = False
    for thread in threads:
        thread.join(30)
    assert {r.target for r in origin.requests} == {"/clean"}
    assert token.encode() not in origin.received
    assert set(results["clean"]) == {200}
    assert set(results["token"]) == {403}
    assert set(results["denied"]) == {403}


def github_checksum(token: str) -> str:
    """Six base62 digits of the CRC-32 of what stands before (github.blog, 2021-04-05)."""
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    number, text = zlib.crc32(token[4:].encode()), ""
    while number:
        number, digit = divmod(number, 62)
        text = digits[digit] + text
    return text.rjust(6, "0")
