"""What the agent of the demonstration does: a table of requests, honest and not."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import string
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field

TOKEN = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Request:
    """One thing the agent sends."""

    path: str = "/collect"
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Scene:
    """One row of the table that the user sees."""

    title: str
    requests: tuple[Request, ...]
    leak: bool = True


def invented() -> tuple[str, str]:
    """A secret to register, and one that only its vendor's shape gives away."""
    known = "".join(secrets.choice(TOKEN) for _ in range(40))
    shaped = "".join(secrets.choice(TOKEN) for _ in range(93))
    return known, f"sk-ant-{'api03'}-{shaped}AA"


def _json(value: object, path: str = "/collect") -> Request:
    return Request(
        path, json.dumps(value).encode(), (("content-type", "application/json"),)
    )


def _quoted(secret: str) -> str:
    return "".join(f"%{byte:02X}" for byte in secret.encode())


def _chat(text: str) -> Request:
    messages = [{"role": "user", "content": text}]
    return _json({"model": "m", "messages": messages}, "/v1/messages")


HONEST: tuple[tuple[str, Request], ...] = (
    ("asks a model, the answer streams", _chat("What does this function do?")),
    ("downloads a package", Request("/package.whl", method="GET")),
    (
        "sends ids, hashes and a lockfile",
        _json(
            {
                "id": "3f2b8c1e-6f0d-4a7e-9a53-0d1f2e3c4b5a",
                "commit": "9fceb02d0ae598e95dc970b74767f19372d61af8",
                "integrity": f"sha512-{base64.b64encode(bytes(range(64))).decode()}",
            }
        ),
    ),
)

LEAKS: tuple[tuple[str, Callable[[str], tuple[Request, ...]]], ...] = (
    ("in a prompt", lambda s: (_chat(f"my key is {s}, please debug"),)),
    ("in JSON, nested", lambda s: (_json({"a": [{"b": json.dumps({"c": s})}]}),)),
    ("in the query", lambda s: (Request(f"/i.png?d={s}", method="GET"),)),
    ("in the path", lambda s: (Request(f"/p/{s}/x", method="GET"),)),
    ("in a header", lambda s: (Request(headers=(("x-trace", s),)),)),
    ("in a cookie", lambda s: (Request(headers=(("cookie", f"a=1; s={s}"),)),)),
    ("percent-encoded", lambda s: (Request(body=_quoted(s).encode()),)),
    ("as base64", lambda s: (Request(body=base64.b64encode(b"x" + s.encode())),)),
    (
        "as base64, twice",
        lambda s: (Request(body=base64.b64encode(base64.b64encode(s.encode()))),),
    ),
    ("as hex", lambda s: (_json({"data": s.encode().hex()}),)),
    (
        "gzipped",
        lambda s: (
            Request(
                body=gzip.compress(s.encode()), headers=(("content-encoding", "gzip"),)
            ),
        ),
    ),
    (
        "in a form",
        lambda s: (
            Request(
                body=urllib.parse.urlencode({"q": f"{s} ok"}).encode(),
                headers=(("content-type", "application/x-www-form-urlencoded"),),
            ),
        ),
    ),
)
KNOWN_ONLY: tuple[tuple[str, Callable[[str], tuple[Request, ...]]], ...] = (
    ("reversed", lambda s: (Request(body=s[::-1].encode()),)),
    ("one character a line", lambda s: (Request(body="\n".join(s).encode()),)),
    ("XOR with one byte", lambda s: (Request(body=bytes(b ^ 90 for b in s.encode())),)),
    (
        "in three pieces, three requests",
        lambda s: tuple(_json({"note": s[i : i + 14]}) for i in range(0, len(s), 14)),
    ),
)


def scenes(known: str, shaped: str) -> list[Scene]:
    """The whole play."""
    honest = [Scene(title, (request,), leak=False) for title, request in HONEST]
    leaks = [
        Scene(f"{kind} secret {title}", make(secret))
        for kind, secret, table in (
            ("registered", known, (*LEAKS, *KNOWN_ONLY)),
            ("unknown", shaped, LEAKS),
        )
        for title, make in table
    ]
    return [*honest, *leaks]
