import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest

from dlp.audit.forms import FORMS
from dlp.audit.sinks import SinkError, sink
from dlp.audit.sinks.collectors import Elastic, Loki, Splunk
from dlp.audit.sinks.syslog import Syslog
from dlp.errors import UsageError
from tests.audit.forms.conftest import LINES
from tests.harness.ca import Authority

ROWS = [(line, text) for line in LINES.values() for text in FORMS["ocsf"](line)]


class Web:
    """A server that keeps requests and answers as told."""

    def __init__(self):
        self.requests = []
        self.answer = (200, b"{}")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), body))
                status, content = outer.answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_address[1]}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def web():
    web = Web()
    yield web
    web.close()


def test_splunk(web):
    sink(f"splunk+http://{web.address}", "t0ken").send(ROWS)
    ((path, headers, body),) = web.requests
    assert path == "/services/collector/event"
    assert headers["Authorization"] == "Splunk t0ken"
    events = [orjson.loads(line) for line in body.splitlines()]
    assert len(events) == len(ROWS)
    assert events[0]["time"] == 1.7e9
    assert events[0]["sourcetype"] == "agent-dlp:decision"
    assert events[0]["event"]["class_uid"] == 4002


def test_splunk_takes_lines_that_are_no_json(web):
    rows = [(LINES["block"], next(FORMS["cef"](LINES["block"])))]
    sink(f"splunk+http://{web.address}", "").send(rows)
    assert orjson.loads(web.requests[0][2])["event"].startswith("CEF:0|")


def test_loki(web):
    web.answer = (204, b"")
    sink(f"loki+http://{web.address}", "").send(ROWS)
    ((path, headers, body),) = web.requests
    assert path == "/loki/api/v1/push"
    assert headers["Content-Type"] == "application/json", (
        "else it is taken for protobuf"
    )
    streams = orjson.loads(body)["streams"]
    assert [stream["stream"]["kind"] for stream in streams] == ["decision", "operation"]
    assert streams[0]["values"][0][0] == "1700000000000000000"
    assert sum(len(stream["values"]) for stream in streams) == len(ROWS)


def test_elastic(web):
    sink(f"elastic+http://{web.address}/logs-dlp", "key").send(ROWS)
    ((path, headers, body),) = web.requests
    assert path == "/logs-dlp/_bulk"
    assert headers["Content-Type"] == "application/x-ndjson"
    assert headers["Authorization"] == "ApiKey key"
    lines = [orjson.loads(line) for line in body.splitlines()]
    assert body.endswith(b"\n")
    assert len(lines) == 2 * len(ROWS)
    assert set(lines[0]) == {"create"}
    of_block = [row for row in ROWS if row[0] is LINES["block"]]
    web.requests.clear()
    sink(f"elastic+http://{web.address}/logs-dlp", "").send(of_block)
    lines = [orjson.loads(line) for line in web.requests[0][2].splitlines()]
    ids = [line["create"]["_id"] for line in lines[::2]]
    assert ids == ["w0-7-0", "w0-7-1", "w0-7-2"]


@pytest.mark.parametrize(
    ("status", "accepted"), [(201, True), (409, True), (429, False), (400, False)]
)
def test_elastic_reads_what_became_of_each_line(web, status, accepted):
    web.answer = (200, orjson.dumps({"items": [{"create": {"status": status}}]}))
    place = sink(f"elastic+http://{web.address}/x", "")
    if accepted:
        place.send(ROWS[:1])
        return
    with pytest.raises(SinkError) as error:
        place.send(ROWS[:1])
    assert error.value.final is (status == 400)


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        ((503, b""), False),
        ((429, b""), False),
        ((403, b"secret body"), True),
        ((413, b""), True),
        ((200, b"<html>"), False),
        ((200, b'{"code": 9}'), False),
    ],
)
def test_a_refusal_is_an_error_and_quotes_nothing(web, answer, final):
    web.answer = answer
    with pytest.raises(SinkError) as error:
        sink(f"splunk+http://{web.address}", "t0ken").send(ROWS)
    assert error.value.final is final
    assert error.value.too_large is (answer[0] == 413)
    assert "secret" not in str(error.value)
    assert "t0ken" not in str(error.value)


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for kind in ("splunk+http", "syslog+tls"):
        with pytest.raises(SinkError) as error:
            sink(f"{kind}://{address}", "").send(ROWS)
        assert not error.value.final


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


def listen(context, received, port):
    """Take one TLS connection and keep what came until it is closed."""
    server = socket.create_server(("127.0.0.1", 0))
    port.append(server.getsockname()[1])

    def run():
        with server:
            plain, _ = server.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as stream:
                    while data := stream.recv(65536):
                        received.append(data)
                    stream.unwrap()
            except OSError as error:
                received.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_syslog_over_tls(authority):
    received, port = [], []
    context = authority.server_context(["localhost"], [])
    thread = listen(context, received, port)
    place = sink(f"syslog+tls://localhost:{port[0]}", "", str(authority.pem))
    place.send(ROWS)
    thread.join()
    stream, messages = b"".join(received), []
    while stream:
        length, _, rest = stream.partition(b" ")
        messages.append(rest[: int(length)].decode())
        stream = rest[int(length) :]
    assert len(messages) == len(ROWS)
    form = (
        r"<1(08|10)>1 2023-11-14T22:13:20\.000\+00:00 \S+ agent-dlp \d+ "
        r"(decision|operation) - \{.*\}"
    )
    assert all(re.fullmatch(form, message) for message in messages)
    blocks = [message.startswith("<108>") for message in messages]
    assert any(blocks)
    assert not all(blocks)


def test_an_unknown_certificate_is_refused(authority):
    received, port = [], []
    context = authority.server_context(["localhost"], [])
    thread = listen(context, received, port)
    with pytest.raises(SinkError, match="CERTIFICATE_VERIFY_FAILED"):
        sink(f"syslog+tls://localhost:{port[0]}", "").send(ROWS)
    thread.join()


@pytest.mark.parametrize(
    ("url", "kind", "port"),
    [
        ("syslog+tls://h", Syslog, 6514),
        ("splunk+https://h", Splunk, 8088),
        ("loki+https://h:1/p", Loki, 1),
        ("elastic+https://h/i", Elastic, 9200),
    ],
)
def test_urls(url, kind, port):
    made = sink(url, "")
    assert isinstance(made, kind)
    assert made.target.port == port
    assert made.target.secure


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://h", "splunk+http://example.com", "loki+https://", "syslog+tls://h:x",
     "syslog://h", "splunk://h"],
)  # fmt: skip
def test_urls_that_are_refused(url):
    with pytest.raises(UsageError):
        sink(url, "")
