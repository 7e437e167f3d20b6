import json
import os
import shutil
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlp.doctor.access import User
from dlp.doctor.check import Status
from dlp.doctor.examine import examine
from dlp.doctor.picture import Picture
from dlp.doctor.table import CHECKS
from dlp.metrics import Metrics, serve
from dlp.metrics.health import COMPONENTS
from dlp.state import ca

BY_ID = {check.id: check for check in CHECKS}
OTHER = 54321
"""The user id of an agent that owns nothing."""


@pytest.fixture
def place():
    """A folder that every user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="dlp-doctor-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    before = os.umask(0o022)
    yield folder
    os.umask(before)
    shutil.rmtree(folder)


@pytest.fixture
def state(place):
    """A state folder with a CA."""
    folder = place / "state"
    folder.mkdir(mode=0o700)
    ca.open_authority(folder)
    return folder


@pytest.fixture
def agent(place):
    """An agent with a user and a home of its own."""
    home = place / "home"
    home.mkdir(mode=0o755)
    return User("agent", OTHER, frozenset({OTHER}), home)


@pytest.fixture
def picture(place, state, agent):
    """A machine laid out in a folder; keywords replace what it is."""

    def make(**other):
        work = place / "work"
        work.mkdir(exist_ok=True)
        usual = {
            "state": state,
            "agent": agent,
            "environment": {},
            "now": 2e9,
            "work": work,
            "root": place,
            "listen": ("127.0.0.1", 1),
            "metrics": ("127.0.0.1", 1),
            "console": ("127.0.0.1", 1),
            "prometheus": "http://127.0.0.1:1",
        }
        return Picture(**{**usual, **other})

    return make


@pytest.fixture
def write(place):
    """Lay out a file of the machine, readable by all."""

    def file(name, text="", mode=0o644):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return file


@pytest.fixture
def ourselves(agent):
    """Who runs the tests, with the agent's home."""
    return User("me", os.geteuid(), frozenset({os.getegid()}), agent.home)


@pytest.fixture
def seen(picture):
    """What one check sees of a machine; it must have been made."""

    def look(name, **other):
        (result,) = examine(picture(**other), [BY_ID[name]]).results
        assert result.status is not Status.SKIPPED, result.seen
        return result.seen

    return look


@pytest.fixture
def skipped(picture):
    """Why one check is not made of a machine."""

    def look(name, **other):
        (result,) = examine(picture(**other), [BY_ID[name]]).results
        assert result.status is Status.SKIPPED, result
        return result.seen[-1]

    return look


@pytest.fixture
def answers():
    """A server that answers paths from a table, and the rest with 404."""
    table = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, told = table.get(self.path.partition("?")[0], (404, {}))
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    table["address"] = server.server_address
    yield table
    server.shutdown()
    server.server_close()


@pytest.fixture
def closed():
    """An address where nobody answers."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield kept.getsockname()


@pytest.fixture(scope="module")
def endpoints():
    """Those that were opened; each takes half a second to close."""
    opened = []
    yield opened
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda endpoint: endpoint.close(), opened))


@pytest.fixture
def running(state, endpoints):
    """The real endpoint, with one worker that counts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    metrics = Metrics.open(state, address)
    for component in COMPONENTS:
        metrics.set("dlp_component_up", 1.0, component)
    metrics.beat(4e9)
    endpoints.append(serve(state, address))
    metrics.address = endpoints[-1].address
    yield metrics
    metrics.close()


@pytest.fixture
def told(seen, running):
    return lambda name, **other: seen(name, metrics=running.address, **other)
