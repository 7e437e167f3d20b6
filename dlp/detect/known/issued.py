"""
Tokens that a host hands out: read from the head and body of its answer.

Cookies, OAuth answers (RFC 6749, 5.1), tickets in URLs, the credentials of AWS STS.
What is read here becomes a known secret for as long as it lives, so only fields that
carry credentials by their name are looked at, never any random-looking string.

Why not in `dlp.decode`: that reads what an agent sends, and everything in it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

import orjson

from dlp.detect.cookies import is_instrument, pair

HOUR_S, DAY_S = 3600.0, 86400.0
LONGEST_S = 30 * DAY_S
"""What is believed of a lifetime at most."""
MOST_BYTES = 64 << 10
"""A longer body is no token answer."""
_MOST = 64
"""Tokens taken from one answer."""
_DEEPEST = 32
"""Containers further down are not looked into."""
_LIFETIMES: dict[str, float] = {
    "access_token": HOUR_S,
    "accesstoken": HOUR_S,
    "id_token": HOUR_S,
    "idtoken": HOUR_S,
    "refresh_token": LONGEST_S,
    "refreshtoken": LONGEST_S,
    "token": HOUR_S,
    "auth_token": DAY_S,
    "authorizationtoken": DAY_S,
    "authtoken": DAY_S,
    "session_token": DAY_S,
    "sessiontoken": DAY_S,
    "sessionkey": DAY_S,
    "ticket": HOUR_S,
    "device_code": HOUR_S,
    "client_secret": LONGEST_S,
    "api_key": LONGEST_S,
    "apikey": LONGEST_S,
    "secretaccesskey": DAY_S,
    "jwt": HOUR_S,
    "authorization": HOUR_S,
}
"""Lower-case field name to its usual life where the answer does not say."""
_QUERY = frozenset(
    {"ticket", "token", "access_token", "sig", "signature", "x-amz-signature"}
    | {"x-goog-signature", "x-amz-security-token", "auth", "key"}
)
_HINT = re.compile(
    rb"(?:token|ticket|device_code|secret|api_?key|sessionkey|accesskey|jwt|ization)[\"=>]"
    rb"|[?&](?:sig|signature|x-[a-z-]+|auth|key)=",
    re.IGNORECASE,
)
"""What every body with a token has in it."""
_XML = re.compile(
    rb"<(SecretAccessKey|SessionToken)>([A-Za-z0-9+/=]{16,4096})</\1>", re.IGNORECASE
)
_NAME = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}\s+(?=\S+$)")
_SIGNATURE = re.compile(r"^[\w-]+\s.*\bSignature=\"?([0-9A-Za-z+/=_-]{20,})")
_MAX_AGE = re.compile(rb"(?:^|;)\s*max-age\s*=\s*(-?\d{1,12})\s*(?:;|$)", re.IGNORECASE)
_EXPIRES = re.compile(rb"(?:^|;)\s*expires\s*=\s*([^;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Issued:
    """One token."""

    value: bytes = field(repr=False)
    ttl_s: float
    hosts: tuple[str, ...] = ()
    """Hosts that the answer names for it, besides the one that gave it."""


def issued(
    headers: Iterable[tuple[str, bytes]], body: bytes, now: float
) -> Iterator[Issued]:
    """
    The tokens of an answer.

    `headers` have lower-case names; `body` is without its content coding; `now` is UTC
    epoch seconds.
    """
    fields = list(headers)
    onward = [
        host
        for name, value in fields
        if name == "location"
        for host in _hosts(value.decode("latin-1"), 0)
    ]
    for token in [*_cookies(fields, now), *_in_body(body)][:_MOST]:
        if token.value and token.ttl_s > 0:
            yield replace(
                token, hosts=_merged(token.hosts, onward, audience(token.value))
            )


def audience(token: bytes) -> tuple[str, ...]:
    """The hosts that a JWT says it is for (RFC 7519, 4.1.3), if it names any."""
    pieces = token.split(b".")
    if len(pieces) != 3 or not token.startswith(b"ey"):
        return ()
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(pieces[1] + b"=="))
    except (orjson.JSONDecodeError, binascii.Error):
        return ()
    named = claims.get("aud") if isinstance(claims, dict) else None
    listed = named if isinstance(named, list) else [named]
    return tuple(filter(None, (_host(one) for one in listed if isinstance(one, str))))


def _host(text: str) -> str:
    """Of a URL, or of a text that is a host name; else empty."""
    if "://" in text:
        return next(_hosts(text, 0), "")
    return text.lower() if _NAME.fullmatch(text) else ""


def _merged(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for group in groups for host in group))


def _cookies(headers: Iterable[tuple[str, bytes]], now: float) -> Iterator[Issued]:
    for name, value in headers:
        if name != "set-cookie" or not (found := pair(value)):
            continue
        cookie, span = found
        if is_instrument(cookie):
            continue
        attributes = value.partition(b";")[2]
        yield Issued(value[slice(*span)], _cookie_life(attributes, now))


def _cookie_life(attributes: bytes, now: float) -> float:
    """RFC 6265, 5.2.1 and 5.2.2: Max-Age wins; neither means a session, say a day."""
    if age := _MAX_AGE.search(attributes):
        return min(float(age[1]), LONGEST_S)
    if date := _EXPIRES.search(attributes):
        try:
            end = parsedate_to_datetime(date[1].decode("latin-1").strip()).timestamp()
        except (ValueError, OverflowError):
            return DAY_S
        return min(end - now, LONGEST_S)
    return DAY_S


def _in_body(body: bytes) -> Iterator[Issued]:
    if not body or len(body) > MOST_BYTES or not _HINT.search(body):
        return
    if body.lstrip()[:1] in {b"{", b"["}:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        hosts = tuple(sorted({*_hosts(document, 0)}))
        yield from _in_json(document, hosts, 0)
        return
    for match in _XML.finditer(body):
        yield Issued(match[2], DAY_S)
    if re.match(rb"[\w.-]+=[^\s&]*(?:&|$)", body):
        pairs = dict(parse_qsl(body.decode("latin-1")))
        yield from _in_json(pairs, (), 0)


def _in_json(node: object, hosts: Sequence[str], depth: int) -> Iterator[Issued]:
    if depth > _DEEPEST:
        return
    match node:
        case dict():
            said = _seconds(node.get("expires_in") or node.get("expiresIn"))
            for key, value in node.items():
                usual = _LIFETIMES.get(str(key).lower())
                if usual is not None and isinstance(value, str):
                    # `expires_in` speaks of the access token (RFC 6749, 5.1).
                    life = said if said and usual <= HOUR_S else usual
                    bare = _secret_of(value).encode()
                    yield Issued(bare, min(life, LONGEST_S), tuple(hosts))
                else:
                    yield from _in_json(value, hosts, depth + 1)
        case list():
            for value in node:
                yield from _in_json(value, hosts, depth + 1)
        case str() if "://" in node[:16]:
            yield from _in_url(node)
        case _:
            return


def _secret_of(value: str) -> str:
    """Without its scheme; of a signed request the signature: others share the rest."""
    if signed := _SIGNATURE.search(value):
        return signed[1]
    return _SCHEME.sub("", value, count=1)


def _in_url(url: str) -> Iterator[Issued]:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return
    for name, value in parse_qsl(parts.query):
        if name.lower() in _QUERY:
            yield Issued(value.encode(), HOUR_S, (host,))


def _hosts(node: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    match node:
        case dict() | list():
            for value in node.values() if isinstance(node, dict) else node:
                yield from _hosts(value, depth + 1)
        case str() if "://" in node[:16]:
            try:
                yield urlsplit(node).hostname or ""
            except ValueError:
                return
        case _:
            return


def _seconds(value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return float(value[:12])
    return 0.0
