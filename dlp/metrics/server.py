"""`/metrics` and `/healthz`: a small HTTP server in a thread of the supervisor."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6
from threading import Thread

import orjson

from dlp.errors import StateError
from dlp.metrics import cells
from dlp.metrics.counting import folder_of
from dlp.metrics.exposition import page
from dlp.metrics.health import health
from dlp.metrics.table import SUPERVISOR

_REQUEST_S = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The running server."""

    server: ThreadingHTTPServer
    thread: Thread

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self.server.server_address[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def serve(state: Path, address: tuple[str, int], workers: int = 1) -> Endpoint:
    """
    Tell the metrics and health of the proxy whose workers count for `address`.

    Numbers of workers that are gone by now are forgotten.

    Raises:
        StateError: the address cannot be listened on.
    """
    folder = folder_of(state, address)
    cells.clear(folder)
    handler = type("Handler", (_Handler,), {"folder": folder, "workers": workers})
    kind = AF_INET6 if ":" in address[0] else AF_INET
    server_class = type("Server", (_Server,), {"address_family": kind})
    try:
        server = server_class(address, handler)
    except OSError as error:
        raise StateError(
            f"cannot listen on {address[0]}:{address[1]} for metrics: "
            f"{error.strerror}; name another with --metrics"
        ) from error
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    return Endpoint(server, thread)


def forget(state: Path, address: tuple[str, int]) -> None:
    """Drop what an earlier run counted. Call it before the workers start."""
    folder = folder_of(state, address)
    cells.clear(folder)
    cells.clear(folder / SUPERVISOR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 16

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is not worth a traceback on stderr."""


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    workers: int
    timeout = _REQUEST_S
    server_version = "agent-dlp"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with the page of the path."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            body, media_type = page(self.folder, self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, body, media_type)
        elif path == "/healthz":
            self._health()
        else:
            body = b"agent-dlp: /metrics, /healthz\n"
            self._answer(HTTPStatus.NOT_FOUND, body, "text/plain")

    do_HEAD = do_GET  # noqa: N815  # the name http.server calls

    def _health(self) -> None:
        parts = health(self.folder, time.time(), self.workers)
        failed = [name for name, works in parts.items() if not works]
        status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
        told = {
            "status": "failing" if failed else "ok",
            "failing": failed,
            "components": {
                n: "ok" if works else "failing" for n, works in parts.items()
            },
        }
        self._answer(status, orjson.dumps(told) + b"\n", "application/json")

    def _answer(self, status: HTTPStatus, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests to this endpoint are not worth a log line."""
