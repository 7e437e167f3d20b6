"""The proxy, its agents, their secrets, and the sites that they use."""

import json
import os
import random
import ssl
import string
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import websockets.sync.client

from tests.harness.ca import Authority
from tests.harness.origin import Origin, Origins
from tests.harness.proxy import DLP, UPSTREAM, Proxy, free_port
from tests.ops.watch import until

AGENTS = ("builder", "researcher", "intern")
SITES = ("chat.test", "code.test", "forms.test", "own.test", "pinned.test", "dead.test")
POLICY = """\
version: 1
statements:
  - {id: chat, effect: allow, hosts: [chat.test], ports: ["*"], on_secret: redact}
  - {id: code, effect: allow, hosts: [code.test, dead.test], ports: ["*"]}
  - {id: forms, effect: allow, hosts: [forms.test], ports: ["*"]}
  - {id: own-service, effect: allow, hosts: [own.test], ports: ["*"]}
  - {id: pinned-app, effect: allow, hosts: [pinned.test], ports: ["*"], inspect: none}
"""
ALERTS = """\
version: 1
channels:
  hook: {type: webhook, url: {env: ALERT_URL}, secret: {env: ALERT_KEY}}
routes:
  - {id: all, severity: [critical, warning], to: [hook]}
"""
LETTERS = string.ascii_letters + string.digits


