"""
mitmproxy's requests as our messages, and rewritten parts back into a request.

Why not in `egress`: this is a pure mapping of two shapes, and must be exact: what is
not in a `Part` is not inspected.

Strategy: every byte that a client chose and that leaves is in one part: host, method,
target with query and fragment, all header names together, each header value under its
name, body, trailers likewise.
"""

from __future__ import annotations

from dataclasses import replace

from mitmproxy.http import Headers, Request

from dlp.model import Agent, Destination, Message, Part, PartKind

NAMES = b"\r\n"
"""Between header names: cannot stand in one, so nothing reads across it by chance."""

DIGESTS = ("content-md5", "digest", "content-digest", "repr-digest")
"""Headers that vouch for a body (RFC 1864, 3230, 9530); none holds for another."""
_NO_CODING = frozenset({"", "identity"})


def body_of(request: Request) -> Part:
    """What a request says of its body, without the body."""
    return Part(
        PartKind.BODY,
        b"",
        media_type=request.data.headers.get("content-type", ""),
        encodings=_codings(request.data.headers),
    )


def trailers_of(request: Request) -> tuple[Part, ...]:
    """The trailers of a request, as they would leave."""
    trailers = request.data.trailers
    return tuple(_fields(PartKind.TRAILER, trailers)) if trailers else ()


def to_message(agent: Agent, destination: Destination, request: Request) -> Message:
    """The whole of a request, as it would leave."""
    data = request.data
    parts = [
        Part(PartKind.HOST, destination.host.encode()),
        Part(PartKind.METHOD, data.method),
        Part(PartKind.TARGET, data.path),
        *_fields(PartKind.HEADER, data.headers),
    ]
    if data.content:
        parts.append(replace(body_of(request), data=data.content))
    parts += trailers_of(request)
    return Message(agent, destination, tuple(parts))


def rewrite(request: Request, message: Message, parts: tuple[Part, ...]) -> None:
    """
    Put the redacted parts in place of those that `message` was made of.

    Raises:
        ValueError: another part than the body changed; the request must not go on.
    """
    for old, new in zip(message.parts, parts, strict=True):
        if old.data == new.data:
            continue
        if old.kind is not PartKind.BODY:
            raise ValueError(f"a {old.kind} cannot be rewritten")
        request.data.content = new.data
        if old.encodings and not new.encodings:
            request.headers.pop("content-encoding", None)
        for name in DIGESTS:
            request.headers.pop(name, None)
        if "content-length" in request.headers:
            request.headers["content-length"] = str(len(new.data))


def _fields(kind: PartKind, headers: Headers) -> list[Part]:
    names = NAMES.join(name for name, _ in headers.fields)
    values = [
        Part(kind, value, name=name.decode("latin-1").lower())
        for name, value in headers.fields
    ]
    return [Part(kind, names), *values]


def _codings(headers: Headers) -> tuple[str, ...]:
    listed = ",".join(headers.get_all("content-encoding")).split(",")
    named = tuple(coding.strip().lower() for coding in listed)
    return tuple(coding for coding in named if coding not in _NO_CODING)
