"""
Values on their way into the store: named, checked, bound.

Why not in `dlp.state.secrets`: that keeps what it is given; this needs the detector's
rules to say whose a value is, and the state layer must not know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dlp.broker import dotenv
from dlp.broker.recognise import recognise, vendor
from dlp.detect.engine import Engine
from dlp.detect.fingerprint import SecretInfo
from dlp.detect.rules import SLOTS, Rule, load_rules
from dlp.errors import SecretError, UsageError
from dlp.policy.names import normal_host
from dlp.state.secrets import Registration


@dataclass(frozen=True, slots=True)
class Enlisted:
    """What a source gave."""

    registrations: tuple[Registration, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    """Key and why; never a value."""


@dataclass(frozen=True, slots=True)
class Enlister:
    """Binds values to where they may go."""

    engine: Engine
    hosts: tuple[str, ...]
    slots: tuple[str, ...]

    @classmethod
    def load(
        cls,
        rules: Path | None,
        state: Path,
        hosts: tuple[str, ...],
        slots: tuple[str, ...],
    ) -> Enlister:
        """
        Make the engine ready and check the bindings that were asked for.

        Raises:
            UsageError: a host or slot is none.
            RuleError: the rules folder is bad.
        """
        engine = Engine.build(load_rules(rules), state / "cache")
        return cls(engine, tuple(map(_host, hosts)), tuple(map(_slot, slots)))

    def one(self, name: str, value: bytes) -> Registration:
        """Bind one value."""
        return self._bound(name, value, vendor(self.engine, name, value))

    def several(self, name: str, values: Mapping[str, str]) -> Enlisted:
        """Bind NAME/KEY for every value that is a secret."""
        taken: list[Registration] = []
        skipped: list[tuple[str, str]] = []
        for key, value in values.items():
            known = recognise(self.engine, key, value)
            if known.refused:
                skipped.append((key, known.refused))
            else:
                taken.append(self._bound(f"{name}/{key}", value.encode(), known.rule))
        return Enlisted(tuple(taken), tuple(skipped))

    def dotenv(self, name: str, path: Path) -> Enlisted:
        """
        Bind NAME/KEY for every secret of a dotenv file.

        Raises:
            SecretError: the file cannot be read, or holds no entry.
        """
        try:
            values = dotenv.parse(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError(
                f"cannot read {path}: {error.__class__.__name__}"
            ) from error
        if not values:
            raise SecretError(f"{path} has no KEY=value line")
        return self.several(name, values)

    def _bound(self, name: str, value: bytes, rule: Rule | None) -> Registration:
        hosts = self.hosts or (rule.hosts if rule else ())
        slots = self.slots or (rule.slots if rule else ())
        info = SecretInfo(name, hosts, slots, rule.id if rule else "")
        return Registration(info, value)


def _host(text: str) -> str:
    if text.startswith("@") and len(text) > 1:
        return text
    star = "*." if text.startswith("*.") else ""
    try:
        return star + normal_host(text.removeprefix(star))
    except ValueError as error:
        raise UsageError(
            f"{text[:80]!a} is no host: use a name as in api.example.com, "
            "*.example.com or @group, without scheme, port and path"
        ) from error


def _slot(text: str) -> str:
    slot = text.lower() if text.lower().startswith(("header:", "query:")) else text
    for known in SLOTS:
        if slot == known or (known.endswith(":") and slot.startswith(known)):
            if slot == known and known.endswith(":"):
                break
            return slot
    raise UsageError(f"{text[:80]!a} is no slot: use {', '.join(SLOTS)}")