@dataclass
class Company:
    """Everything but Prometheus. `close` ends what was started."""

    proxy: Proxy
    origins: Origins
    authority: Authority
    hook: Origin
    """Where the proxy's own alerts go."""
    tokens: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    """Registered for own.test."""
    canary: str = ""
    answers: list[tuple[str, int, str]] = field(default_factory=list)
    """(agent, status, reference of a refusal) of everything that was asked."""

    def __post_init__(self) -> None:
        self.site = self.origins.start("https")
        self.plain = self.origins.start("http")
        self._clients: dict[str, httpx.Client] = {}
        self._stranger: httpx.Client | None = None
        self._dead = free_port()

    @classmethod
    def found(cls, folder: Path, compiled: Path, state_size: str = "") -> "Company":
        """Start the proxy, register agents and secrets; see `Proxy.start_from`."""
        for name in ("ca", "proxy"):
            (folder / name).mkdir(parents=True)
        authority = Authority(folder / "ca")
        origins = Origins(authority, SITES).__enter__()
        hosts = dict.fromkeys(SITES, "127.0.0.1")
        hook = origins.start("http")
        proxy = Proxy(
            folder / "proxy", hosts, ["--workers", "2"], state_size=state_size,
            environment={"ALERT_URL": hook.url("/hook"), "ALERT_KEY": "k" * 40},
        )  # fmt: skip
        made = cls(proxy, origins, authority, hook)
        made.write_policy()
        (proxy.rules / "alerts.yaml").write_text(ALERTS)
        proxy.start_from(compiled)
        proxy.start()
        made._enrol()
        return made

    @property
    def state(self) -> Path:
        """The state folder as this process sees it."""
        root = f"/proc/{self.proxy.pid}/root" if self.proxy.state_size else ""
        return Path(f"{root}{self.proxy.state}")

    def write_policy(self, policy: str = POLICY) -> None:
        """Change the rules; a policy that is none stands without its end."""
        upstream = UPSTREAM.format(ca=self.authority.pem)
        self.proxy.write_policy(policy, upstream if policy.endswith("\n") else "")

    def dlp(self, *words: str, text: str | None = None) -> str:
        """What a command says."""
        done = subprocess.run(
            [DLP, *words, "--state", str(self.state)],
            input=text, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (
            f"dlp {' '.join(words)}: {done.stdout}{done.stderr}"
        )
        return done.stdout

    def url(self, host: str, path: str = "/", scheme: str = "https") -> str:
        """An address at one of the sites."""
        port = (self.site if scheme == "https" else self.plain).port
        return f"{scheme}://{host}:{self._dead if host == 'dead.test' else port}{path}"

    def ask(self, agent: str, host: str, *, path="/", scheme="https", **options) -> int:
        """One request of an agent; its status, 0 when there was no answer."""
        method = options.pop("method", "POST")
        url = self.url(host, path, scheme)
        for _ in range(2):
            try:
                answer = self._client(agent).request(method, url, **options)
            except httpx.HTTPError:
                self._clients.pop(agent).close()
                continue
            refused = answer.headers.get("content-type") == "application/problem+json"
            reference = answer.json().get("reference", "") if refused else ""
            self.answers.append((agent, answer.status_code, reference))
            return answer.status_code
        self.answers.append((agent, 0, ""))
        return 0

    def unread(self, agent: str) -> None:
        """A request through a tunnel that stays closed, on a connection of its own."""
        trust = ssl.create_default_context(cafile=str(self.authority.pem))
        options = {"proxy": self.proxy_url(agent), "verify": trust, "trust_env": False}
        with httpx.Client(**options) as http, suppress(httpx.HTTPError):
            http.post(self.url("pinned.test"), content=b"what only that app reads")

    def talk(self, agent: str) -> None:
        """Two messages over a WebSocket."""
        url = self.url("code.test", "/ws", "http").replace("http", "ws", 1)
        proxy = self.proxy_url(agent)
        with (
            suppress(websockets.exceptions.WebSocketException),
            websockets.sync.client.connect(url, proxy=proxy) as socket,
        ):
            for text in ("hello", "how are the tests?"):
                socket.send(text)
                socket.recv(20)

    def guess(self, times: int) -> None:
        """Somebody who has no token, on one connection: one worker counts."""
        if self._stranger is None:
            host, port = self.proxy.listen
            url = f"http://somebody:wrong@{host}:{port}"
            self._stranger = httpx.Client(proxy=url, trust_env=False, timeout=20)
        for _ in range(times):
            self._stranger.get(self.url("code.test", scheme="http"))

    def proxy_url(self, agent: str) -> str:
        host, port = self.proxy.listen
        return f"http://{agent}:{self.tokens[agent]}@{host}:{port}"

    def told(self) -> set[tuple[str, str]]:
        """(kind, agent) of what the proxy itself told."""
        bodies = [json.loads(request.body) for request in list(self.hook.requests)]
        return {(a["kind"], a["agent"]) for body in bodies for a in body["alerts"]}

    def close(self) -> None:
        for client in (*self._clients.values(), self._stranger):
            if client is not None:
                client.close()
        if self.proxy.process is not None and self.proxy.process.poll() is None:
            self.proxy.stop()
        self.origins.__exit__()

    def _client(self, agent: str) -> httpx.Client:
        if agent not in self._clients:
            self._clients[agent] = httpx.Client(
                proxy=self.proxy_url(agent),
                verify=self.proxy.trust(),
                trust_env=False,
                timeout=20,
            )
        return self._clients[agent]

    def _enrol(self) -> None:
        for agent in AGENTS:
            made = json.loads(self.dlp("agents", "add", agent, "--json"))
            self.tokens[agent] = made["token"]
        self.secret = "".join(random.choices(LETTERS, k=44))
        own = ("secrets", "add", "own-service", "--stdin", "--host", "own.test")
        self.dlp(*own, text=self.secret)
        made = self.dlp("secrets", "canary", "bait", "--like", "github-token")
        self.canary = made.strip()
        until(
            lambda: (
                "dlp_secrets_loaded 2.0" in self.proxy.scrape()[1]
                and 'agent="intern"' in self.proxy.scrape()[1]
            ),
            what="the proxy does not know its agents and secrets",
        )


def vendor_key() -> str:
    """Of a shape that the built-in rules know."""
    return "sk-ant-" + "api03-" + "".join(random.choices(LETTERS, k=93)) + "AA"


def ciphertext(size: int) -> bytes:
    """Noise of no known format."""
    return b"\xf7" + os.urandom(size - 1)
