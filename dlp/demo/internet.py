"""The other side: a recording server that plays a model, a git host and an index."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

CASE = "x-demo-case"
"""Header by which an arrival is told; the agent's requests carry it."""
WORDS = ("Nothing", "to", "see", "here.")
EVENT_PAUSE_S = 0.05


@dataclass(slots=True)
class Internet:
    """What arrived, by case."""

    port: int
    root: Path
    """Served as files: the git repository and the package."""
    arrived: dict[str, bytes] = field(default_factory=dict)
    """Request line, headers and body of each case."""

    def url(self, path: str) -> str:
        """Where it is, as the agent names it."""
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def internet(folder: Path) -> Iterator[Internet]:
    """Serve until the block ends."""
    _repository(folder)
    (folder / "package.whl").write_bytes(bytes(range(256)) * 4096)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    world = Internet(server.server_address[1], folder)
    _Handler.world = world
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    world: Internet
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note(b"")
        path = (self.world.root / unquote(self.path.partition("?")[0][1:])).resolve()
        if path.is_relative_to(self.world.root.resolve()) and path.is_file():
            self._answer(path.read_bytes(), "application/octet-stream")
        else:
            self._answer(b"not found", "text/plain", 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._note(body)
        if self.path != "/v1/messages":
            self._answer(b"ok", "text/plain")
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for word in WORDS:
            self.wfile.write(f"data: {word}\n\n".encode())
            self.wfile.flush()
            time.sleep(EVENT_PAUSE_S)

    def _note(self, body: bytes) -> None:
        case = self.headers.get(CASE)
        if case:
            head = f"{self.requestline}\n{self.headers}".encode()
            self.world.arrived[case] = head + body

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def _repository(folder: Path) -> None:
    """A git repository that plain HTTP can serve (git-update-server-info(1))."""
    work, bare = folder / "work", folder / "project.git"
    identity = ["-c", "user.name=demo", "-c", "user.email=demo@example.com"]
    steps = (
        ["git", "init", "-q", "-b", "main", str(work)],
        ["git", "-C", str(work), *identity, "commit", "-q", "--allow-empty", "-m", "x"],
        ["git", "clone", "-q", "--bare", str(work), str(bare)],
        ["git", "-C", str(bare), "update-server-info"],
    )
    for step in steps:
        subprocess.run(step, check=True, capture_output=True)  # noqa: S603
