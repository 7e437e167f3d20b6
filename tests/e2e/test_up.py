"""`dlp up` as a process: what it prints, when it refuses to start, how it ends."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.harness.proxy import free_port, make_state

pytestmark = pytest.mark.e2e

DLP = str(Path(sys.executable).with_name("dlp"))


@pytest.fixture
def start(tmp_path):
    started = []

    def up(*flags: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [DLP, "up", "--state", str(tmp_path / "state"), *flags],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield up
    for process in started:
        process.kill()
        process.communicate()


def addresses() -> list[str]:
    return [
        *("--listen", f"127.0.0.1:{free_port()}"),
        *("--metrics", f"127.0.0.1:{free_port()}"),
    ]


@pytest.mark.parametrize(("workers", "cold"), [("1", True), ("2", False)])
def test_ready_means_listening_and_well_and_sigterm_ends_with_0(
    start, tmp_path, compiled, workers, cold
):
    """Whoever reads the line, and systemd (Type=notify), are told at the same time."""
    if not cold:
        make_state(tmp_path / "state", compiled)
    flags = addresses()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        name = f"dlp-{secrets.token_hex(8)}"
        channel.bind(f"\0{name}")
        channel.settimeout(30)
        process = start(*flags, "--workers", workers, NOTIFY_SOCKET=f"@{name}")
        assert process.stdout.readline() == "ready\n"
        with urllib.request.urlopen(f"http://{flags[3]}/healthz", timeout=30) as answer:
            assert answer.status == 200
        assert channel.recv(64) == b"READY=1"
    assert (tmp_path / "state" / "ca" / "ca.pem").is_file()
    host, port = flags[1].split(":")
    socket.create_connection((host, int(port)), 1).close()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    if cold:
        assert "still starting; rules are compiled" in process.stderr.read()


def test_a_taken_port_is_named_and_nothing_starts(start):
    flags = addresses()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", int(flags[1].split(":")[1])))
        other.listen()
        process = start(*flags)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert flags[1] in err
    assert "--listen" in err


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--listen", "8080"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--rules", "/nowhere"], "no such folder"),
        (["--workers", "0"], "workers"),
        (["--state", "/proc/nowhere"], "--state"),
    ],
)
def test_a_bad_flag_ends_with_2_and_says_what_is_wrong(start, flags, named):
    process = start(*flags)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert named in err
