"""
What an HTTP request must look like before anybody judges its content.

Strategy: pure functions on mitmproxy's request objects. `check_*` returns the first
`Breach` or None and changes nothing. A breach is refused in `observe` mode, too.
Rule 1: one authority. What was asked for at CONNECT, the SNI and every Host or
:authority are one name after `normal_host`, or the request goes nowhere.
Rule 2: a request that two servers could frame or read differently is refused, not
repaired: RFC 9112, sections 2.2, 3, 5 and 11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.flow import Flow

from dlp.model import Channel, Destination, Reason
from dlp.policy.names import normal_authority, normal_host, normal_path

HEAD_BYTES = 64 << 10
"""Request line and headers together; 431 beyond."""
HEADERS = 200
"""Header fields; 431 beyond."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NEVER = frozenset({"CONNECT", "TRACE", "TRACK"})
"""No statement can allow these: a tunnel in a tunnel, and an echo of credentials."""
VERSIONS = frozenset({"HTTP/1.0", "HTTP/1.1", "HTTP/2.0"})
PORTS = {"http": 80, "https": 443}

_REWRITES = re.compile(
    rb"x-(?:http-)?(?:method|path|host|url|uri)-override|x-http-method"
    rb"|x-(?:envoy-)?(?:original|rewrite|override|forwarded)-(?:url|uri|path|method)"
    rb"|x-(?:original|rewrite|override)-host"
)
"""
Headers by which an origin serves another method, path or host than the one we judged:
of frameworks (Rails, Symfony, Zend), servers (IIS, nginx, Traefik) and gateways. What
only names a host (`X-Forwarded-Host`) is removed instead.
"""
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"host"})
"""A server that makes variables of headers takes `_` for `-` (RFC 3875, 4.1.18)."""
_TRAILERS = """
    host content-length transfer-encoding content-encoding content-type content-range
    authorization cookie proxy-authorization connection te trailer upgrade expect range
    cache-control max-forwards set-cookie
"""
NO_TRAILERS = frozenset(_TRAILERS.encode().split())
"""RFC 9110, 6.5.1: an origin that merges them would read another request."""

# RFC 9112, 3 and 5. The rest of the target is mitmproxy's and `normal_authority`'s.
_PROXY_LINE = re.compile(
    rb"(?:CONNECT [^/ ]+|[!-~]{1,32} https?://[!-~]+) HTTP/1\.[01]", re.IGNORECASE
)
_TUNNELLED_LINE = re.compile(rb"[!-~]{1,32} [/*][!-~]* HTTP/1\.[01]")
_FIELD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TARGET = re.compile(r"[!-\"$-~]+")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,31}")


@dataclass(frozen=True, slots=True)
class Breach:
    """A guard that fired."""

    guard: str
    """Its name in records and metrics."""
    status: int
    detail: str
    """For the operator. Never holds what was sent."""
    reason: Reason = Reason.PROTOCOL


def check_head(head: bytes, *, tunnelled: bool) -> Breach | None:
    """
    The bytes of an HTTP/1 request up to and with the empty line.

    mitmproxy's parser takes more than this: lone LF, tabs in the request line, folded
    fields, any control character, a path where a proxy must be told the host, and an
    absolute target where the tunnel has named it (RFC 9112, 3.2).
    """
    if len(head) > HEAD_BYTES:
        return HEAD_SIZE
    if not head.endswith(b"\r\n\r\n"):
        return Breach("line-ending", 400, "a line does not end with CR LF")
    request_line, *fields = head[:-4].split(b"\r\n")
    form = _TUNNELLED_LINE if tunnelled else _PROXY_LINE
    if not form.fullmatch(request_line):
        return Breach("request-line", 400, "the request line is malformed")
    if len(fields) > HEADERS:
        return HEAD_SIZE
    if not all(map(_FIELD.fullmatch, fields)):
        return Breach(
            "header-syntax", 400, "a header field is folded, unnamed or not text"
        )
    return None


HEAD_SIZE = Breach("head-size", 431, "more header than the limit")


def check_connect(request: http.Request) -> Breach | None:
    """A CONNECT: strict authority, and nothing that could be a second one."""
    try:
        host, port = normal_authority(request.data.authority.decode("ascii"))
    except ValueError:
        return Breach("authority", 400, "the CONNECT target is not host:port")
    if port is None:
        return Breach("authority", 400, "the CONNECT target names no port")
    if request.http_version not in VERSIONS:
        return _VERSION
    for value in request.headers.get_all("host"):
        if not _names(value, host, (port,)):
            return Breach("name-mismatch", 421, "Host is not the CONNECT target")
    return _check_headers(request)


def check_request(
    flow: http.HTTPFlow, more_methods: frozenset[str] = frozenset()
) -> Breach | None:
    """
    A request whose head is complete; the body may not be. `more_methods` are the
    methods that some statement of the policy names beside `METHODS`.
    """
    request = flow.request
    if request.http_version not in VERSIONS:
        return _VERSION
    method = request.data.method.decode("latin-1")  # `.method` is upper-cased
    if (
        method in NEVER
        or not _METHOD.fullmatch(method)
        or (method not in METHODS and method not in more_methods)
    ):
        return Breach("method", 400, "the method is not one that policy knows")
    return (
        _check_target(request)
        or _check_headers(request)
        or _check_names(flow)
        or _check_upgrade(request)
    )


_VERSION = Breach("version", 400, "not HTTP/1.0, HTTP/1.1 or HTTP/2")


