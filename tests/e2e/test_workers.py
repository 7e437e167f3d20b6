"""Workers: one port and one metrics endpoint, a killed worker, rules that change."""

from __future__ import annotations

import itertools
import os
import re
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from addons.worker import DRAIN_S
from dlp.detect.templates import expand
from tests.harness.leaks import leaks
from tests.harness.proxy import POLICY, UPSTREAM
from tests.harness.wire import Wire

DENY = """\
version: 1
statements:
  - {id: other, effect: allow, hosts: [b.test], ports: ["*"]}
"""


def client(proxy, **options) -> httpx.Client:
    return httpx.Client(
        proxy=proxy.url, verify=proxy.trust(), trust_env=False, timeout=10, **options
    )


def wait(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def decisions(proxy) -> float:
    page = proxy.scrape()[1]
    rows = re.findall(r"^dlp_decisions_total\{.*\} (\S+)$", page, re.MULTILINE)
    return sum(map(float, rows))


@pytest.fixture(scope="module")
def pair(start_proxy):
    return start_proxy(arguments=["--workers", "2"])


@pytest.fixture(scope="module")
def shared(start_proxy):
    return start_proxy()


@pytest.fixture
def single(shared, authority):
    """One proxy for all that change its rules; they are good again for each test."""
    good = POLICY + UPSTREAM.format(ca=authority.pem)
    if (shared.rules / "policy.yaml").read_text() != good:
        before = shared.log.count('"reloaded"')
        shared.write_policy(good)
        wait(lambda: shared.log.count('"reloaded"') > before)
    return shared


def connect(proxy, count: int) -> list[Wire]:
    return [Wire.to(proxy) for _ in range(count)]


def test_workers_share_the_port_and_one_metrics_page(pair, plain):
    assert len(pair.workers()) == 2
    for _ in range(40):
        with client(pair) as http:
            assert http.get(plain.url("/", "a.test")).status_code == 200
    assert decisions(pair) == 40
    wait(lambda: pair.scrape("/healthz")[0] == 200)
    used = [p.name for p in (pair.state / "audit").rglob("*") if p.is_file()]
    assert {name.split(".")[0].split("-")[0] for name in used} >= {"w0", "w1"}


def test_a_killed_worker_is_replaced_and_passes_nothing_on(pair, plain):
    """Every connection of the dead worker breaks; none of its requests went on."""
    body = b"x" * 1000
    wires = connect(pair, 16)
    for number, wire in enumerate(wires):
        wire.send(
            f"POST http://a.test:{plain.port}/{number} HTTP/1.1\r\n"
            f"Host: a.test:{plain.port}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body[:-1]
        )
    time.sleep(0.5)
    before = pair.workers()
    os.kill(before[0], signal.SIGKILL)
    broken = [wire for wire in wires if wire.is_closed(0.5)]
    alive = [wire for wire in wires if wire not in broken]
    assert plain.requests == []
    assert broken
    for wire in alive:
        wire.send(body[-1:])
        assert wire.response().status == 200
    assert len(plain.requests) == len(alive)
    wait(lambda: len(pair.workers()) == 2 and set(pair.workers()) != set(before), 30)
    wait(lambda: pair.scrape("/healthz")[0] == 200, 60)
    with client(pair) as http:
        assert http.get(plain.url("/", "a.test")).status_code == 200
    for wire in wires:
        wire.sock.close()


def test_a_change_of_policy_is_in_force_within_two_seconds(single, plain):
    proxy = single
    with client(proxy) as http:
        assert http.get(plain.url("/", "a.test")).status_code == 200
        proxy.write_policy(DENY)
        began = time.monotonic()
        wait(lambda: http.get(plain.url("/", "a.test")).status_code == 403, 5)
        assert time.monotonic() - began < 20


def test_a_bad_file_leaves_the_last_good_rules_in_force(single, plain, authority):
    proxy = single
    proxy.write_policy("version: 1\nstatements: [{id: broken\n")
    wait(lambda: "dlp_reload_success 0" in proxy.scrape()[1])
    with client(proxy) as http:
        assert http.get(plain.url("/", "a.test")).status_code == 200
        assert http.get(plain.url("/", "evil.example")).status_code == 403
    assert "policy.yaml:" in proxy.log
    proxy.write_policy(POLICY, UPSTREAM.format(ca=authority.pem))
    wait(lambda: "dlp_reload_success 1" in proxy.scrape()[1])


def test_sighup_reloads(single, plain):
    proxy = single
    before = proxy.log.count("reloaded")
    os.kill(proxy.pid, signal.SIGHUP)
    wait(lambda: proxy.log.count("reloaded") > before)
    with client(proxy) as http:
        assert http.get(plain.url("/", "a.test")).status_code == 200


def test_rotating_the_ca_and_sighup_shows_the_new_one(single, secure):
    from dlp.state import ca

    proxy = single
    old = proxy.trust()
    ca.rotate(proxy.state)
    os.kill(proxy.pid, signal.SIGHUP)
    url = secure.url("/", "a.test")

    def shown() -> bool:
        try:
            with client(proxy) as http:
                return http.get(url).status_code == 200
        except httpx.ConnectError:
            return False

    wait(shown)
    with (
        httpx.Client(proxy=proxy.url, verify=old, trust_env=False) as http,
        pytest.raises(httpx.ConnectError),
    ):
        http.get(url)


def test_reloading_in_the_middle_of_traffic_lets_nothing_through(single, plain):
    """A denied destination stays denied at every moment of a hundred reloads."""
    proxy = single
    answers: list[int] = []
    done = threading.Event()

    def ask() -> None:
        with client(proxy) as http:
            while not done.is_set():
                answers.append(http.get(plain.url("/", "evil.example")).status_code)

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    good = (proxy.rules / "policy.yaml").read_text()
    for number in range(30):
        proxy.write_policy(good if number % 2 else "statements: [")
        if number % 5 == 0:
            os.kill(proxy.pid, signal.SIGHUP)
        time.sleep(0.1)
    proxy.write_policy(good)
    wait(lambda: len(answers) > 50)
    done.set()
    for asker in askers:
        asker.join()
    assert set(answers) == {403}
    assert plain.requests == []


def helpers(proxy) -> list[int]:
    """Pids of the processes that a worker has for inspection alone."""
    below = [
        Path(f"/proc/{pid}/task/{thread.name}/children").read_text().split()
        for pid in proxy.workers()
        for thread in Path(f"/proc/{pid}/task").iterdir()
    ]
    found = [int(pid) for pids in below for pid in pids]
    return [
        pid
        for pid in found
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


@pytest.mark.skipif((os.process_cpu_count() or 1) < 2, reason="no core to spare")
@pytest.mark.timeout(300)
def test_a_busy_worker_has_help_and_a_killed_helper_passes_nothing_on(single, plain):
    """It costs the request that it was reading; the worker reads those that waited."""
    proxy, secret = single, expand("{github:ghp_:36}", seed=91)
    answers: list[tuple[bool, int]] = []
    done = threading.Event()

    def ask(mine: int) -> None:
        with client(proxy) as http:
            for number in itertools.count():
                if done.is_set():
                    return
                bad = (
                    number % 16 == 0
                )  # what they cost must not keep others from coming
                text = f"step {mine}-{number} {secret if bad else 'is done'}"
                answer = http.post(plain.url("/", "a.test"), json={"text": text})
                answers.append((bad, answer.status_code))

    askers = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for asker in askers:
        asker.start()
    try:
        first = wait(lambda: helpers(proxy), 60)[0]
        loaded = cpu_ticks(first)
        wait(lambda: cpu_ticks(first) > loaded + 300, 120)
        before = len(answers)
        os.kill(first, signal.SIGKILL)
        wait(lambda: len(answers) > before + 200, 60)
    finally:
        done.set()
        for asker in askers:
            asker.join()
    assert {status for bad, status in answers if bad} <= {403, 503}
    refused = [status for bad, status in answers if not bad and status != 200]
    assert len(refused) <= 1
    assert plain.requests
    sent = b"".join(request.body for request in plain.requests)
    assert leaks(secret, sent, proxy.log_file, proxy.state, proxy.scrape()[1]) == []


def test_sigterm_lets_a_request_in_flight_finish(start_proxy, plain):
    proxy = start_proxy()
    with Wire.to(proxy) as wire:
        wire.send(
            f"GET http://a.test:{plain.port}/slow HTTP/1.1\r\n"
            f"Host: a.test:{plain.port}\r\n\r\n".encode()
        )
        plain.wait(lambda origin: origin.requests)
        os.kill(proxy.pid, signal.SIGTERM)
        assert wire.response().body == b"late"
    assert proxy.process.wait(30) == 0


def test_an_idle_tunnel_does_not_delay_the_end(start_proxy, secure):
    proxy = start_proxy()
    with Wire.to(proxy) as wire:
        wire.connect_tunnel(f"a.test:{secure.port}").start_tls(proxy, "a.test")
        began = time.monotonic()
        assert proxy.stop() == 0
        assert time.monotonic() - began < DRAIN_S


def test_workers_end_when_their_supervisor_is_killed(start_proxy):
    proxy = start_proxy()
    workers = proxy.workers()
    os.kill(proxy.pid, signal.SIGKILL)
    wait(lambda: not any(lives(pid) for pid in workers), 30)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_inspection_processes_end_with_their_worker(start_proxy, plain, number):
    """Also one that is busy, and one whose worker was killed (out of memory)."""
    proxy = start_proxy()
    body = b'{"text": "' + b"some words and more " * 60_000 + b'"}'
    with httpx.Client(proxy=proxy.url, trust_env=False, timeout=60) as http:
        assert http.post(plain.url("/", "a.test"), content=body).status_code == 200
    worker = proxy.workers()[0]
    child = wait(lambda: inspectors(worker), 30)[0]
    os.kill(child, signal.SIGSTOP)  # as busy as can be
    os.kill(worker, number)
    wait(lambda: not lives(worker), 30)
    if number == signal.SIGKILL:
        os.kill(child, signal.SIGCONT)
    wait(lambda: not lives(child), 30)


def lives(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}/exe")


def test_a_killed_inspection_process_refuses_its_message(start_proxy, plain):
    """Bodies over 1 MiB are inspected in a process; if it dies, nothing leaves."""
    proxy = start_proxy()
    body = b'{"text": "' + b"some words and more " * 600_000 + b'"}'
    answers: list[int] = []

    def post() -> None:
        with httpx.Client(proxy=proxy.url, trust_env=False, timeout=60) as http:
            answers.append(
                http.post(plain.url("/", "a.test"), content=body).status_code
            )

    poster = threading.Thread(target=post)
    poster.start()
    worker = proxy.workers()[0]
    child = wait(lambda: inspectors(worker), 30)[0]
    os.kill(child, signal.SIGKILL)
    poster.join()
    assert answers == [503]
    assert plain.requests == []
    with httpx.Client(proxy=proxy.url, trust_env=False, timeout=60) as http:
        assert http.post(plain.url("/", "a.test"), content=body).status_code == 200


def inspectors(worker: int) -> list[int]:
    with open(f"/proc/{worker}/task/{worker}/children") as children:
        pids = [int(pid) for pid in children.read().split()]
    return [pid for pid in pids if b"spawn_main" in cmdline(pid)]


def cmdline(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
