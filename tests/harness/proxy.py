"""
The real `dlp up` as a subprocess: own rules, state, ports, and its own hosts file.

Names resolve through /etc/hosts of a private mount namespace (`unshare`, with or
without root), so a test may use any name, also api.anthropic.com, and reach loopback.
Nothing else resolves: the name server is a loopback port where nobody answers.
"""

import functools
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DLP = Path(sys.executable).with_name("dlp")
START_S = 120

POLICY = """\
version: 1
statements:
  - id: test
    effect: allow
    hosts: ["*.test", localhost, 127.0.0.1, "::1"]
    ports: ["*"]
"""
"""Allows the names of the test origins on any port; `upstream:` is added."""

UPSTREAM = """\
upstream:
  allow_private: ["127.0.0.0/8", "::1/128"]
  trusted_ca: ["{ca}"]
"""


RESOLVER = f"127.{os.getpid() >> 16 & 255}.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
"""The only name server of a proxy: an address of this process, so that runs can share."""


_PORTS = random.SystemRandom()


def free_port(host: str = "127.0.0.1") -> int:
    """A port below those that connections take, or one of them may have it by then."""
    for _ in range(99):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, _PORTS.randrange(12_000, 32_000)))
            return probe.getsockname()[1]
    pytest.fail(f"no port is free at {host}")


def make_state(state: Path, compiled: Path) -> None:
    """An empty state folder whose cache is a link to `compiled`."""
    compiled.mkdir(exist_ok=True)
    state.mkdir(mode=0o700)
    (state / "cache").symlink_to(compiled)


@functools.cache
def namespace() -> list[str] | None:
    """The command that gives a private mount namespace, or None where none is."""
    for command in (["unshare", "-m"], ["unshare", "-rm"]):
        mount = [*command, "mount", "--bind", "/etc/hostname", "/etc/hostname"]
        if (
            shutil.which("unshare")
            and not subprocess.run(mount, check=False, capture_output=True).returncode
        ):
            return command
    return None


@dataclass
class Proxy:
    """A running `dlp up`."""

    folder: Path
    hosts: Mapping[str, str]
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    state_size: str = ""
    """Puts the state on a file system of its own of that size, as in `8m`."""
    process: subprocess.Popen | None = None
    listen: tuple[str, int] = ("127.0.0.1", 0)
    metrics: tuple[str, int] = ("127.0.0.1", 0)
    console: tuple[str, int] = ("127.0.0.1", 0)
    ready: threading.Event = field(default_factory=threading.Event)

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def ca(self) -> Path:
        root = f"/proc/{self.pid}/root" if self.state_size else ""
        return Path(f"{root}{self.state}/ca/ca.pem")

    @property
    def log_file(self) -> Path:
        return self.folder / "log"

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def url(self) -> str:
        return f"http://{self.listen[0]}:{self.listen[1]}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def trust(self) -> ssl.SSLContext:
        """A client context that trusts this proxy's CA and no other."""
        return ssl.create_default_context(cafile=str(self.ca))

    def write_policy(self, policy: str, upstream: str = "") -> None:
        """Replace rules/policy.yaml in one step."""
        self.rules.mkdir(exist_ok=True)
        temporary = self.rules / ".policy.new"
        temporary.write_text(policy + upstream)
        temporary.replace(self.rules / "policy.yaml")

    def start_from(self, compiled: Path) -> None:
        """Share compiled rules with the proxies started before."""
        make_state(self.state, compiled)

    def start(self, *, wait: bool = True) -> "Proxy":
        """Start it and wait for the line `ready`."""
        self.listen = ("127.0.0.1", free_port())
        self.metrics = ("127.0.0.1", free_port())
        self.console = ("127.0.0.1", free_port())
        command = [
            *self._in_namespace(),
            *(str(DLP), "up", "--rules", str(self.rules), "--state", str(self.state)),
            *("--listen", "{}:{}".format(*self.listen)),
            *("--metrics", "{}:{}".format(*self.metrics)),
            *("--console", "{}:{}".format(*self.console)),
            *self.arguments,
        ]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**_clean_environment(), **self.environment},
                cwd=self.folder,
                text=True,
            )
        self.ready.clear()
        threading.Thread(target=self._read_stdout, daemon=True).start()
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while not self.ready.wait(0.02):
            assert self.process is not None
            code = self.process.poll()
            assert code is None, f"dlp up ended with {code}:\n{self.log}"
            assert time.monotonic() < deadline, f"dlp up is not ready:\n{self.log}"

    def stop(self, seconds: float = 40) -> int:
        """SIGTERM by pid; its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail(
                f"dlp up did not end within {seconds} s of SIGTERM:\n{self.log}"
            )

    def workers(self) -> list[int]:
        """Pids of the processes below `dlp up`."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def scrape(self, path: str = "/metrics") -> tuple[int, str]:
        url = "http://{}:{}{}".format(*self.metrics, path)
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def _read_stdout(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "ready":
                self.ready.set()

    def _in_namespace(self) -> list[str]:
        command = namespace()
        if command is None:
            pytest.skip("needs `unshare -m` (root) or unprivileged user namespaces")
        hosts = self.folder / "hosts"
        lines = [f"{address} {name}" for name, address in self.hosts.items()]
        hosts.write_text("\n".join(["127.0.0.1 localhost", *lines, ""]))
        resolver = self.folder / "resolv.conf"
        resolver.write_text(f"nameserver {RESOLVER}\noptions timeout:1 attempts:1\n")
        small = (
            f"mount -t tmpfs -o size={self.state_size} none {self.state} && "
            if self.state_size
            else ""
        )
        script = (
            f"{small}mount --bind {hosts} /etc/hosts && "
            f'mount --bind {resolver} "$(readlink -f /etc/resolv.conf)" && exec "$@"'
        )
        return [*command, "sh", "-c", script, "sh"]


def _clean_environment() -> dict[str, str]:
    """Ours, without what would change how the proxy behaves."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("DLP_", "XDG_"))
    }