def check_complete(request: http.Request) -> Breach | None:
    """A request that has arrived whole: what only its end can tell."""
    size = len(request.data.content or b"")
    return check_length(request, size) or check_trailers(request)


def check_length(request: http.Request, size: int) -> Breach | None:
    """The length that a request declared, where it did."""
    length = request.headers.get("content-length")
    if length is not None and length != str(size):
        return Breach("content-length", 400, "the body has another length")
    return None


def check_trailers(request: http.Request) -> Breach | None:
    """The trailers of a request, where it has any."""
    if request.trailers is None:
        return None
    names = {name.lower() for name, _ in request.trailers.fields}
    if names & NO_TRAILERS or any(name.startswith(b":") for name in names):
        return Breach("trailers", 400, "a trailer that belongs in the head")
    return _check_fields(request.trailers, 0)


def _check_target(request: http.Request) -> Breach | None:
    path = request.path
    if not _TARGET.fullmatch(path):
        return Breach("target", 400, "the target has a fragment or is not plain text")
    if path == "*":
        return (
            None if request.method == "OPTIONS" else Breach("target", 400, "a lone *")
        )
    if not path.startswith("/"):
        return Breach("target", 400, "the target is not a path")
    return None


def _check_headers(request: http.Request) -> Breach | None:
    return _check_fields(request.headers, len(request.path))


def _check_fields(headers: http.Headers, size: int) -> Breach | None:
    fields = headers.fields
    for name, value in fields:
        size += len(name) + len(value) + 4
        if _CONTROL.search(value) or _CONTROL.search(name):
            return Breach("header-syntax", 400, "a control character in a header")
        lower = name.lower()
        dashed = lower.replace(b"_", b"-")
        if _REWRITES.fullmatch(dashed) or (dashed != lower and dashed in _FRAMING):
            return Breach("rewrite-header", 400, "a header that changes the request")
        if lower == b"transfer-encoding" and value.strip().lower() != b"chunked":
            return Breach("transfer-encoding", 400, "a transfer coding but chunked")
    if size > HEAD_BYTES or len(fields) > HEADERS:
        return HEAD_SIZE
    return None


def _check_names(flow: http.HTTPFlow) -> Breach | None:
    request = flow.request
    tunnel = tunnel_of(flow)
    try:
        host = normal_host(tunnel[0] if tunnel else request.host)
    except ValueError:
        return Breach("authority", 400, "the host is not a host")
    hosts = request.headers.get_all("host")
    authority = request.data.authority.decode("latin-1")  # `.authority` is a U-label
    names = [*hosts, authority] if authority else hosts
    if len(hosts) > 1 or not names:
        return Breach("host-header", 400, "not exactly one Host")
    ports = (request.port, None)
    if not all(_names(name, host, ports) for name in names):
        return Breach("name-mismatch", 421, "Host is not where the request goes")
    if tunnel and flow.client_conn.tls and not sni_fits(flow.client_conn.sni, host):
        return Breach("name-mismatch", 421, "the SNI is not the CONNECT target")
    return None


def _check_upgrade(request: http.Request) -> Breach | None:
    values = ",".join(request.headers.get_all("upgrade")).lower()
    protocols = {token.strip() for token in values.split(",") if token.strip()}
    if not protocols - {"h2c"}:
        return None
    if protocols != {"websocket"}:
        return Breach("upgrade", 400, "an upgrade to something but WebSocket")
    if (
        request.method != "GET"
        or request.http_version != "HTTP/1.1"
        or request.headers.get_all("sec-websocket-version") != ["13"]
        or len(request.headers.get_all("sec-websocket-key")) != 1
    ):
        return Breach("upgrade", 400, "not the WebSocket handshake of RFC 6455")
    return None


def _names(value: str, host: str, ports: tuple[int | None, ...]) -> bool:
    try:
        named, port = normal_authority(value)
    except ValueError:
        return False
    return value.isascii() and named == host and (port is None or port in ports)


def sni_fits(sni: str | None, host: str) -> bool:
    """No SNI is not a second name: ours goes upstream in any case (RFC 6066, 3)."""
    if sni is None:
        return True
    try:
        return normal_host(sni) == host
    except ValueError:
        return False


def tunnel_of(flow: Flow) -> tuple[str, int] | None:
    """Host and port of the CONNECT this flow is in, None outside a tunnel."""
    address = flow.server_conn.address if flow.server_conn else None
    return (address[0], address[1]) if address else None


def is_websocket(request: http.Request) -> bool:
    """Whether a checked request asks for a WebSocket."""
    value: str = request.headers.get("upgrade", "")
    return value.strip().lower() == "websocket"


def destination_of(flow: http.HTTPFlow) -> Destination:
    """Where a checked request goes, in normal form."""
    request = flow.request
    websocket = is_websocket(request)
    scheme = request.scheme
    if websocket:
        scheme = "wss" if scheme == "https" else "ws"
    path, ambiguous = normal_path(request.path)
    return Destination(
        scheme=scheme,
        host=normal_host(request.host),
        port=request.port,
        method=request.method,
        path=path,
        channel=Channel.WEBSOCKET if websocket else Channel.HTTP,
        ambiguous=ambiguous,
    )


def connect_destination(request: http.Request) -> Destination:
    """Where a checked CONNECT goes. Its scheme is not known yet; TLS is assumed."""
    host, port = normal_authority(request.data.authority.decode("ascii"))
    return tunnel_destination(host, port or PORTS["https"])


def tunnel_destination(host: str, port: int) -> Destination:
    """The other end of a tunnel, whatever will be asked of it."""
    return Destination("https", host, port, "CONNECT", "/", channel=Channel.CONNECT)
