"""Run the scenarios, print the table: `python -m tests.bench [--json] [--quick]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import contender, load
from tests.harness.ca import Authority

CONTENDERS = {
    "stock": contender.stock,
    "slim": contender.slim,
    "dlp": contender.ours,
    "dlp x2": partial(contender.ours, workers=2),
}
"""Two workers share the machine's cores with client and origin, as in real life."""


WARM_UP_S = 1.0


@dataclass(frozen=True)
class Scenario:
    """One row: what is sent, how."""

    name: str
    method: str
    size: int
    connections: int
    tls: bool


SCENARIOS = [
    Scenario("POST 2 KB", "POST", 2048, 16, tls=False),
    Scenario("POST 2 KB TLS", "POST", 2048, 16, tls=True),
    Scenario("POST 2 KB, 1 connection", "POST", 2048, 1, tls=False),
    Scenario("POST 2 KB TLS, 1 connection", "POST", 2048, 1, tls=True),
    Scenario("POST 100 KB", "POST", 100 << 10, 16, tls=False),
    Scenario("POST 100 KB TLS, 1 connection", "POST", 100 << 10, 1, tls=True),
    Scenario("GET", "GET", 0, 16, tls=False),
    Scenario("GET TLS", "GET", 0, 16, tls=True),
]


def chat(size: int) -> bytes:
    """A chat request of about `size` bytes, as an agent sends it."""
    words = "the agent reads a file and then writes the next step of its plan".split()
    messages, length, turn = [], 120, 0
    while length < size:
        text = " ".join(words[(turn + i) % len(words)] for i in range(24))
        messages.append({"role": ("user", "assistant")[turn % 2], "content": text})
        length += len(text) + 38
        turn += 1
    messages[-1]["content"] += f" turn {load.TURN.decode()}"
    return json.dumps(
        {"model": "model-large-1", "max_tokens": 1024, "messages": messages}
    ).encode()


def target(
    proxy: contender.Contender, ports: tuple[int, int], *, tls: bool
) -> load.Target:
    return load.Target(
        ("127.0.0.1", proxy.port),
        "localhost",
        ports[tls],
        str(proxy.trust) if tls else "",
    )


def measure(proxy, ports, scenario: Scenario, seconds: float) -> dict[str, float]:
    to = target(proxy, ports, tls=scenario.tls)
    body = chat(scenario.size) if scenario.size else b""
    message = load.request(to, scenario.method, "/v1/messages", body)
    before = proxy.cpu_s()
    sample = asyncio.run(load.run(to, message, scenario.connections, seconds))
    spent = proxy.cpu_s() - before
    return {
        "rate": sample.rate,
        "cpu_us": spent / len(sample.latencies) * 1e6,
        "p50_ms": sample.percentile(0.5) * 1e3,
        "p99_ms": sample.percentile(0.99) * 1e3,
    }


def settle(proxy) -> None:
    """Wait, for half a minute at most, until a start's work behind the scenes is done."""
    for _ in range(60):
        before = proxy.cpu_s()
        time.sleep(0.5)
        if proxy.cpu_s() - before < 0.02:
            return


def streams(proxy, ports) -> dict[str, float]:
    to = target(proxy, ports, tls=True)
    delays = asyncio.run(load.events(to))
    firsts = [asyncio.run(load.first_byte(to, 64)) for _ in range(3)]
    return {
        "sse_p50_ms": delays.percentile(0.5) * 1e3,
        "first_byte_ms": min(first for first, _ in firsts) * 1e3,
        "download_mb_s": 64 * 1.048576 / min(whole for _, whole in firsts),
    }


def run(names: list[str], seconds: float, rounds: int) -> dict[str, dict[str, dict]]:
    """Rounds are interleaved, so that a slow minute hits every contender alike."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        authority = Authority(folder)
        origin = stack.enter_context(
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.bench.origin",
                    authority.issue("localhost"),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(origin.terminate)
        plain, secure = map(int, origin.stdout.readline().split())
        ports = (plain, secure)
        running = {}
        for name in names:
            running[name] = CONTENDERS[name](folder, authority.pem)
            stack.callback(running[name].stop)
        for proxy in running.values():
            measure(proxy, ports, SCENARIOS[0], WARM_UP_S)
            settle(proxy)
        results: dict[str, dict[str, dict]] = {}
        for scenario in SCENARIOS:
            rows: dict[str, list[dict]] = {name: [] for name in names}
            for _ in range(rounds):
                for name, proxy in running.items():
                    rows[name].append(measure(proxy, ports, scenario, seconds))
            results[scenario.name] = {name: median(got) for name, got in rows.items()}
        results["streams"] = {
            name: streams(proxy, ports) for name, proxy in running.items()
        }
        results["memory"] = {
            name: {"rss_mb": proxy.rss_bytes() / 1e6} for name, proxy in running.items()
        }
        return results


def median(rows: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def show(results: dict[str, dict[str, dict]]) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(
        f"{'':32}{'':8}{'req/s':>8}{'x stock':>9}{'cpu us':>8}{'p50 ms':>8}{'p99 ms':>8}"
    )
    for scenario, rows in results.items():
        if scenario in ("streams", "memory"):
            continue
        base = rows.get("stock")
        for name, row in rows.items():
            ratio = f"{row['rate'] / base['rate']:9.2f}" if base else " " * 9
            print(
                f"{scenario if row is base or not base else '':32}{name:8}{row['rate']:8.0f}{ratio}{row['cpu_us']:8.0f}"
                f"{row['p50_ms']:8.2f}{row['p99_ms']:8.2f}"
            )
    for name, row in results["streams"].items():
        facts = ", ".join(f"{key} {value:.1f}" for key, value in row.items())
        print(f"{'streams (TLS)':32}{name:8} {facts}")
    for name, row in results["memory"].items():
        print(f"{'memory':32}{name:8} {row['rss_mb']:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=[*CONTENDERS])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    results = run(arguments.only, arguments.seconds, arguments.rounds)
    if arguments.json:
        print(json.dumps(results, indent=1))
    else:
        show(results)


if __name__ == "__main__":
    main()
