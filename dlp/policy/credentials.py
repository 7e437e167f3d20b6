"""
Credential slots: the places in a message where a credential is expected to stand.

Strategy: `tokens` cuts every slot of a message out by grammar, never by search, so
that a token is the *whole* content of its slot. What stands in a slot at the right
host is a credential at work; the same bytes anywhere else are a leak. A slot is named
as operators write it: `header:NAME`, `basic`, `query:NAME`, `form:FIELD`. Three more,
`path`, `json:PATH` and `ws`, have no grammar of their own; `loose_slot` names them for
something that detection found.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import field

from dlp.detect.cookies import pair
from dlp.model import Part, PartKind, noun
from dlp.policy.formal import (
    FORM,
    SIGNED_FORM,
    brought,
    granted,
    plain,
    presigned,
    uploaded,
)

CREDENTIAL_HEADERS = frozenset(
    {
        "authorization",
        "x-api-key",
        "api-key",
        "apikey",
        "x-goog-api-key",
        "x-auth-token",
        "x-access-token",
        "x-token",
        "x-amz-security-token",
        "x-github-token",
        "private-token",
        "job-token",
        "deploy-token",
        "dd-api-key",
        "dd-application-key",
        "xi-api-key",
        "x-subscription-token",
        "ocp-apim-subscription-key",
        "x-vault-token",
        "x-shopify-access-token",
        "x-figma-token",
        "x-postmark-server-token",
        "x-ms-authorization-auxiliary",
        "sec-websocket-protocol",
        "cookie",
    }
)
"""Headers whose purpose is to carry a credential; others only by a rule's `slots`."""

COOKIE, SUBPROTOCOL = "header:cookie", "header:sec-websocket-protocol"
_SCHEME = re.compile(rb"\s*(?:([A-Za-z][A-Za-z0-9_-]{0,30})(?:\s+|=))?")
_SIGV4 = re.compile(rb"AWS4-[A-Z0-9-]+\s+Credential=([A-Z0-9]{16,128})/")
_SUBPROTOCOL = re.compile(rb"\s*(?:[a-z][a-z0-9-]*\.)?([^,\s]+)\s*")


@noun
class Token:
    """The whole content of one credential slot."""

    slot: str
    part: int
    span: tuple[int, int]
    """Raw bytes of the part to mask when the token is at home."""
    value: bytes = field(repr=False)
    aside: bool = False
    """Beside the credential: a user name, or what stands for no password."""
    formal: bool = False
    """The request's own grammar declares it: see `policy.formal`."""
    name: bytes = b""
    """Of a cookie."""


_PLACES = ("query", "form")
_KEY_IDS = frozenset({"x-amz-credential", "awsaccesskeyid", "ossaccesskeyid"})
SIGNING_SLOTS = frozenset(f"{place}:{name}" for place in _PLACES for name in _KEY_IDS)
"""Where a presigned address or form names whose key signed it."""
SIGNED_SLOTS = frozenset(
    f"{place}:{name.decode()}" for place in _PLACES for name in SIGNED_FORM
)
"""What stands there, that with it."""
_SHORT = 16
"""Bytes below which half of a Basic pair is no credential beside a longer one."""


def tokens(parts: Sequence[Part], extra: frozenset[str]) -> Iterator[Token]:
    """
    Every filled credential slot of a message.

    `extra` holds the slots beyond the default headers that some rule or secret names;
    slots that nothing names are not looked at, so they cost nothing.
    """
    target = next((p.data for p in parts if p.kind is PartKind.TARGET), b"")
    for index, part in enumerate(parts):
        match part.kind:
            case PartKind.HEADER:
                slot = f"header:{part.name}"
                if part.name in CREDENTIAL_HEADERS or slot in extra:
                    yield from _header(part, index, slot)
            case PartKind.TARGET:
                yield from _target(part, index, extra)
            case PartKind.BODY:
                yield from _body(part, index, extra, target)
            case _:
                pass


def _header(part: Part, index: int, slot: str) -> Iterator[Token]:
    value = part.data
    if part.name == "cookie":
        yield from _cookies(value, index)
        return
    if part.name == "sec-websocket-protocol":
        yield from _subprotocols(value, index)
        return
    if signed := _SIGV4.match(value):
        yield Token(slot, index, signed.span(1), signed[1])
        return
    scheme = _SCHEME.match(value)
    start = scheme.end() if scheme else 0
    stop = len(value.rstrip())
    if scheme and (scheme[1] or b"").lower() == b"basic":
        yield from _basic(value, (start, stop), index)
        return
    if start < stop:
        yield Token(slot, index, (start, stop), value[start:stop])


def _cookies(value: bytes, index: int) -> Iterator[Token]:
    for start in _starts(value, b";"):
        if found := pair(value, start):
            name, span = found
            if content := value[slice(*span)]:
                yield Token(COOKIE, index, span, content, name=name)


