"""
What is removed from a message before it goes on.

Why not in `guards`: a guard refuses and changes nothing; this changes and refuses
nothing. It runs after identity was read and before content is judged, so that what is
judged is what leaves.
"""

from __future__ import annotations

from mitmproxy import http

from addons.guards import is_websocket
from dlp.policy.names import normal_authority

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"upgrade",
        b"http2-settings",
        b"alt-used",
        b"forwarded",
        b"x-forwarded-host",
        b"x-forwarded-server",
        b"x-host",
    }
)
"""RFC 9110, 7.6.1, and what names another host to an origin than the one we judged."""
KEPT = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-encoding"}
)
"""Naming these in Connection does not remove them: that would change the message."""


def clean_request(request: http.Request) -> None:
    """
    Remove hop-by-hop, `Proxy-*` and forwarding headers; write names in normal form, so
    that their spelling carries nothing.

    `TE: trailers` stays for HTTP/2 (gRPC servers insist on it), and the upgrade to
    WebSocket stays whole, with no extension but compression.
    """
    websocket = is_websocket(request)
    trailers = request.is_http2 and request.headers.get("te", "") == "trailers"
    named = b",".join(
        value for name, value in request.headers.fields if name.lower() == b"connection"
    )
    listed = {token.strip().lower() for token in named.split(b",")} - KEPT
    dropped = HOP_BY_HOP | listed
    request.headers.fields = tuple(
        (name, value)
        for name, value in request.headers.fields
        if (lower := name.lower()) not in dropped and not lower.startswith(b"proxy-")
    )
    if trailers:
        request.headers["te"] = "trailers"
    if websocket:
        _restore_upgrade(request)
    host = request.headers.get("host")
    if host is not None and host != (canonical := _canonical(host)):
        request.headers["host"] = canonical
    authority = request.data.authority.decode("ascii")
    if authority:
        request.data.authority = _canonical(authority).encode("ascii")


def _restore_upgrade(request: http.Request) -> None:
    request.headers["connection"] = "Upgrade"
    request.headers["upgrade"] = "websocket"
    offers: str = request.headers.pop("sec-websocket-extensions", "")
    kept = [o for o in offers.split(",") if o.strip().startswith("permessage-deflate")]
    if kept:
        request.headers["sec-websocket-extensions"] = ",".join(kept).strip()


def _canonical(authority: str) -> str:
    host, port = normal_authority(authority)
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def clean_response(response: http.Response) -> None:
    """Remove what would lead the client round the proxy (RFC 7838)."""
    for name in ("alt-svc", "proxy-authenticate", "proxy-authentication-info"):
        if name in response.headers:
            del response.headers[name]
