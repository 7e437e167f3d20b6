"""
Which addresses belong to the public internet. Why not in names.py: that is about text.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1
_6TO4 = IPv6Network("2002::/16")  # RFC 3056
# Global by allocation, but it answers as the virtual machine's own host (Azure).
_PLATFORM = frozenset({IPv4Address("168.63.129.16")})


def may_connect(text: str, opened: Iterable[Network] = ()) -> bool:
    """
    True for a public unicast address, and for one in a network of `opened`.

    An address that carries an IPv4 address (mapped, NAT64, 6to4) is judged by that one.
    Text that is no address is not public.
    """
    try:
        address = _embedded(ip_address(text))
    except ValueError:
        return False
    return is_public(address) or any(address in network for network in opened)


def is_public(address: Address) -> bool:
    """
    Global unicast by the IANA special-purpose registries (RFC 6890): not private,
    loopback, link-local, shared (RFC 6598), multicast, reserved or unspecified.
    """
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address not in _PLATFORM
        and not getattr(address, "is_site_local", False)
        and not getattr(address, "scope_id", None)
    )


def _embedded(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(address.packed[12:])
    if address in _6TO4:
        return IPv4Address(address.packed[2:6])
    return address
