"""
The one normal form of host names, authorities and paths. Pure; knows no policy.

Strategy: each function takes what was written (in a policy file, in a request line, in
an SNI) and returns the only form that may be compared, or raises ValueError. Two texts
that reach the same place have the same normal form; what different software would read
differently is an error (a host) or is marked ambiguous (a path).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import unquote_to_bytes

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]+)(?::([1-9][0-9]{0,4}))?")

# RFC 3986, 2.1 and 3.3. Anything here makes two servers read one target as two paths:
# separators or dots hidden in escapes, an escape of an escape, a bare per cent sign,
# empty and dot segments, parameters ("/admin;x" is "/admin" for Tomcat, a name for
# others), a backslash, a control character.
_AMBIGUOUS = re.compile(
    r"%(?:2f|5c|2e|25|0[0-9a-f]|1[0-9a-f]|7f)|%(?![0-9a-f]{2})"
    r"|[;\\\x00-\x20\x7f]|//|/\.{1,2}(?:/|$)",
    re.IGNORECASE,
)


@lru_cache(4096)
def normal_host(text: str) -> str:
    """
    A lower-case A-label name without trailing dot, or a canonical address literal.

    Every spelling of an IPv4 address that `inet_aton` takes becomes dotted decimal, as
    does an IPv4-mapped IPv6 address; IPv6 has no brackets.

    Raises:
        ValueError: nothing but this is a host: no port, user, path, zone id, blank,
            or name beyond 63 bytes a label and 253 in all (RFC 1035, 2.3.4).
    """
    if text.startswith("[") and text.endswith("]"):
        return _ipv6(text[1:-1])
    if ":" in text:
        return _ipv6(text)
    if not text.isascii():
        text = text.encode("idna").decode("ascii")
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    # WHATWG URL, 3.5: a last label that looks like a number makes it an address.
    if _NUMBER.fullmatch(labels[-1]):
        return str(IPv4Address(_inet_aton(labels)))
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("not a host name")
    return name


@lru_cache(4096)
def normal_authority(text: str) -> tuple[str, int | None]:
    """
    The normal host and the port of `host[:port]`; None when no port is written.

    Raises:
        ValueError: it is anything else: user info, an empty or over-long port.
    """
    matched = _AUTHORITY.fullmatch(text)
    if not matched:
        raise ValueError("not host[:port]")
    port = int(matched[2]) if matched[2] else None
    if port is not None and port > 65535:
        raise ValueError("not a port")
    return normal_host(matched[1]), port


def normal_path(target: str) -> tuple[str, bool]:
    """
    The percent-decoded, dot-normalised path of a request target without its query, and
    whether servers could disagree about which path that is.
    """
    raw = re.split(r"[?#]", target, maxsplit=1)[0]
    decoded = unquote_to_bytes(raw)
    try:
        path = decoded.decode()
        ambiguous = _AMBIGUOUS.search(raw) is not None
    except UnicodeDecodeError:
        path = decoded.decode(errors="replace")
        ambiguous = True
    if not path.startswith("/"):
        return path, path != "*"
    kept: list[str] = []
    segments = path.replace("\\", "/").split("/")[1:]
    for segment in segments:
        bare = segment.split(";", 1)[0]
        if bare == "..":
            del kept[-1:]
        elif bare not in (".", ""):
            kept.append(segment)
    folder = bool(kept) and segments[-1].split(";", 1)[0] in ("", ".", "..")
    return "/" + "/".join(kept) + ("/" if folder else ""), ambiguous


def _ipv6(text: str) -> str:
    if "%" in text:
        raise AddressValueError("a zone id names an interface, not a host")
    address = IPv6Address(text)
    return str(address.ipv4_mapped or address)


def _inet_aton(labels: list[str]) -> int:
    """inet_aton(3): one to four numbers, the last one fills what is left."""
    numbers = [_number(label) for label in labels]
    last = 256 ** (5 - len(numbers))
    if len(numbers) > 4 or numbers[-1] >= last or any(n > 255 for n in numbers[:-1]):
        raise ValueError("not an IPv4 address")
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value += number << 8 * (3 - place)
    return value


def _number(label: str) -> int:
    if not _NUMBER.fullmatch(label):
        raise ValueError("not a number")
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)
