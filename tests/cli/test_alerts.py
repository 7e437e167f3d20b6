"""`dlp alerts test`: what it sends, and its exit codes."""

import http.server
import json
import threading

import pytest
from typer.testing import CliRunner

from dlp.cli import app
from dlp.errors import RuleError, UsageError

KEY = "k" * 32


@pytest.fixture
def server():
    """Accepts what comes at /good and refuses the rest; `server.seen` has the paths."""
    seen: list[tuple[str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append((self.path, body))
            self.send_response(200 if self.path.startswith("/good") else 403)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.seen = seen
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def rules(tmp_path, server, monkeypatch):
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("ALERT_KEY", KEY)
    (tmp_path / "policy.yaml").write_text("version: 1\nstatements: []\n")
    (tmp_path / "alerts.yaml").write_text(f"""\
version: 1
channels:
  good: {{type: webhook, url: "{url}/good", secret: {{env: ALERT_KEY}}}}
  bad: {{type: ntfy, url: "{url}/topic", token: {{env: ALERT_KEY}}}}
routes:
  - {{id: works, severity: [critical], to: [good]}}
  - {{id: fails, to: [bad, good]}}
""")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["alerts", "test", *map(str, words)])


def test_a_route_whose_channels_accept(rules, server):
    result = run("--rules", rules, "--route", "works")
    assert result.exit_code == 0
    assert result.output == "good (webhook): accepted\n"
    ((path, body),) = server.seen
    told = json.loads(body)
    assert (path, told["route"], told["alerts"][0]["kind"]) == (
        "/good",
        "works",
        "test",
    )


def test_every_channel_is_tried_once_and_one_failure_is_exit_1(rules, server):
    result = run("--rules", rules)
    assert result.exit_code == 1
    assert "good (webhook): accepted" in result.output
    assert "bad (ntfy): FAILED: answered 403" in result.output
    assert [path for path, _ in server.seen] == ["/good", "/"]
    assert KEY not in result.output


def test_as_json(rules):
    result = run("--rules", rules, "--json")
    told = json.loads(result.output)
    assert told["ok"] is False
    assert told["channels"]["bad"]["why"] == "answered 403"
    assert told["channels"]["good"] == {"why": "", "final": False, "retry_after": 0.0}


def test_a_route_that_is_not_there(rules):
    result = run("--rules", rules, "--route", "work")
    assert isinstance(result.exception, UsageError)
    assert "no route `work`; did you mean `works`?" in str(result.exception)


def test_without_routes_there_is_nothing_to_test(rules):
    (rules / "alerts.yaml").unlink()
    result = run("--rules", rules)
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == 2


def test_a_wrong_file(rules):
    (rules / "alerts.yaml").write_text("version: 1\nroute: []\n")
    result = run("--rules", rules)
    assert isinstance(result.exception, RuleError)
    assert "alerts.yaml:2:1: unknown key `route`; did you mean `routes`?" in str(
        result.exception
    )
