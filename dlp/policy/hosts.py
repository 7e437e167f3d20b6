"""
Host patterns of statements: an exact host, `*.suffix`, or `*`; and an index by them.

`*.x` means every name below x and not x itself; `*` means every public name. An address
literal is only ever matched by the same literal, except in a `deny`, where `*` is all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from dlp.policy.names import normal_authority, normal_host
from dlp.rulefile import Wrong

T = TypeVar("T")

# RFC 6761, 6762, 7686, 8375; ICANN resolution 2024.07.29.06 (.internal).
_NOT_PUBLIC = (".localhost", ".local", ".internal", ".home.arpa", ".onion", ".invalid")


def host_pattern(text: str) -> str:
    """
    The normal form of one entry of `hosts`.

    Raises:
        Wrong: it is no host, no `*.host` and not `*`.
    """
    if text == "*":
        return text
    if text.startswith("*."):
        below = _host(text[2:], text)
        if is_literal(below):
            raise Wrong(f"`{text}` is below an address", "name the addresses")
        return f"*.{below}"
    return _host(text, text)


def is_literal(host: str) -> bool:
    """Whether a host in normal form is an address and not a name."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def is_public_name(host: str) -> bool:
    """Whether `*` means this host: a name of the public DNS."""
    return "." in host and not is_literal(host) and not host.endswith(_NOT_PUBLIC)


def pattern_covers(general: str, special: str) -> bool:
    """Whether every name that `special` matches is matched by `general` too."""
    if general in ("*", special):
        return True
    name = special.removeprefix("*.")
    if not general.startswith("*.") or special == "*":
        return False
    return name.endswith(general[1:]) or (special != name and name == general[2:])


class HostIndex(Generic[T]):
    """Values by host pattern. Looking a host up costs one dict access per label."""

    __slots__ = ("_below", "_everywhere", "_exact")

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._exact: dict[str, T] = {}
        self._below: dict[str, T] = {}
        self._everywhere: tuple[T, ...] = ()
        for pattern, value in entries:
            if pattern == "*":
                self._everywhere = (value,)
            elif pattern.startswith("*."):
                self._below[pattern[2:]] = value
            else:
                self._exact[pattern] = value

    def find(self, host: str) -> Iterator[T]:
        """What is kept for the patterns that match `host`, closest first, `*` apart."""
        if host in self._exact:
            yield self._exact[host]
        if self._below and not is_literal(host):
            _, _, parent = host.partition(".")
            while parent:
                if parent in self._below:
                    yield self._below[parent]
                _, _, parent = parent.partition(".")

    def everywhere(self) -> tuple[T, ...]:
        """What is kept for `*`: one value or none."""
        return self._everywhere


def _host(text: str, written: str) -> str:
    try:
        return normal_host(text)
    except ValueError:
        raise _diagnosis(text, written) from None


def _diagnosis(text: str, written: str) -> Wrong:
    if "*" in text:
        what = "has a `*` that is not the whole first label"
        remedy = "write `*.example.com`, or name the hosts one by one"
    elif "://" in text:
        what, remedy = "is a URL", f"write `{urlsplit(text).hostname}`"
    elif text.startswith("."):
        what, remedy = "begins with a dot", f"write `*{text}`"
    elif _is_network(text):
        what, remedy = "is a network", "name the addresses one by one"
    elif "/" in text:
        name, _, path = text.partition("/")
        what, remedy = "has a path", f'write `{name}` and paths: ["/{path}"]'
    else:
        what, remedy = _with_port(text)
    return Wrong(f"`{written}` {what}", remedy)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _with_port(text: str) -> tuple[str, str]:
    try:
        name, port = normal_authority(text)
    except ValueError:
        return "is not a host", "write a name or an address"
    return "has a port", f"write `{name}` and ports: [{port}]"


def expanded(
    hosts: Iterable[str], groups: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Host patterns with every `@group` replaced by its hosts."""
    for host in hosts:
        yield from groups.get(host[1:], ()) if host.startswith("@") else (host,)
