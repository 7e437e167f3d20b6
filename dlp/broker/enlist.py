"""
Values on their way into the store: named, checked, bound.

Why not in `dlp.state.secrets`: that keeps what it is given; this needs the detector's
rules to say whose a value is, and the state layer must not know them.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dlp.broker.recognise import Vendors, as_bytes, matches, recognise
from dlp.detect.known.fingerprint import SecretInfo
from dlp.detect.rules import SLOTS, Rule
from dlp.detect.templates import expand
from dlp.errors import SecretError, UsageError
from dlp.policy import load_policy
from dlp.policy.names import normal_host
from dlp.policy.suffixes import shared_suffix
from dlp.state.secrets import Registration

DEFAULT_SLOT = "default"
"""Stands for the usual credential headers."""
_SCHEME = re.compile(rb"(?:Bearer|Basic|Token)\s+(?=\S+\Z)", re.IGNORECASE)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a header may be called (RFC 9110, 5.6.2)."""
_TRIES = 20
"""Samples drawn for a canary; random ones fail a rule's checks now and then."""


@dataclass(frozen=True, slots=True)
class Enlisted:
    """What a source gave."""

    registrations: tuple[Registration, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """Key and why; never a value."""


@dataclass(frozen=True, slots=True)
class Enlister:
    """Binds values to where they may go."""

    vendors: Vendors
    hosts: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def load(
        cls, rules: Path | None, hosts: Iterable[str] = (), slots: Iterable[str] = ()
    ) -> Enlister:
        """
        Load the rules and check the bindings that were asked for.

        Raises:
            UsageError: a host, group or slot is none.
            RuleError: the rules folder is bad.
        """
        bound = tuple(map(_host, hosts)), tuple(map(_slot, slots))
        if groups := [host[1:] for host in bound[0] if host.startswith("@")]:
            _check_groups(groups, rules)
        vendors = Vendors.load(rules)
        _check_owned(bound[0], vendors)
        return cls(vendors, *bound)

    def one(self, name: str, value: bytes) -> Registration:
        """Bind one value."""
        return self._bound(name, value, self.vendors.rule(name, value))

    def enlist(self, name: str, read: bytes | Mapping[str, str]) -> Enlisted:
        """Bind what a source gave: one value, or several by key."""
        if isinstance(read, bytes):
            return Enlisted((self.one(name, read),))
        return self.several(name, read)

    def several(self, name: str, values: Mapping[str, str]) -> Enlisted:
        """Bind NAME/KEY for every value that is a secret."""
        taken: list[Registration] = []
        skipped: list[tuple[str, str]] = []
        for key, value in values.items():
            known = recognise(self.vendors, key, value)
            if known.refused:
                skipped.append((key, known.refused))
            else:
                taken.append(self._bound(f"{name}/{key}", as_bytes(value), known.rule))
        return Enlisted(tuple(taken), tuple(skipped))

    def canary(self, name: str, kind: str) -> tuple[Registration, str]:
        """
        A fake that a rule takes for real, and its text.

        Raises:
            UsageError: there is no such rule.
        """
        rule = next((r for r in self.vendors.rules if r.id == kind), None)
        if rule is None:
            known = [r.id for r in self.vendors.rules]
            close = get_close_matches(kind, known, n=3, cutoff=0.4)
            there = f"there are {', '.join(close)}" if close else "leave --like out"
            raise UsageError(f"no rule is called {kind[:80]!a}: {there}")
        for _ in range(_TRIES):
            text = expand(rule.matches[0], secrets.randbits(64)).encode()
            for match in matches(text, (rule,)):
                info = SecretInfo(name, rule=kind, canary=True)
                return Registration(info, match.secret), match.secret.decode()
        raise SecretError(f"the samples of {kind} make no canary: use another rule")

    def _bound(self, name: str, value: bytes, rule: Rule | None) -> Registration:
        # In a request the scheme is no part of the credential.
        value = _SCHEME.sub(b"", value, count=1)
        hosts = self.hosts or (rule.hosts if rule else ())
        own = (DEFAULT_SLOT, *rule.slots) if rule and rule.slots else ()
        slots = self.slots or own
        info = SecretInfo(name, hosts, slots, rule.id if rule else "")
        return Registration(info, value)


def _host(text: str) -> str:
    if text.startswith("@") and len(text) > 1:
        return text
    star = "*." if text.startswith("*.") else ""
    try:
        host = normal_host(text.removeprefix(star))
    except ValueError as error:
        raise UsageError(
            f"{text[:80]!a} is no host: use a name as in api.example.com, "
            "*.example.com or @group, without scheme, port and path"
        ) from error
    return star + host


def _check_owned(hosts: Iterable[str], vendors: Vendors) -> None:
    """Below `*.zendesk.com` is a customer of one vendor, below `*.com` anybody."""
    known = {host for rule in vendors.rules for host in rule.hosts}
    for host in hosts:
        below = host.removeprefix("*.")
        if below != host and host not in known and shared_suffix(below) == below:
            raise UsageError(
                f"{host} is everybody's: anyone can get a host there; name the hosts"
            )


def _check_groups(names: Iterable[str], rules: Path | None) -> None:
    known = load_policy(rules).groups
    for name in names:
        if name not in known:
            there = ", ".join(f"@{group}" for group in known) or "none"
            raise UsageError(f"@{name[:80]} is no group of policy.yaml: it has {there}")


def _slot(text: str) -> str:
    slot = text.lower() if text.lower().startswith(("header:", "query:")) else text
    known = (DEFAULT_SLOT, *SLOTS)
    named = tuple(kind for kind in known if kind.endswith(":"))
    kind, _, field = slot.partition(":")
    bad = not field or (kind == "header" and not _TOKEN.fullmatch(field))
    if not (slot in known or (slot.startswith(named) and not bad)):
        raise UsageError(f"{text[:80]!a} is no slot: use {', '.join(known)}")
    return slot
