"""Reading a Proxy-Authorization header: bytes in, a claim out."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client says it is."""

    id: str
    """The agent id it named, or empty when the token has to tell."""
    token: bytes = field(repr=False)


def claim(header: str | None) -> Claim | None:
    """
    The claim in a header value: Basic (RFC 7617) or Bearer (RFC 6750, section 2.1).

    None when there is no header, or no credentials of these schemes in it.
    """
    scheme, _, value = (header or "")[:_LONGEST].strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return Claim("", value.encode("utf-8", "surrogateescape"))
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(value, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    if not password:
        return Claim("", user) if user else None
    return Claim(user.decode("utf-8", "replace"), password)
