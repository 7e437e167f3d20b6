"""
A network namespace without any route, with an unprivileged user and a proxy in it.

What tries to get out of a cage is tried there: whatever a hole lets through reaches no
network. Origins of this test run are bridged in port by port, over Unix sockets.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dlp.cage.relay import dial_tcp, serve_unix
from tests.harness.keeper import USER
from tests.harness.origin import Origin
from tests.harness.proxy import DLP, START_S, free_port

ROOT = Path(__file__).parents[2]
POLICY = """\
version: 1
statements:
  - id: test
    effect: allow
    hosts: ["*.test", localhost, 127.0.0.1, api.anthropic.com, api.openai.com]
    ports: ["*"]
cage: {hide: [/etc/hosts]}
"""
"""Without the hosts file a cage asks its own resolver, as on any other machine."""
KEEPER = Path(__file__).with_name("keeper.py")


@dataclass
class Island:
    """`run` runs a command there, as an unprivileged user."""

    hosts: dict[str, str]
    origins: dict[str, Origin]
    """On loopback here, to be reached on loopback there."""
    folder: Path = field(
        default_factory=lambda: Path(tempfile.mkdtemp(prefix="island-"))
    )
    proxy: str = ""
    """HOST:PORT of the proxy, once it runs."""
    metrics: str = ""

    def __post_init__(self) -> None:
        self._cannot: dict[str, str] = {}
        self.folder = self.folder.resolve()
        self.folder.chmod(0o755)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._log = (self.folder / "log").open("ab")
        spec = {"files": self._files(), "blocked": blocked(), "ports": self._bridges()}
        self._keeper = subprocess.Popen(
            [sys.executable, str(KEEPER), json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        if not self._keeper.stdout.readline():
            why = self.log
            self.close()
            pytest.skip(f"no network namespace can be made here: {why[-300:]}")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"]}

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def make(self, name: str) -> Path:
        """A folder of the unprivileged user."""
        path = self.folder / name
        path.mkdir(parents=True)
        return self.give(path)

    def give(self, path: Path) -> Path:
        """Hand a path and all below it over to that user."""
        if os.geteuid() == 0:
            for each in (path, *path.rglob("*")):
                os.chown(each, USER, USER, follow_symlinks=False)
        return path

    def run(self, *words, environment=None, folder=None, seconds=90, until=""):
        """As `subprocess.run`; with `until`, in the background from that line on."""
        wish = {
            "words": [str(word) for word in words],
            "environment": environment or self.environment,
            "folder": str(folder or self.folder),
            "seconds": seconds,
            "until": until,
        }
        self._keeper.stdin.write(json.dumps(wish) + "\n")
        self._keeper.stdin.flush()
        reply = json.loads(self._keeper.stdout.readline() or '{"code": -1}')
        assert reply["code"] != -1, self.log
        return subprocess.CompletedProcess(
            words, reply["code"], reply["out"], reply["err"]
        )

    def start_proxy(self, policy: str, compiled: Path) -> None:
        """The real `dlp up`, there."""
        self.state, self.rules = self.make("state"), self.make("rules")
        self.state.chmod(0o700)
        (self.rules / "policy.yaml").write_text(policy)
        shutil.copytree(compiled, self.state / "cache")
        self.give(self.state)
        self.give(self.rules)
        ports = [free_port() for _ in range(3)]
        self.proxy, self.metrics = (f"127.0.0.1:{port}" for port in ports[:2])
        options = ("--listen", "--metrics", "--console")
        words = [DLP, "up", "--rules", self.rules, "--state", self.state]
        for option, port in zip(options, ports, strict=True):
            words += [option, f"127.0.0.1:{port}"]
        done = self.run(*words, seconds=START_S, until="ready")
        assert done.returncode is None, self.log
        for made in (self.state / "cache").iterdir():
            if not (compiled / made.name).exists():
                shutil.copy(made, compiled)

    def furnish(self, folder: Path) -> None:
        """A home with a key in it, and a working folder."""
        (folder / "home" / ".ssh").mkdir(parents=True, exist_ok=True)
        (folder / "home" / ".ssh" / "id_test").write_text("private")
        (folder / "work").mkdir(exist_ok=True)
        self.give(folder)

    def contained(self, folder, options, *words, program=(DLP,), **variables):
        """`dlp run` of these words, in the working folder below `folder`."""
        self.furnish(folder)
        command = [*program, "run", "--proxy", self.proxy, "--state", self.state]
        return self.run(
            *command, "--rules", self.rules, *options, "--", *words,
            environment=self.environment | {"HOME": str(folder / "home"), **variables},
            folder=folder / "work",
        )  # fmt: skip

    def has(self, program: str) -> bool:
        """Whether that user can run it."""
        return not self.run("sh", "-c", f"command -v {program}").returncode

    def need(self, mode: str) -> None:
        """Skip the test where this machine allows no such cage."""
        if mode not in self._cannot:
            done = self.contained(self.make(mode), ["--cage", mode], "true")
            self._cannot[mode] = done.stderr if done.returncode else ""
        if self._cannot[mode]:
            pytest.skip(f"no {mode} here: {self._cannot[mode]}")

    def close(self) -> None:
        self._keeper.stdin.close()
        try:
            self._keeper.wait(20)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> dict[str, str]:
        hosts, resolver = self.folder / "hosts", self.folder / "resolv.conf"
        lines = ["127.0.0.1 localhost", *(f"{a} {n}" for n, a in self.hosts.items())]
        hosts.write_text("\n".join([*lines, ""]))
        resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        return {str(hosts): "/etc/hosts", str(resolver): "/etc/resolv.conf"}

    def _bridges(self) -> dict[int, str]:
        made = {}
        for port in (origin.port for origin in self.origins.values()):
            path = self.folder / f"{port}.sock"
            serving = serve_unix(path, dial_tcp("127.0.0.1", port))
            asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)
            path.chmod(0o777)
            made[port] = str(path)
        return made


def blocked() -> dict[str, list[str]]:
    """Folders that only root may enter, and what lies in them that a test needs."""
    found: dict[str, list[str]] = {}
    base = Path(sys.base_prefix).resolve()
    for path in sorted({base, Path(sys.prefix).resolve(), ROOT}):
        for above in reversed(path.parents):
            if above.stat().st_mode & 0o5 != 0o5:
                # Beside a Python stand the links by which it is known.
                whole = path == base and above != path.parent
                needed = path.parent if whole else path
                found.setdefault(str(above), []).append(str(needed))
                break
    return found
