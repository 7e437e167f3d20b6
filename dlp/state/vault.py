"""
The file that holds fingerprints, sealed: `STATE/secrets`.

Layout: a magic line, a 12-byte nonce, AES-256-GCM over the rest. The sealed part is a
length, a JSON list and the arrays of every fingerprint laid end to end. Grams are keyed
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

import numpy as np
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dlp.detect.enrol import Fingerprint
from dlp.detect.fingerprint import SecretInfo
from dlp.detect.grams import Words
from dlp.detect.stretches import RUN, RunTable
from dlp.detect.variants import VARIANTS
from dlp.errors import SecretError, StateError
from dlp.state.folder import read_or_make_key, write_private

MAGIC = b"agent-dlp secrets 1\n"
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
    rows = [
        {
            "info": asdict(s.info),
            "digest": b64encode(s.taken.digest).decode(),
            "length": s.taken.length,
            "threshold": s.taken.threshold,
            "before": s.taken.before,
            "after": s.taken.after,
            "edges": s.taken.edges,
            "runs": len(s.taken.runs),
            "tags": len(s.taken.tags),
            "salt": b64encode(s.salt).decode(),
            "hashed": b64encode(s.hashed).decode(),
            "added_at": s.added_at,
            "expires_at": s.expires_at,
        }
        for s in content.secrets
    ]
    head = orjson.dumps(
        {
            "gram_key": b64encode(content.gram_key).decode(),
            "variants": [variant.name for variant in VARIANTS],
            "secrets": rows,
        }
    )
    arrays = [
        array.tobytes()
        for s in content.secrets
        for array in (s.taken.runs, s.taken.tags)
    ]
    return b"".join([len(head).to_bytes(8, "little"), head, *arrays])


def _unpack(plain: bytes) -> Content:
    size = int.from_bytes(plain[:8], "little")
    head = orjson.loads(plain[8 : 8 + size])
    present = {variant.name: number for number, variant in enumerate(VARIANTS)}
    numbers = np.array([present[name] for name in head["variants"]], np.uint8)
    offset = 8 + size
    found: list[Stored] = []
    for row in head["secrets"]:
        runs = np.frombuffer(plain, RUN, row["runs"], offset).copy()
        runs["variant"] = numbers[runs["variant"]]
        offset += runs.nbytes
        tags = np.frombuffer(plain, "<u8", row["tags"], offset)
        offset += tags.nbytes
        found.append(_stored(row, runs, tags))
    return Content(b64decode(head["gram_key"]), tuple(found))


def _stored(row: dict[str, Any], runs: RunTable, tags: Words) -> Stored:
    info = row["info"]
    taken = Fingerprint(
        digest=b64decode(row["digest"]),
        length=row["length"],
        threshold=row["threshold"],
        before=row["before"],
        after=row["after"],
        edges=(row["edges"][0], row["edges"][1]),
        runs=runs,
        tags=tags,
    )
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
