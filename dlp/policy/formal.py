"""
Credentials that a request's own grammar declares: presigned addresses and forms, OAuth
requests, sign-in with a token of somebody else.

Why not in `policy.credentials`: that knows slots by name alone. Here a name counts only
among the companions that make the request what it claims to be, because `code`, `sig`
or `password` alone say nothing.

A presigned address is a credential for the host that it is sent to, made by somebody
who holds a key; it is no key. Sources: AWS SigV4 query authentication and its takers
(Google V4, R2, OSS), CloudFront signed URLs, Azure SAS; for token requests RFC 6749,
7521, 7523, 7636, 8628 and 8693; for forms the browser uploads of S3 and its takers.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

import orjson

from dlp.decode.documents.multipart import parts as multipart
from dlp.model import Part, noun

FORM = re.compile(rb"(?:^|[?&])([^=&#?]+)=([^&#]*)")
LARGEST = 32 * 1024
"""Bytes; a larger body is no token request."""
GRANT_FIELDS = frozenset(
    {
        "access_token",
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
_MEMBER = re.compile(rb'"(\w{1,64})"\s*:\s*"([^"\\]*)"')
_JWT = re.compile(rb"(ey[\w-]+\.ey[\w-]+\.[\w-]+)")
_AWS = (b"x-amz-signature", b"x-amz-date")
_CDN = (b"expires", b"key-pair-id", b"policy", b"awsaccesskeyid", b"googleaccessid")
_SAS = (b"sv", b"se", b"api-version")
_POLICY = re.compile(rb"([\w+/=-]{24,8192})")
_FORM_SIGNATURES = (b"x-amz-signature", b"x-goog-signature", b"signature")
SIGNED: dict[bytes, tuple[re.Pattern[bytes], tuple[bytes, ...]]] = {
    b"x-amz-credential": (_KEY_ID, _AWS),
    b"x-amz-signature": (_HEX, (b"x-amz-credential",)),
    b"x-amz-security-token": (_BASE64, (b"x-amz-credential", b"awsaccesskeyid")),
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
SIGNED_FORM = {**SIGNED, b"policy": (_POLICY, _FORM_SIGNATURES)}
"""The same of an upload by form, whose policy says what else it may hold."""
_SIGN_IN = re.compile(
    rb"(?i)(?:^|[/:._-])(?:accounts:\w+|auth|authn|authenticate|exchange|login|oauth2?|oidc"
    rb"|openid|saml|session|sessions|sign-?in|signingcert|sso|sts|token|tokens)(?=[/?:._-]|$)"
)
"""In the path of an address where one credential gets another."""
_ASSUMED = re.compile(rb"(?:^|&)Action=AssumeRoleWith(?:WebIdentity|SAML)(?:&|$)")
_BRINGS = re.compile(rb"(?i)(?:token|jwt|assertion|credential)$")
"""Ends of the names of fields that hold the token of somebody else."""


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


def uploaded(part: Part) -> Iterator[Field]:
    """The credentials of an upload by a form that somebody signed; mostly none."""
    if b"ignature" not in part.data or "form-data" not in part.media_type.lower():
        return
    found = {
        name.lower(): (start, part.data[start:stop])
        for name, (start, stop) in multipart(part.data)
        if name.lower() in SIGNED_FORM
    }
    for name, (start, value) in found.items():
        grammar, companions = SIGNED_FORM[name]
        match = grammar.fullmatch(value)
        if match is None or found.keys().isdisjoint(companions):
            continue
        group = match.lastindex or 0
        span = start + match.start(group), start + match.end(group)
        said = match[group]
        if name == b"policy":
            said = _without(said, [other for _, other in found.values()])
        yield Field(f"form:{name.decode()}", span, said)


def _without(policy: bytes, others: Iterable[bytes]) -> bytes:
    """A policy, less what other fields say: it repeats the key id and the token."""
    try:
        text = base64.b64decode(policy, validate=True)
    except binascii.Error:
        return policy
    for other in others:
        text = text.replace(other, b"")
    return base64.b64encode(text)


def brought(target: bytes, part: Part) -> Iterator[Field]:
    """
    A JWT that somebody else issued, handed in for another credential.

    No more than the `Authorization` header of the same host may hold. PyPI's
    `mint-token`, Fulcio's `signingCert`, the `login` of Vault's auth methods, AWS STS.
    """
    data = part.data
    if len(data) > LARGEST or b"ey" not in data:
        return
    form = "x-www-form-urlencoded" in part.media_type.lower()
    if not (_SIGN_IN.search(target.partition(b"?")[0]) or _ASSUMED.search(data)):
        return
    for found in FORM.finditer(data) if form else _MEMBER.finditer(data):
        if _BRINGS.search(found[1]) and _JWT.fullmatch(found[2]):
            kind = "form" if form else "json"
            name = f"{kind}:{found[1].decode('latin-1').lower()}"
            yield Field(name, found.span(2), found[2])


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
