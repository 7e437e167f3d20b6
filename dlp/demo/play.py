"""Runs the scenes against a real proxy and tells what arrived."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from dlp.demo.internet import CASE, Internet, internet
from dlp.demo.scenes import Request, Scene, invented, scenes
from dlp.detect.known.fingerprint import SecretInfo
from dlp.errors import StateError
from dlp.state.folder import usual_cache
from dlp.state.secrets import Registration, SecretStore

POLICY = """\
version: 1
upstream: {allow_private: ["127.0.0.0/8"]}
statements:
  - {id: demo, effect: allow, hosts: [127.0.0.1], ports: ["*"]}
"""
END_S = 15


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one scene."""

    title: str
    leak: bool
    verdict: str
    """`passed`, or the type of the refusal."""
    reference: str
    arrived: bool
    """Whether the other side got all of it."""

    pieces: int = 1
    """Requests it was spread over."""

    @property
    def rest(self) -> str:
        """What the other side got when it did not get all."""
        return "nothing" if self.pieces == 1 else "too little of it"

    @property
    def good(self) -> bool:
        """A leak that did not arrive, or honest work that did."""
        return self.arrived != self.leak


def play() -> Iterator[Row]:
    """
    Yield a row as each scene ends; all but compiled rules is removed at the end.

    Raises:
        StateError: the proxy did not start.
    """
    known, shaped = invented()
    with tempfile.TemporaryDirectory(prefix="dlp-demo-") as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        (folder / "rules" / "policy.yaml").write_text(POLICY, encoding="utf-8")
        (folder / "state").mkdir(mode=0o700)
        _share_cache(folder / "state")
        store = SecretStore(folder / "state")
        store.add([Registration(SecretInfo("demo-key"), known.encode())])
        (folder / "www").mkdir()
        with internet(folder / "www") as world, _proxy(folder) as address:
            for number, scene in enumerate(scenes(known, shaped)):
                yield _perform(address, world, str(number), scene)
            yield _clone(address, world, folder)


def _share_cache(state: Path) -> None:
    """With other processes of this user: to compile the rules takes longer than all."""
    cache = usual_cache()
    if cache is not None:
        with suppress(OSError):
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            (state / "cache").symlink_to(cache)


@contextmanager
def _proxy(folder: Path) -> Iterator[tuple[str, int]]:
    """A real `dlp up` of its own."""
    loopback = ("127.0.0.1", 0)
    with socket.create_server(loopback) as one, socket.create_server(loopback) as two:
        ports = one.getsockname()[1], two.getsockname()[1]
    words = [
        sys.executable, "-m", "dlp", "up", "--rules", str(folder / "rules"),
        "--state", str(folder / "state"), "--listen", f"127.0.0.1:{ports[0]}",
        "--metrics", f"127.0.0.1:{ports[1]}",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log)  # noqa: S603
    assert child.stdout is not None
    try:
        if child.stdout.readline().strip() != b"ready":
            raise StateError(
                "the demonstration's proxy did not start: "
                + (folder / "log").read_text(encoding="utf-8", errors="replace")[-500:]
            )
        yield ("127.0.0.1", ports[0])
    finally:
        child.terminate()
        child.wait(END_S)
        child.stdout.close()


def _perform(proxy: tuple[str, int], world: Internet, case: str, scene: Scene) -> Row:
    verdict = reference = ""
    for number, request in enumerate(scene.requests):
        answer = _send(proxy, world, f"{case}.{number}", request)
        verdict, reference = answer
    arrived = all(
        f"{case}.{number}" in world.arrived for number in range(len(scene.requests))
    )
    pieces = len(scene.requests)
    return Row(scene.title, scene.leak, verdict, reference, arrived, pieces)


def _send(
    proxy: tuple[str, int], world: Internet, case: str, request: Request
) -> tuple[str, str]:
    connection = http.client.HTTPConnection(*proxy, timeout=30)
    try:
        headers = {**dict(request.headers), CASE: case}
        body = request.body or None
        connection.request(request.method, world.url(request.path), body, headers)
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    if answer.getheader("content-type") == "application/problem+json":
        told = orjson.loads(data)
        return told["type"].rpartition(":")[2], told["reference"]
    return "passed", ""


def _clone(proxy: tuple[str, int], world: Internet, folder: Path) -> Row:
    git = shutil.which("git")
    title = "clones a git repository"
    if git is None:
        return Row(f"{title} (git is not installed)", False, "skipped", "", True)  # noqa: FBT003
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "http_proxy": f"http://{proxy[0]}:{proxy[1]}",
        "GIT_TERMINAL_PROMPT": "0",
    }
    words = [git, "clone", "-q", world.url("/project.git"), str(folder / "clone")]
    done = subprocess.run(words, env=environment, capture_output=True, check=False)  # noqa: S603
    good = done.returncode == 0
    return Row(title, False, "passed" if good else "refused", "", good)  # noqa: FBT003
