"""
Vendors on loopback: one origin that answers as many hosts, each by its own table.

What stands here is how the real ones speak, as their documentation says, and only as
far as their own clients ask. The tokens that they issue are drawn anew for each run.
"""

import base64
import json
import secrets
import string
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from tests.harness.origin import Origin, Reply, Request

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