def _subprotocols(value: bytes, index: int) -> Iterator[Token]:
    for start in _starts(value, b","):
        stop = value.find(b",", start)
        stop = len(value) if stop < 0 else stop
        if found := _SUBPROTOCOL.fullmatch(value, start, stop):
            yield Token(SUBPROTOCOL, index, found.span(1), found[1])


def _starts(value: bytes, separator: bytes) -> Iterator[int]:
    start = 0
    for piece in value.split(separator):
        yield start
        start += len(piece) + 1


def _basic(value: bytes, span: tuple[int, int], index: int) -> Iterator[Token]:
    """User and password of Basic credentials (RFC 7617); both mask the whole token."""
    try:
        user, colon, password = base64.b64decode(
            value[span[0] : span[1]], validate=True
        ).partition(b":")
    except binascii.Error:
        return
    if not colon:
        return
    named = len(user) < _SHORT or len(password) >= _SHORT
    if user:
        yield Token("basic", index, span, user, aside=bool(password) and named)
    if password:
        yield Token("basic", index, span, password, aside=not named)


def _target(part: Part, index: int, extra: frozenset[str]) -> Iterator[Token]:
    query = part.data.find(b"?")
    if query < 0:
        return
    declared = set()
    for item in presigned(part):
        declared.add(item.name)
        yield Token(f"query:{item.name}", index, item.span, item.value, formal=True)
    for found in FORM.finditer(part.data, query):
        name = found[1].decode("latin-1").lower()
        if f"query:{name}" in extra and name not in declared and found[2]:
            yield Token(f"query:{name}", index, found.span(2), plain(found[2]))


def _body(
    part: Part, index: int, extra: frozenset[str], target: bytes
) -> Iterator[Token]:
    declared = set()
    for item in (*granted(part), *uploaded(part), *brought(target, part)):
        if item.name not in declared:
            declared.add(item.name)
            yield Token(item.name, index, item.span, item.value, formal=True)
    if _FORM_TYPE not in part.media_type.lower():
        return
    for found in FORM.finditer(part.data):
        slot = f"form:{found[1].decode('latin-1').lower()}"
        if slot in extra and slot not in declared and found[2]:
            yield Token(slot, index, found.span(2), plain(found[2]))


_PARAMETERS = frozenset(
    {
        *("access_token", "api-key", "api_key", "apikey", "auth", "auth_token"),
        *("key", "oauth_token", "private_token", "subscription-key", "token"),
    }
)
_CLAIMS = re.compile(
    r"(?:^|[-_])(?:api-?key|auth|authorization|authentication|credentials?|secret"
    r"|(?<!csrf-)(?<!xsrf-)token)$"
)


def unnamed_slots(parts: Sequence[Part], extra: frozenset[str]) -> Iterator[str]:
    """Filled places that look like a credential slot though nothing names them one."""
    for part in parts:
        if part.kind is PartKind.HEADER:
            slot = f"header:{part.name}"
            known = part.name in CREDENTIAL_HEADERS or slot in extra
            if not known and part.data.strip() and _CLAIMS.search(part.name):
                yield slot
        elif part.kind is PartKind.TARGET and b"?" in part.data:
            for found in FORM.finditer(part.data, part.data.find(b"?")):
                name = found[1].decode("latin-1").lower()
                if name in _PARAMETERS and f"query:{name}" not in extra and found[2]:
                    yield f"query:{name}"


_IN_FORM = re.compile(rb"%22([A-Za-z_]{1,40})%22(?:%3A|:)(?:\+|%20)?%22\Z")
"""Before a value in JSON that is the value of a field of a form."""
_LONGEST_NAME = 60
_FORM_TYPE = "x-www-form-urlencoded"


def loose_slot(part: Part, path: str, start: int) -> str:
    """The slot of what was found at raw offset `start` of a part, under view `path`."""
    if part.kind is PartKind.FRAME:
        return "ws"
    if part.kind is PartKind.TARGET:
        query = part.data.find(b"?")
        if not 0 <= query < start:
            return "path"
        for found in FORM.finditer(part.data, query):
            if found.start(2) <= start < found.end(2):
                return f"query:{found[1].decode('latin-1').lower()}"
        return ""
    if part.kind is PartKind.BODY:
        return _in_json(part, path, start)
    return path if path.startswith("header:") else ""


def _in_json(part: Part, path: str, start: int) -> str:
    last = path.rpartition(" > ")[2]
    if last.startswith(("$.", "$[")):
        return f"json:{last[1:].removeprefix('.')}"
    if last == "percent" and _FORM_TYPE in part.media_type.lower():
        named = _IN_FORM.search(part.data, max(0, start - _LONGEST_NAME), start)
        return f"json:{named[1].decode()}" if named else ""
    return ""


def innermost(slot: str) -> str:
    """A place in JSON by its last name alone: in a batch each item has the key."""
    last = re.split(r"[.\[\]:]+", slot.rstrip("]"))[-1]
    return f"json:{last.lower()}" if slot.startswith("json:") else slot


def host_matches(host: str, patterns: Sequence[str]) -> bool:
    """Whether `host` is one of the names, or under one written as `*.name`."""
    return any(
        host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for pattern in patterns
    )
