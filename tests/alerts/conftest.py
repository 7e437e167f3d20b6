"""A recording HTTP server whose answers a test chooses, and a channel to it."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from dlp.alerts.compile import Channel
from dlp.alerts.sources import Source


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers with `answers` in turn, the last one for ever: (status, headers, body)."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(
        default_factory=lambda: [(200, {}, b"ok")]
    )
    came: threading.Condition = field(default_factory=threading.Condition)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def wait(self, count: int, seconds: float = 30) -> list[Received]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= count, seconds)
        return self.requests

    def take(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        with self.came:
            self.requests.append(request)
            self.came.notify_all()
            return self.answers[min(len(self.requests), len(self.answers)) - 1]


@pytest.fixture
def receiver():
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, answer = found.take(Received(self.path, headers, body))
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def channel(receiver):
    """`channel(type, path, secret)` to the receiver."""

    def made(kind: str, path: str = "/", secret: str = "", chat: str = "") -> Channel:
        return Channel(
            "here", kind, Source(text=receiver.url(path)),
            Source(text=secret) if secret else None, chat,
        )  # fmt: skip

    return made
