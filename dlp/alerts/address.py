"""
Where a channel's messages go: a URL taken apart, or why it cannot be used.

Rule: TLS, verified; plain http to this machine, or where the file says it is meant.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from dlp.model import noun
from dlp.record.mask import reads_like_words
from dlp.rulefile import Wrong

_PORTS = {"https": 443, "http": 80}


@noun
class Address:
    """An http or https URL."""

    secure: bool
    host: str
    port: int
    target: str
    """Path and query."""


def address(url: str, *, plain_http: bool) -> Address:
    """
    Take a URL apart.

    Raises:
        Wrong: it is none that messages may be sent to. Says nothing of what it holds.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Wrong("is not a URL", "write as in https://host/path") from None
    if parts.scheme not in _PORTS or not parts.hostname or not url.isascii():
        raise Wrong("is not an http or https URL", "write as in https://host/path")
    if any(letter <= " " or letter == "\x7f" for letter in url):
        raise Wrong("has white space or control characters", "escape or remove them")
    if parts.username or parts.password or parts.fragment:
        raise Wrong("has a user or a fragment", "leave them out")
    secure = parts.scheme == "https"
    if not secure and not plain_http and not _here(parts.hostname):
        raise Wrong(
            "is plain http to another machine",
            "use https, or write `plain_http: true` where the network is yours",
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Address(secure, parts.hostname, port or _PORTS[parts.scheme], target)


def written_address(url: str, *, plain_http: bool) -> Address:
    """
    The same for a URL that stands in the rules file, where no secret may stand.

    Raises:
        Wrong: it cannot be used, or looks as if it held a secret.
    """
    taken = address(url, plain_http=plain_http)
    path, _, query = taken.target.partition("?")
    if query or not all(map(_plain, path.split("/"))):
        raise Wrong(
            "looks as if it held a secret",
            "take it from outside: `url: {env: NAME}` or `url: {file: PATH}`",
        )
    return taken


def _plain(segment: str) -> bool:
    return len(segment) < 12 or reads_like_words(segment)


def _here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
