"""
The registered secrets of a state folder. A value comes in and never comes out.

Writers take a lock between processes, read the newest file, and replace it in one step.
Readers need no lock. `generation` is one `stat`, so a running proxy may ask it with
every message; every write makes a new inode.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dlp.detect.known.enrol import digest, fingerprint
from dlp.detect.known.fingerprint import SecretIndex, SecretInfo
from dlp.detect.known.grams import MOST_GRAMS
from dlp.detect.known.material import entropy_bits
from dlp.errors import SecretError, StateError
from dlp.state import vault
from dlp.state.locks import awaited
from dlp.state.vault import Content, Stored

Generation = tuple[int, int, int]
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@/:+-]{0,127}")
_OLD = "@old"
_UNGUESSABLE = 112
"""Bits that nobody can search through."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A secret to register."""

    info: SecretInfo
    value: bytes = field(repr=False)


class SecretStore:
    """The secrets of one state folder."""

    def __init__(self, state: Path, now: Callable[[], float] = time.time) -> None:
        self._path = state / "secrets"
        self._now = now
        self._built: tuple[Generation, SecretIndex] | None = None

    def generation(self) -> Generation:
        """
        Equal to an earlier one exactly when nothing has changed since.

        Raises:
            StateError: the state folder cannot be read.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        except OSError as error:
            raise StateError(f"cannot read {self._path}: {error.strerror}") from error
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def index(self) -> SecretIndex:
        """
        The index of every secret that is known now; built again only after a change.

        Raises:
            SecretError: the store is damaged or its key is missing.
            StateError: it cannot be read.
        """
        generation = self.generation()
        if self._built is None or self._built[0] != generation:
            content = vault.read(self._path)
            present = ((s.info, s.taken) for s in self._present(content))
            built = SecretIndex.build(present, content.gram_key)
            self._built = generation, built
        return self._built[1]

    def entries(self) -> tuple[Stored, ...]:
        """
        Every secret that is known now, by name.

        Raises:
            SecretError: the store is damaged or its key is missing.
            StateError: it cannot be read.
        """
        present = self._present(vault.read(self._path))
        return tuple(sorted(present, key=lambda stored: stored.info.name))

    def add(self, registrations: Iterable[Registration]) -> tuple[str, ...]:
        """
        Register secrets, all or none; return the names that are new.

        A name that is known with the same value gets the new bindings.

        Raises:
            SecretError: a name or value is refused, or the name has another value.
            StateError: the store cannot be read or written.
        """
        with self._changing() as content:
            known = {stored.info.name: stored for stored in content.secrets}
            fresh: dict[str, bytes] = {}
            for each in registrations:
                name = each.info.name
                present = known.get(name)
                if present is None:
                    known[name] = self._stored(each, content)
                    fresh[name] = each.value
                elif present.taken.digest != digest(each.value, content.gram_key):
                    raise SecretError(
                        f"{name} is registered with another value: "
                        f"dlp secrets rotate {name} replaces it"
                    )
                else:
                    known[name] = replace(present, info=each.info)
            for name, hashed in _hashed(fresh, known):
                known[name] = replace(known[name], hashed=hashed)
            self._write(content, known.values())
        return tuple(fresh)

    def require(self, names: Iterable[str]) -> None:
        """
        Ask for names that must be registered, before something is said of them.

        Raises:
            SecretError: one is not.
            StateError: the store cannot be read.
        """
        known = {stored.info.name for stored in self.entries()}
        for name in names:
            if name not in known:
                raise _unknown(name)

    def remove(self, names: Iterable[str]) -> None:
        """
        Forget secrets, all or none.

        Raises:
            SecretError: a name is not registered.
            StateError: the store cannot be read or written.
        """
        with self._changing() as content:
            known = {stored.info.name: stored for stored in content.secrets}
            for name in dict.fromkeys(names):
                if known.pop(name, None) is None:
                    raise _unknown(name)
            self._write(content, known.values())

    def rotate(self, name: str, value: bytes, keep_s: float) -> str:
        """
        Give a name a new value; the old one stays known under the name returned.

        Raises:
            SecretError: no such name, the same value, or the value is refused.
            StateError: the store cannot be read or written.
        """
        with self._changing() as content:
            known = {stored.info.name: stored for stored in content.secrets}
            present = known.get(name)
            if present is None:
                raise _unknown(name)
            new = self._stored(Registration(present.info, value), content)
            new = replace(new, hashed=_slow_hash(value, new.salt))
            if new.taken.digest == present.taken.digest:
                raise SecretError(f"{name} has this value already")
            old = next(
                old
                for number in range(1, len(known) + 2)
                if (old := f"{name}{_OLD}{'' if number == 1 else number}") not in known
            )
            known[old] = replace(
                present,
                info=replace(present.info, name=old),
                expires_at=self._now() + keep_s,
            )
            known[name] = new
            self._write(content, known.values())
        return old

    def verify(self, name: str, value: bytes) -> bool:
        """
        Whether a name is registered with this value.

        Raises:
            SecretError: no such name, or the store is damaged.
            StateError: the store cannot be read.
        """
        for stored in self.entries():
            if stored.info.name == name:
                # An older store has every value at the higher cost.
                hashes = (_slow_hash(value, stored.salt), _scrypt(value, stored.salt))
                return any(hmac.compare_digest(h, stored.hashed) for h in hashes)
        raise _unknown(name)

    def _stored(self, each: Registration, content: Content) -> Stored:
        """All but the slow hash."""
        if not _NAME.fullmatch(each.info.name):
            raise SecretError(
                f"{each.info.name[:64]!a} cannot name a secret: use up to 128 letters, "
                "digits and _ . @ / : + -"
            )
        try:
            taken = fingerprint(each.value, content.gram_key)
        except SecretError as error:
            raise SecretError(f"{each.info.name}: {error}") from error
        return Stored(each.info, taken, secrets.token_bytes(16), b"", self._now())

    def _present(self, content: Content) -> Iterator[Stored]:
        now = self._now()
        return (s for s in content.secrets if not s.expires_at or s.expires_at > now)

    @contextmanager
    def _changing(self) -> Iterator[Content]:
        """Hold the lock between processes, with the newest content."""
        with awaited(self._path.with_suffix(".lock")):
            yield vault.read(self._path)

    def _write(self, content: Content, kept: Iterable[Stored]) -> None:
        present = self._present(replace(content, secrets=tuple(kept)))
        changed = replace(content, secrets=tuple(present))
        if sum(len(s.taken.tags) for s in changed.secrets) > MOST_GRAMS:
            raise SecretError("the store is full: remove secrets that nothing uses")
        vault.write(self._path, changed)


def _unknown(name: str) -> SecretError:
    return SecretError(f"no secret is called {name[:128]!a}: see dlp secrets list")


def _hashed(
    values: Mapping[str, bytes], known: Mapping[str, Stored]
) -> Iterator[tuple[str, bytes]]:
    """The slow hash of each value, on every core: scrypt holds no lock."""
    salts = [known[name].salt for name in values]
    with ThreadPoolExecutor() as pool:
        hashes = pool.map(_slow_hash, values.values(), salts)
        yield from zip(values, hashes, strict=True)


def _slow_hash(value: bytes, salt: bytes) -> bytes:
    """
    Slow for what somebody could guess; what has `_UNGUESSABLE` bits needs no more than
    a salt (NIST SP 800-63B, 5.1.2.2).
    """
    return _scrypt(value, salt, 10 if entropy_bits(value) >= _UNGUESSABLE else 14)


def _scrypt(value: bytes, salt: bytes, cost: int = 14) -> bytes:
    """At 16 MiB and about 50 ms (RFC 7914; OWASP names N=2**14 to 2**17)."""
    return hashlib.scrypt(value, salt=salt, n=1 << cost, r=8, p=1, dklen=32)
