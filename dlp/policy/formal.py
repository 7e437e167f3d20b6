"""
Credentials that a request's own grammar declares: presigned addresses, OAuth requests.

Why not in `policy.credentials`: that knows slots by name alone. Here a name counts only
among the companions that make the request what it claims to be, because `code`, `sig`
or `password` alone say nothing.

A presigned address is a credential for the host that it is sent to, made by somebody
who holds a key; it is no key. Sources: AWS SigV4 query authentication and its takers
(Google V4, R2, OSS), CloudFront signed URLs, Azure SAS; for token requests RFC 6749,
7521, 7523, 7636, 8628 and 8693.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

import orjson

from dlp.model import Part, noun

FORM = re.compile(rb"(?:^|[?&])([^=&#?]+)=([^&#]*)")
LARGEST = 32 * 1024
"""Bytes; a larger body is no token request."""
GRANT_FIELDS = frozenset(
    {
        "actor_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "password",
        "refresh_token",
        "subject_token",
    }
)


@noun
class Field:
    """One declared credential: where its value stands and what it says."""

    name: str
    span: tuple[int, int]
    value: bytes


_KEY_ID = re.compile(rb"([0-9A-Za-z]{16,128})(?:%2[fF]|/)[^&]*|([0-9A-Z]{16,128})")
_SCOPE = re.compile(rb"([\w.%@/+-]{10,300})")
_HEX = re.compile(rb"([0-9a-f]{64,1024})")
_BASE64 = re.compile(rb"((?:[\w~.+/=-]|%2[bBfF]|%3[dD]){24,1400})")
_JWT = re.compile(rb"(ey[\w-]+\.ey[\w-]+\.[\w-]+)")
_AWS = (b"x-amz-signature", b"x-amz-date")
_CDN = (b"expires", b"key-pair-id", b"policy", b"awsaccesskeyid", b"googleaccessid")
_SAS = (b"sv", b"se", b"api-version")
SIGNED: dict[bytes, tuple[re.Pattern[bytes], tuple[bytes, ...]]] = {
    b"x-amz-credential": (_KEY_ID, _AWS),
    b"x-amz-signature": (_HEX, (b"x-amz-credential",)),
    b"x-amz-security-token": (_BASE64, (b"x-amz-credential",)),
    b"x-goog-credential": (_SCOPE, (b"x-goog-signature",)),
    b"x-goog-signature": (_HEX, (b"x-goog-credential",)),
    b"x-oss-signature": (_HEX, (b"x-oss-credential", b"x-oss-date")),
    b"awsaccesskeyid": (_KEY_ID, (b"signature",)),
    b"ossaccesskeyid": (_KEY_ID, (b"signature",)),
    b"signature": (_BASE64, _CDN),
    b"policy": (_BASE64, (b"key-pair-id",)),
    b"key-pair-id": (_KEY_ID, (b"signature",)),
    b"sig": (_BASE64, _SAS),
    b"jwt": (_JWT, (b"sig",)),
}
"""Query parameter -> its grammar, and the parameters one of which stands beside it."""


def plain(value: bytes) -> bytes:
    """A query or form value without its percent encoding."""
    if b"%" not in value and b"+" not in value:
        return value
    return unquote_to_bytes(value.replace(b"+", b" "))


def presigned(part: Part) -> Iterator[Field]:
    """The parts of a presigned address that are credentials; mostly none."""
    query = part.data.find(b"?")
    if query < 0 or b"ig" not in part.data:
        return
    found = {m[1].lower(): m for m in FORM.finditer(part.data, query)}
    for name, (grammar, companions) in SIGNED.items():
        match = found.get(name)
        if match is None or found.keys().isdisjoint(companions):
            continue
        if value := grammar.fullmatch(match[2]):
            group = value.lastindex or 0
            start = match.start(2)
            span = start + value.start(group), start + value.end(group)
            yield Field(name.decode(), span, unquote_to_bytes(value[group]))


def granted(part: Part) -> Iterator[Field]:
    """The credentials of an OAuth token request (RFC 6749, section 4); mostly none."""
    data = part.data
    if len(data) > LARGEST or b"grant_type" not in data:
        return
    if "x-www-form-urlencoded" in part.media_type.lower():
        fields = list(FORM.finditer(data))
        if all(field[1] != b"grant_type" for field in fields):
            return
        for field in fields:
            name = field[1].decode("latin-1")
            if name in GRANT_FIELDS and field[2]:
                yield Field(f"form:{name}", field.span(2), plain(field[2]))
    elif "json" in part.media_type.lower():
        yield from _members(data)


def _members(data: bytes) -> Iterator[Field]:
    try:
        members = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if not isinstance(members, dict) or not isinstance(members.get("grant_type"), str):
        return
    for name in GRANT_FIELDS & members.keys():
        value = members[name]
        if not isinstance(value, str) or not value:
            continue
        whole = orjson.dumps(value)[1:-1]
        lead = b'"' + name.encode() + rb'"\s*:\s*"'
        if found := re.search(lead + re.escape(whole) + b'"', data):
            start = found.end() - 1 - len(whole)
            yield Field(f"json:{name}", (start, found.end() - 1), value.encode())
