"""The proxies under test, as processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent
TICKS = os.sysconf("SC_CLK_TCK")
START_S = 60

POLICY = """\
version: 1
statements:
  - id: bench
    effect: allow
    hosts: [localhost]
    ports: ["*"]
upstream:
  allow_private: ["127.0.0.0/8", "::1/128"]
  trusted_ca: ["{ca}"]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Contender:
    """A running proxy."""

    name: str
    process: subprocess.Popen
    port: int
    trust: Path
    log: Path
    extra: dict[str, str] = field(default_factory=dict)

    def cpu_s(self) -> float:
        """CPU time of the process and everything below it so far."""
        return sum(map(_cpu_s, _family(self.process.pid)))

    def rss_bytes(self) -> int:
        return sum(map(_rss_bytes, _family(self.process.pid)))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def stock(folder: Path, origin_ca: Path) -> Contender:
    """`mitmdump -q` as installed."""
    port = free_port()
    return _started(
        "stock",
        [
            *(str(BIN / "mitmdump"), "-q", "--listen-host", "127.0.0.1"),
            *("-p", str(port), "--set", f"confdir={folder / 'stock'}"),
            *("--set", f"ssl_verify_upstream_trusted_ca={origin_ca}"),
        ],
        port,
        folder / "stock" / "mitmproxy-ca-cert.pem",
    )


def ours(folder: Path, origin_ca: Path, workers: int = 1) -> Contender:
    """`dlp up` with everything on."""
    port = free_port()
    if workers > 1:
        folder /= f"workers-{workers}"
    rules = folder / "rules"
    rules.mkdir(exist_ok=True, parents=True)
    (rules / "policy.yaml").write_text(POLICY.format(ca=origin_ca))
    return _started(
        "dlp up",
        [
            *(str(BIN / "dlp"), "up", "--rules", str(rules)),
            *("--state", str(folder / "state"), "--listen", f"127.0.0.1:{port}"),
            *("--metrics", f"127.0.0.1:{free_port()}"),
            *("--console", f"127.0.0.1:{free_port()}", "--workers", str(workers)),
        ],
        port,
        folder / "state" / "ca" / "ca.pem",
    )


def slim(folder: Path, origin_ca: Path) -> Contender:
    """Our master and layers without inspection: what `dlp up` adds is seen against it."""
    port = free_port()
    settings = {"port": port, "state": str(folder / "slim"), "ca": str(origin_ca)}
    return _started(
        "slim",
        [sys.executable, "-m", "tests.bench.slim", json.dumps(settings)],
        port,
        folder / "slim" / "ca" / "ca.pem",
    )


def _started(name: str, command: list[str], port: int, trust: Path) -> Contender:
    trust.parent.mkdir(parents=True, exist_ok=True)
    log = trust.parent / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    contender = Contender(name, process, port, trust, log)
    deadline = time.monotonic() + START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            pass
        else:
            if trust.exists():
                return contender
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{name} did not start:\n{log.read_text()}")
        time.sleep(0.05)


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children = (task / "children").read_text().split()
        found += [p for child in children for p in _family(int(child))]
    return found


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf(
        "SC_PAGE_SIZE"
    )
