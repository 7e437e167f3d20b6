"""
A stream that only who has the key can read, and nobody can change or cut.

Layout: a magic line, a line of JSON that says how the key is derived, then AES-256-GCM
over pieces of 1 MiB. The nonce of a piece is its number and whether it is the last one
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar, 2015), so pieces
cannot be dropped, swapped or cut off; both lines are authenticated with every piece.

The key comes from a passphrase (scrypt, RFC 7914) or from an X25519 key pair (RFC 7748,
HKDF of RFC 5869): then the machine that writes cannot read what it wrote. Every file
has a key of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from dlp.errors import StateError, UsageError

KIND = b"agent-dlp backup "
MAGIC = KIND + b"1\n"
PIECE = 1 << 20
SHORTEST = 12
"""Characters of a passphrase."""
_TAG = 16
_LONGEST_HEAD = 4096


class Lock(Protocol):
    """What a new key is derived from."""

    def make(self) -> tuple[dict[str, str], bytes]:
        """What the head says of a new key, and that key."""


class Key(Protocol):
    """What the key of a file is derived from again."""

    def find(self, head: dict[str, str]) -> bytes:
        """
        The key behind a head.

        Raises:
            UsageError: it was sealed in another way.
        """


@dataclass(frozen=True, slots=True)
class Passphrase:
    """128 MiB and half a second for each guess."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.text) < SHORTEST:
            raise UsageError(f"a passphrase has {SHORTEST} characters or more")

    def make(self) -> tuple[dict[str, str], bytes]:
        """What the head says of a new key, and that key."""
        salt = secrets.token_bytes(16)
        return {"by": "scrypt", "salt": _text(salt)}, self._key(salt)

    def find(self, head: dict[str, str]) -> bytes:
        """The key behind a head."""
        if head["by"] != "scrypt":
            raise UsageError("the backup is for a key: name it with --identity")
        return self._key(b64decode(head["salt"], validate=True))

    def _key(self, salt: bytes) -> bytes:
        return hashlib.scrypt(
            self.text.encode(), salt=salt, n=1 << 17, r=8, p=1, maxmem=1 << 28, dklen=32
        )


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whoever has the other half of a public key."""

    public: X25519PublicKey

    @classmethod
    def read(cls, path: Path) -> Recipient:
        """
        The public key in a PEM file.

        Raises:
            UsageError: there is none.
        """
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} cannot be read as a public key") from error
        if not isinstance(key, X25519PublicKey):
            raise UsageError(f"{path} is no X25519 key: see dlp backup --help")
        return cls(key)

    def make(self) -> tuple[dict[str, str], bytes]:
        """What the head says of a new key, and that key."""
        ours = X25519PrivateKey.generate()
        public = ours.public_key()
        key = _derive(ours.exchange(self.public), public, self.public)
        return {"by": "x25519", "public": _text(public.public_bytes_raw())}, key


@dataclass(frozen=True, slots=True)
class Identity:
    """The private key of a recipient."""

    private: X25519PrivateKey = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> Identity:
        """
        The private key in a PEM file.

        Raises:
            UsageError: there is none.
        """
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"{path} cannot be read as a private key") from error
        if not isinstance(key, X25519PrivateKey):
            raise UsageError(f"{path} is no X25519 key: see dlp backup --help")
        return cls(key)

    def find(self, head: dict[str, str]) -> bytes:
        """The key behind a head."""
        if head["by"] != "x25519":
            raise UsageError("the backup has a passphrase, not a key")
        theirs = X25519PublicKey.from_public_bytes(
            b64decode(head["public"], validate=True)
        )
        shared = self.private.exchange(theirs)
        return _derive(shared, theirs, self.private.public_key())


class Sealer:
    """A file to write to; `finish` ends it."""

    def __init__(self, file: BinaryIO, lock: Lock) -> None:
        told, key = lock.make()
        self._head = MAGIC + orjson.dumps(told) + b"\n"
        self._aead = AESGCM(key)
        self._file = file
        self._rest = bytearray()
        self._number = 0
        file.write(self._head)

    def write(self, data: bytes) -> int:
        """Take what is to be sealed."""
        self._rest += data
        while len(self._rest) > PIECE:
            self._emit(bytes(self._rest[:PIECE]), last=False)
            del self._rest[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Seal what is left; without this the file opens for nobody."""
        self._emit(bytes(self._rest), last=True)

    def _emit(self, piece: bytes, *, last: bool) -> None:
        nonce = _nonce(self._number, last=last)
        self._file.write(self._aead.encrypt(nonce, piece, self._head))
        self._number += 1


class Opener:
    """
    A sealed file to read from.

    Raises:
        StateError: it is no backup, damaged, cut short, or of another key; every
            method may raise it.
        UsageError: it was sealed in another way than `key` opens.
    """

    def __init__(self, file: BinaryIO, key: Key) -> None:
        head = file.readline(64)
        if head.startswith(KIND) and head != MAGIC:
            raise StateError("the backup was made by another version of dlp")
        if head != MAGIC:
            raise StateError("the file is no backup of dlp")
        line = file.readline(_LONGEST_HEAD)
        try:
            found = key.find(orjson.loads(line))
        except (ValueError, KeyError, TypeError, Base64Error) as error:
            raise _damaged() from error
        self._aead = AESGCM(found)
        self._head = head + line
        self._file = file
        self._ahead = file.read(PIECE + _TAG)
        if not self._ahead:
            raise _damaged()
        self._number = 0
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end only."""
        while len(self._rest) < size and self._ahead:
            self._rest += self._open()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _open(self) -> bytes:
        sealed, self._ahead = self._ahead, self._file.read(PIECE + _TAG)
        nonce = _nonce(self._number, last=not self._ahead)
        self._number += 1
        try:
            return self._aead.decrypt(nonce, sealed, self._head)
        except InvalidTag as error:
            raise _damaged() from error


def _damaged() -> StateError:
    return StateError(
        "the backup cannot be opened: it has another passphrase or key, or it is "
        "damaged or cut short"
    )


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def _derive(shared: bytes, sender: X25519PublicKey, to: X25519PublicKey) -> bytes:
    salt = sender.public_bytes_raw() + to.public_bytes_raw()
    return HKDF(hashes.SHA256(), 32, salt, MAGIC).derive(shared)


def _text(data: bytes) -> str:
    return b64encode(data).decode()
