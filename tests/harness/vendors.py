"""
Vendors on loopback: one origin that answers as many hosts, each by its own table.

What stands here is how the real ones speak, as their documentation says, and only as
far as their own clients ask. The tokens that they issue are drawn anew for each run.
"""

import base64
import json
import os
import secrets
import string
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from dlp.cage.environment import variables, write_trust
from tests.harness.origin import Origin, Reply, Request
from tests.harness.proxy import Proxy

HOSTS = [
    *("registry-1.docker.io", "auth.docker.io", "ghcr.io"),
    "docker-images-prod.0123456789abcdef.r2.cloudflarestorage.com",
    "pkg-containers.githubusercontent.com",
    *("registry.npmjs.org", "tarballs.example.com", "upload.pypi.org"),
    "run-actions-1.actions.githubusercontent.com",
    *("github.com", "api.github.com", "github-cloud.s3.amazonaws.com"),
    *("gitlab.com", "lfs-store.example.com"),
    *("oauth2.googleapis.com", "storage.googleapis.com", "sts.googleapis.com"),
    *("sts.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"),
    *("login.microsoftonline.com", "team.vault.azure.net", "management.azure.com"),
    "team.blob.core.windows.net",
    *("slack.com", "wss-primary.slack.com", "files.slack.com"),
    *("discord.com", "gateway.discord.gg", "api.telegram.org"),
]

LETTERS = string.ascii_letters + string.digits

type Answer = Callable[[Request], Reply]


def drawn(size: int, alphabet: str = LETTERS) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(size))


def jwt(**claims: object) -> str:
    """A signed token (RFC 7519) as issuers make them, but for the signature."""
    head = {"alg": "RS256", "typ": "JWT", "kid": drawn(16)}
    pieces = [json.dumps(p, separators=(",", ":")).encode() for p in (head, claims)]
    pieces.append(secrets.token_bytes(256))
    return ".".join(
        base64.urlsafe_b64encode(piece).rstrip(b"=").decode() for piece in pieces
    )


def answer(document: object, status: int = 200, **headers: str) -> Reply:
    """A JSON document."""
    return data(json.dumps(document).encode(), status, **headers)


def data(
    body: bytes, status: int = 200, kind: str = "application/json", **headers: str
) -> Reply:
    fields = {
        "content-type": kind,
        "content-length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return Reply(status, tuple(fields.items()), (body,))


def redirect(location: str, status: int = 307) -> Reply:
    return data(b"", status, location=location)


def form(request: Request) -> dict[str, str]:
    """The fields of a form, or those of the query."""
    text = request.body.decode() or urlsplit(request.target).query
    return {name: values[0] for name, values in parse_qs(text).items()}


def basic(request: Request) -> str:
    """`user:password` of a request, or nothing."""
    scheme, _, pair = (request.header("authorization") or "").partition(" ")
    return base64.b64decode(pair).decode() if scheme.lower() == "basic" else ""


def bearer(request: Request) -> str:
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def host_of(request: Request) -> str:
    named = request.header(":authority") or request.header("host") or ""
    return named.partition(":")[0].lower()


class Vendors:
    """Hosts by name; `origin` records what all of them received."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.hosts: dict[str, Mapping[str, Answer]] = {}
        """Host -> prefix of a target -> answer; the longest prefix counts."""
        origin.handlers = {"/": self._answer, "http": self._answer}

    def url(self, host: str, path: str = "") -> str:
        return self.origin.url(path, host)

    def at(self, host: str, start: str = "") -> list[Request]:
        """What a host received, below a path if one is named."""
        return [
            request
            for request in list(self.origin.requests)
            if host_of(request) == host and request.target.startswith(start)
        ]

    def _answer(self, request: Request) -> Reply:
        table = self.hosts.get(host_of(request), {})
        starts = [start for start in table if request.target.startswith(start)]
        if not starts:
            return answer({"message": "no such page"}, 404)
        return table[max(starts, key=len)](request)


class Flows:
    """Vendors, a sink that is none of them, and the proxy between an agent and both."""

    def __init__(self, vendors: Vendors, sink: Origin, proxy: Proxy) -> None:
        self.vendors, self.sink, self.proxy = vendors, sink, proxy
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG"}}
        self.environment = kept | variables(proxy.url, write_trust(proxy.state))

    def run(self, *words: object, cwd: Path, **more: str) -> str:
        """A client that is to succeed, at home in `cwd`; what it printed."""
        done = subprocess.run(
            [str(word) for word in words],
            env=self.environment | {"HOME": str(cwd), **more},
            cwd=cwd,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
        return done.stdout.decode()

    def send(self, url: str, method: str = "POST", **options: object) -> int:
        """The status of one request of an agent."""
        with httpx.Client(
            proxy=self.proxy.url,
            verify=self.proxy.trust(),
            trust_env=False,
            timeout=30,
        ) as client:
            return client.request(method, url, **options).status_code

    def stays(self, token: str, *, in_header: bool) -> None:
        """
        Assert that a token reaches no unrelated host, but for the credential header
        where the table of design section 7 lets it pass (`in_header`).
        """
        self.sink.clear()
        url = self.sink.url("/x", "b.test")
        encoded = base64.b64encode(f"it is {token}".encode()).decode()
        for note in (token, encoded):
            assert self.send(url, json={"note": note}) == 403, note
        assert self.send(url, params={"q": token}, method="GET") == 403
        assert self.sink.empty
        fields = {"authorization": f"Bearer {token}"}
        status = self.send(url, headers=fields)
        assert status == (200 if in_header else 403)
        assert in_header is not self.sink.empty
