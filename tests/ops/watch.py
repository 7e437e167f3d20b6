"""Prometheus and Alertmanager as processes, and a receiver that records alerts."""

import json
import re
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from ruamel.yaml import YAML

from tests.harness.proxy import free_port

DASHBOARDS = Path(__file__).parents[2] / "dashboards"
ALERTS = DASHBOARDS / "prometheus" / "alerts.yml"
ROUTES = DASHBOARDS / "alertmanager" / "alertmanager.yml"
SCRAPE_S = 15
"""As in `dashboards/prometheus/prometheus.yml`."""
TOOLS = ("prometheus", "promtool", "prometheus-alertmanager", "amtool")

FIRING = 'ALERTS{alertstate="firing"}'
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(?<=\[)(\d+)([smhd])(?=\])|(?<=for: )(\d+)([smhd])\b")


def faster(rules: str, factor: float) -> str:
    """The rules with every window and every `for` shorter by `factor`."""

    def shorter(found: re.Match[str]) -> str:
        number, unit = found[1] or found[3], found[2] or found[4]
        return f"{round(int(number) * _UNITS[unit] * 1000 / factor)}ms"

    return _DURATION.sub(shorter, rules)


class Receiver:
    """What Alertmanager sends, by the name of the receiver that got it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.alerts: list[tuple[str, dict]] = []
        """(receiver, alert) for each alert of each notification."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(body)
                for alert in json.loads(body)["alerts"]:
                    outer.alerts.append((self.path.strip("/"), alert))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Watch:
    """One Prometheus that scrapes `target`, and one Alertmanager; a context manager."""

    def __init__(
        self, folder: Path, target: tuple[str, int], factor: float = 1, scrape_s=1.0
    ) -> None:
        self.folder = folder
        self.receiver = Receiver()
        self.prometheus = f"http://127.0.0.1:{free_port()}"
        self.alertmanager = f"http://127.0.0.1:{free_port()}"
        self.began = time.time()
        self.seen: list[bytes] = []
        self._stack = ExitStack()
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "alerts.yml").write_text(faster(ALERTS.read_text(), factor))
        self._write_prometheus(target, scrape_s)
        self._write_alertmanager()

    def __enter__(self) -> Self:
        self._stack.callback(self.receiver.close)
        data = self.folder / "alertmanager-data"
        self._start(
            "prometheus-alertmanager",
            f"--config.file={self.folder}/alertmanager.yml",
            f"--storage.path={data}",
            f"--web.listen-address={self.alertmanager.removeprefix('http://')}",
            "--cluster.listen-address=",
        )
        self._start(
            "prometheus",
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/prometheus-data",
            f"--web.listen-address={self.prometheus.removeprefix('http://')}",
            "--enable-feature=exemplar-storage",
            "--no-storage.tsdb.wal-compression",  # so that what it keeps can be searched
            "--rules.alert.resend-delay=2s",
        )
        for url in (self.prometheus, self.alertmanager):
            until(lambda url=url: _ready(url))
        # Prometheus looks for its targets every five seconds, in fast time a minute.
        until(lambda: self._now("up == 1"), what="Prometheus does not scrape the proxy")
        until(lambda: not self._now(FIRING), what="something fires from the beginning")
        self.receiver.alerts.clear()
        self.began = time.time()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def ask(self, path: str, **query: object) -> object:
        """What Prometheus' API answers."""
        url = f"{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)["data"]

    def drawn(self, expr: str, end: float = 0, step: float = 1) -> list[dict]:
        """The series of an expression from the beginning on, as a panel asks."""
        query = {"start": self.began, "end": end or time.time(), "step": step}
        return self.ask("query_range", query=expr, **query)["result"]

    def _now(self, expr: str) -> list[dict]:
        return self.ask("query", query=expr)["result"]

    def firing(self, end: float = 0) -> dict[tuple[str, str], list[float]]:
        """(alert, agent) -> when it fired, as Prometheus saw it, since the beginning."""
        found: dict[tuple[str, str], list[float]] = {}
        for row in self.drawn(FIRING, end):
            key = (row["metric"]["alertname"], row["metric"].get("agent", ""))
            found.setdefault(key, []).extend(float(at) for at, _ in row["values"])
        return found

    def notified(self) -> set[tuple[str, str, str]]:
        """(receiver, alert, agent) of everything that was sent to somebody."""
        return {
            (receiver, alert["labels"]["alertname"], alert["labels"].get("agent", ""))
            for receiver, alert in self.receiver.alerts
            if alert["status"] == "firing"
        }

    def look(self) -> None:
        """Keep in `seen` all that both say over their interfaces, and what was sent."""
        everything = urllib.parse.urlencode({"match[]": '{__name__=~".+"}'})
        asked = (f"series?{everything}", "rules", "alerts", "targets", "metadata")
        pages = [f"{self.prometheus}/api/v1/{path}" for path in asked]
        pages += [f"{self.alertmanager}/api/v2/{path}" for path in ("alerts", "status")]
        self.seen = [*map(_get, pages), *self.receiver.bodies]

    def stop(self) -> None:
        """End both, so that all they keep is on disk."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(20)

    def _start(self, *command: str) -> None:
        log = self._stack.enter_context((self.folder / f"{command[0]}.log").open("wb"))
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        self._processes.append(process)
        self._stack.callback(process.wait, 20)
        self._stack.callback(process.terminate)

    def _write_prometheus(self, target: tuple[str, int], scrape_s: float) -> None:
        every = f"{round(scrape_s * 1000)}ms"
        config = {
            "global": {"scrape_interval": every, "evaluation_interval": every},
            "rule_files": ["alerts.yml"],
            "alerting": {"alertmanagers": [_static(self.alertmanager)]},
            "scrape_configs": [
                {"job_name": "agent-dlp", **_static("http://{}:{}".format(*target))}
            ],
        }
        YAML().dump(config, self.folder / "prometheus.yml")

    def _write_alertmanager(self) -> None:
        config = YAML().load(ROUTES)
        config["route"] |= {"group_wait": "200ms", "group_interval": "1s"}
        for receiver in config["receivers"]:
            url = f"{self.receiver.url}/{receiver['name']}"
            receiver["webhook_configs"] = [{"url": url}]
        YAML().dump(config, self.folder / "alertmanager.yml")


def _static(url: str) -> dict:
    target = url.removeprefix("http://")
    return {"static_configs": [{"targets": [target]}]}


def _ready(url: str) -> bool:
    try:
        return bool(_get(f"{url}/-/ready"))
    except OSError:
        return False


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def until(condition, seconds: float = 30, what: str = ""):
    """Wait until a condition holds; what it gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, what or "it did not come"
        time.sleep(0.05)
    return found
