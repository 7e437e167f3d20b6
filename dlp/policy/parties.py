"""
Whose a host is: what one host of a party issues, the party's other hosts take.

Why not in `policy.suffixes`: that says below which names anybody can get a host; this
says which names have one owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import publicsuffix2

from dlp.policy.credentials import host_matches
from dlp.policy.suffixes import shared_suffix

PARTIES: tuple[tuple[str, ...], ...] = (
    ("*.googleapis.com", "*.google.com", "*.googleusercontent.com"),
    ("github.com", "*.github.com", "*.githubusercontent.com", "ghcr.io"),
    ("login.microsoftonline.com", "*.microsoft.com", "*.azure.com", "*.office.com"),
    ("claude.ai", "*.claude.ai", "*.claude.com", "*.anthropic.com"),
    ("*.openai.com", "chatgpt.com", "*.chatgpt.com"),
    ("*.docker.io", "*.docker.com"),
    ("*.amazonaws.com", "*.api.aws", "*.signin.aws"),
    ("*.npmjs.org", "*.npmjs.com"),
    ("pypi.org", "*.pypi.org", "*.pythonhosted.org"),
    ("huggingface.co", "*.huggingface.co", "*.hf.co"),
)
"""Hosts of one party under several domains."""

CLOUDS: tuple[tuple[str, ...], ...] = (
    (
        *("*.microsoftonline.com", "*.microsoft.com", "*.azure.com", "*.azure.net"),
        *("*.windows.net", "*.azurecr.io", "*.office.com", "*.office365.com"),
        *("*.sharepoint.com", "*.dynamics.com", "*.visualstudio.com"),
    ),
    (
        *("*.googleapis.com", "*.google.com", "*.run.app", "*.cloudfunctions.net"),
        *("*.firebaseio.com", "*.firebasedatabase.app", "*.pkg.dev", "gcr.io"),
    ),
    ("*.amazonaws.com", "*.api.aws", "*.on.aws", "*.ecr.aws"),
)
"""
Domains of a cloud that also names its customers' hosts: a token that is for one is for
all of them, in its slot. What a customer's host gets in a body is not the cloud's.
"""

_ITS_OWN = frozenset({"us-east-1.amazonaws.com"})
"""Listed as a public suffix for a few old names; what answers there is the cloud's."""


def domain(host: str) -> tuple[str, ...]:
    """The names that belong to the party behind `host`, as host patterns."""
    try:
        ip_address(host)
    except ValueError:
        name = publicsuffix2.get_sld(host, strict=True)
        if name and not shared_suffix(name):
            return (name, f"*.{name}")
    return (host,)


def siblings(host: str) -> tuple[str, ...]:
    """The other domains of the party behind `host`, as host patterns."""
    return tuple(
        name for party in PARTIES if host_matches(host, party) for name in party
    )


def at_home(host: str, names: Sequence[str]) -> bool:
    """
    Whether `host` is one of the names or belongs to one written as `*.name`.

    What anybody can get below such a name does not: `NAME.s3.amazonaws.com`.
    """
    return any(
        host_matches(host, (name,)) and (host == name or not _let(host, name[2:]))
        for name in names
    )


def _let(host: str, owner: str) -> bool:
    """Whether a name at or above `host` and below `owner` is open to everybody."""
    while len(host) > len(owner):
        if shared_suffix(host) == host and host not in _ITS_OWN:
            return True
        host = host.partition(".")[2]
    return False


def meant_for(host: str, named: str) -> bool:
    """
    Whether a token for the host `named` is for `host`.

    An audience (RFC 7519, 4.1.3) names a service, not each host where it answers:
    Entra's `https://vault.azure.net` is for `NAME.vault.azure.net`, its
    `https://storage.azure.com` for `NAME.blob.core.windows.net`.
    """
    if host_matches(host, (named, f"*.{named}", *domain(named), *siblings(named))):
        return True
    return any(host_matches(named, c) and host_matches(host, c) for c in CLOUDS)
