"""
The file that holds fingerprints, sealed: `STATE/secrets`.

Layout: a magic line, a 12-byte nonce, AES-256-GCM over the rest. The sealed part is a
length, a JSON list and the packed fingerprints laid end to end. Grams are keyed
with a key that is itself inside, so the key outside can be moved or replaced.

The key outside is the systemd credential `agent-dlp-secrets-key` (systemd.exec(5),
`LoadCredential=`) where there is one, else `STATE/keys/secrets`.

Why not in `secrets.py`: that one decides what is registered, this one how it is kept.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dlp.detect.known.enrol import Fingerprint
from dlp.detect.known.fingerprint import SecretInfo
from dlp.errors import SecretError, StateError
from dlp.state.folder import read_or_make_key, write_private
from dlp.state.prints import pack, unpack

KIND = b"agent-dlp secrets "
MAGIC = KIND + b"1\n"
CREDENTIAL = "agent-dlp-secrets-key"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class Stored:
    """One registered secret as it is kept."""

    info: SecretInfo
    taken: Fingerprint = field(repr=False)
    salt: bytes = field(repr=False)
    hashed: bytes = field(repr=False)
    """scrypt of the value (RFC 7914) under `salt`."""
    added_at: float
    expires_at: float = 0.0
    """When it is forgotten, or 0: set on the old value by a rotation."""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything in the file."""

    gram_key: bytes = field(repr=False)
    secrets: tuple[Stored, ...] = ()


def read(path: Path) -> Content:
    """
    Open the file, or start an empty one in memory where there is none.

    Raises:
        SecretError: it is damaged, or its key is missing or another one.
        StateError: it cannot be read.
    """
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        return Content(secrets.token_bytes(32))
    except OSError as error:
        raise StateError(f"cannot read {path}: {error.strerror}") from error
    return open_sealed(path, sealed)


def open_sealed(path: Path, sealed: bytes) -> Content:
    """
    Decrypt what stood in the file `path`.

    Raises:
        SecretError: it is damaged, or its key is missing or another one.
    """
    if sealed.startswith(KIND) and not sealed.startswith(MAGIC):
        raise SecretError(
            f"{path} was made by another version of dlp: run that one, or restore a "
            "backup of before"
        )
    key = _key(path.parent, make=False)
    nonce = sealed[len(MAGIC) : len(MAGIC) + _NONCE]
    damaged = SecretError(
        f"{path} is damaged or was sealed with another key: restore it and "
        f"{path.parent / 'keys' / 'secrets'} from the same backup"
    )
    if not sealed.startswith(MAGIC) or len(nonce) < _NONCE:
        raise damaged
    try:
        plain = AESGCM(key).decrypt(nonce, sealed[len(MAGIC) + _NONCE :], MAGIC)
        return _unpack(plain)
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise damaged from error


def write(path: Path, content: Content) -> None:
    """
    Seal and replace the file in one step.

    Raises:
        SecretError: the key is missing although the file exists.
        StateError: it cannot be written.
    """
    key = _key(path.parent, make=not path.exists())
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, _pack(content), MAGIC)
    try:
        write_private(path, MAGIC + nonce + sealed)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror}") from error


def _key(state: Path, *, make: bool) -> bytes:
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        with suppress(FileNotFoundError):
            return _exactly_32((Path(folder) / CREDENTIAL).read_bytes(), CREDENTIAL)
    path = state / "keys" / "secrets"
    if make or path.exists():
        return read_or_make_key(state, "secrets")
    raise SecretError(
        f"the key {path} of the secret store is missing: restore it from a backup, or "
        f"remove {state / 'secrets'} and register the secrets again"
    )


def _exactly_32(key: bytes, what: str) -> bytes:
    if len(key) != 32:
        raise SecretError(f"{what} has {len(key)} bytes: it must have 32")
    return key


def _pack(content: Content) -> bytes:
    prints = [pack(stored.taken) for stored in content.secrets]
    rows = [
        {
            "info": asdict(stored.info),
            "salt": b64encode(stored.salt).decode(),
            "hashed": b64encode(stored.hashed).decode(),
            "added_at": stored.added_at,
            "expires_at": stored.expires_at,
            "size": len(packed),
        }
        for stored, packed in zip(content.secrets, prints, strict=True)
    ]
    gram_key = b64encode(content.gram_key).decode()
    head = orjson.dumps({"gram_key": gram_key, "secrets": rows})
    return b"".join([len(head).to_bytes(8, "little"), head, *prints])


def _unpack(plain: bytes) -> Content:
    offset = 8 + int.from_bytes(plain[:8], "little")
    head = orjson.loads(plain[8:offset])
    found: list[Stored] = []
    for row in head["secrets"]:
        packed = plain[offset : offset + row["size"]]
        offset += row["size"]
        found.append(_stored(row, unpack(packed)))
    return Content(b64decode(head["gram_key"]), tuple(found))


def _stored(row: dict[str, Any], taken: Fingerprint) -> Stored:
    info = row["info"]
    return Stored(
        SecretInfo(
            name=info["name"],
            hosts=tuple(info["hosts"]),
            slots=tuple(info["slots"]),
            rule=info["rule"],
            canary=info["canary"],
        ),
        taken,
        b64decode(row["salt"]),
        b64decode(row["hashed"]),
        row["added_at"],
        row["expires_at"],
    )
