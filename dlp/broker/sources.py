"""
Where values come from: one function per source.

A source gives either one value or several by key. It says what went wrong without ever
quoting what it read, and leaves the output of a program that failed on the terminal,
where that program put it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

from dlp.broker import dotenv
from dlp.errors import SecretError, UsageError

PATIENCE_S = 120
"""What a program may take; it may be asking for a touch of a hardware key."""
_VAULT_SAYS = {
    "InvalidPath": "no such secret, or it was deleted: MOUNT/PATH is what "
    "`bao kv get` takes, without `data/`",
    "Forbidden": "its token may not read that: set VAULT_TOKEN to one that may",
    "VaultDown": "it is sealed",
    "SSLError": "its certificate is not trusted: set VAULT_CACERT to its CA",
    "ConnectionError": "nobody answers at VAULT_ADDR",
    "Timeout": "it does not answer in time",
    "InvalidSchema": "VAULT_ADDR must begin with https:// or http://",
    "MissingSchema": "VAULT_ADDR must begin with https:// or http://",
    "InvalidURL": "VAULT_ADDR is no address: write https://HOST:PORT",
}
"""What the errors of hvac and requests mean, by class."""


def without_newline(data: bytes) -> bytes:
    """A value without the one line end that programs and editors add."""
    return data.removesuffix(b"\n").removesuffix(b"\r")


def variable(name: str) -> bytes:
    """
    The value of one environment variable.

    Raises:
        UsageError: it is not set.
    """
    value = os.environb.get(os.fsencode(name))
    if value is None:
        raise UsageError(f"the environment variable {name} is not set")
    return value


def environment() -> dict[str, str]:
    """Every environment variable."""
    return dict(os.environ)


def command(line: str) -> bytes:
    """
    What a program prints. It is started without a shell.

    Raises:
        UsageError: the line cannot be split or the program not started.
        SecretError: it failed, or took longer than `PATIENCE_S`.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"--exec: {error}") from error
    if not words:
        raise UsageError("--exec names no program")
    return without_newline(_run(words))


def _run(words: list[str]) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  the operator names the program
            words, stdout=subprocess.PIPE, timeout=PATIENCE_S, check=True
        )
    except OSError as error:
        raise UsageError(f"cannot start {words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        raise SecretError(f"{words[0]} took longer than {PATIENCE_S} s") from None
    except subprocess.CalledProcessError as error:
        raise SecretError(f"{words[0]} failed with status {error.returncode}") from None
    return done.stdout


def file_of_values(path: Path) -> dict[str, str]:
    """
    The entries of a dotenv file.

    Raises:
        SecretError: it cannot be read, or holds no entry.
    """
    values = dotenv.parse(_text(_read(path)))
    if not values:
        raise SecretError(f"{path} has no KEY=value line")
    return values


def unread_lines(path: Path) -> tuple[tuple[str, str], ...]:
    """
    The lines of a dotenv file that are no entry, and why: a secret may stand there.

    Raises:
        SecretError: it cannot be read.
    """
    why = "no KEY=value with a key of ASCII letters, digits and _ . -"
    return tuple((f"line {n}", why) for n in dotenv.unread(_text(_read(path))))


def sops(path: Path) -> dict[str, str]:
    """
    The leaves of a SOPS file, opened by the `sops` program with its own keys.

    Raises:
        UsageError: there is no `sops`.
        SecretError: it failed.
    """
    if shutil.which("sops") is None:
        raise UsageError("--sops needs the program sops, which is not on the PATH")
    words = ["sops", "--decrypt", "--output-type", "json", str(path.absolute())]
    plain = _run(words)
    try:
        return dict(_leaves("", json.loads(plain)))
    except ValueError:
        raise SecretError(f"sops gave no JSON for {path}") from None


def age(path: Path, identity: Path | None) -> dict[str, str] | bytes:
    """
    An age file (age-encryption.org/v1): its entries, or the whole as one value.

    `identity` holds age or SSH private keys; None means `~/.ssh/id_ed25519`.

    Raises:
        UsageError: the extra `age` is not installed.
        SecretError: a file cannot be read or opened.
    """
    try:
        import pyrage
    except ImportError:
        raise _missing("pyrage", "age") from None
    key = identity or Path.home() / ".ssh" / "id_ed25519"
    try:
        plain = pyrage.decrypt(_read(path), _identities(pyrage, _read(key)))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise SecretError(f"{key} does not open {path}: {error}") from error
    return _entries(plain) or without_newline(plain)


def _identities(pyrage: Any, text: bytes) -> list[Any]:
    if b"BEGIN" in text:
        return [pyrage.ssh.Identity.from_buffer(text)]
    lines = text.decode("utf-8", "replace").splitlines()
    keys = [line.strip() for line in lines if line.strip()[:1] not in {"", "#"}]
    return [pyrage.x25519.Identity.from_str(key) for key in keys]


def keyring(reference: str) -> bytes:
    """
    An entry `SERVICE/USER` of the system keyring.

    Raises:
        UsageError: the reference is no such pair, or the extra is not installed.
        SecretError: there is no such entry, or no keyring.
    """
    service, _, user = reference.rpartition("/")
    if not service or not user:
        raise UsageError("--keyring wants SERVICE/USER")
    try:
        import keyring as system
        from keyring.errors import KeyringError
    except ImportError:
        raise _missing("keyring", "keyring") from None
    try:
        value = system.get_password(service, user)
    except (KeyringError, ImportError, AttributeError, RuntimeError) as error:
        # But for the first, a configured backend that is not there or does not work.
        raise SecretError(f"the keyring cannot be used: {error}") from error
    if value is None:
        raise SecretError(f"the keyring has no entry {reference}")
    return str(value).encode()


def vault(reference: str) -> dict[str, str] | bytes:
    """
    `MOUNT/PATH` of Vault or OpenBao: its fields, or one with `MOUNT/PATH#FIELD`.

    Address, token, namespace and CA come from the environment as those programs have
    them: `VAULT_ADDR`, `VAULT_TOKEN` (else `~/.vault-token`), `VAULT_NAMESPACE`,
    `VAULT_CACERT`, or the same with `BAO_`.

    Raises:
        UsageError: the extra is not installed, or no address is set.
        SecretError: it cannot be reached, refuses, or has no such secret.
    """
    try:
        import hvac
        import requests
    except ImportError:
        raise _missing("hvac", "vault") from None
    location, _, wanted = reference.partition("#")
    location = location.strip("/")
    if "/" not in location:
        raise UsageError("--vault wants MOUNT/PATH or MOUNT/PATH#FIELD")
    ca = _setting("CACERT")
    if ca and not Path(ca).exists():
        raise UsageError(f"VAULT_CACERT names {ca}, which does not exist")
    client = hvac.Client(
        url=_setting("ADDR"),
        token=_setting("TOKEN") or None,
        namespace=_setting("NAMESPACE") or None,
        verify=ca or True,
    )
    try:
        fields = _fields(client, *_split(client, location))
    except (hvac.exceptions.VaultError, requests.RequestException) as error:
        # Their text may quote the request; the class says enough.
        names = [kind.__name__ for kind in type(error).__mro__]
        why = next((_VAULT_SAYS[n] for n in names if n in _VAULT_SAYS), names[0])
        raise SecretError(f"cannot read {location} from the vault: {why}") from None
    except TypeError:  # hvac gives an answer that is no JSON as it is
        raise SecretError(
            f"cannot read {location}: what answers at VAULT_ADDR is no vault"
        ) from None
    if not wanted:
        return fields
    if wanted not in fields:
        raise SecretError(f"{location} has no field {wanted}")
    return fields[wanted].encode()


def _split(client: Any, location: str) -> tuple[str, str]:
    """
    Mount and path: a mount may have a slash in it, so the vault is asked.

    https://developer.hashicorp.com/vault/api-docs/system/internal-ui-mounts; what does
    not answer that has mounts of one word, as far as we know.
    """
    import hvac

    mount = location.partition("/")[0]
    try:
        found = client.adapter.get(f"/v1/sys/internal/ui/mounts/{location}")
        mount = found["data"]["path"].strip("/")
    except (hvac.exceptions.VaultError, KeyError, TypeError):
        pass
    return mount, location.removeprefix(mount).strip("/")


def _fields(client: Any, mount: str, path: str) -> dict[str, str]:
    """
    KV version 2 where the mount is one, else version 1.

    A token that may read no more than its own path gets 403, not 404, from version 1
    when it is asked as version 2.
    """
    import hvac

    try:
        found = client.secrets.kv.v2.read_secret_version(
            path=path, mount_point=mount, raise_on_deleted_version=True
        )["data"]["data"]
    except (hvac.exceptions.InvalidPath, hvac.exceptions.Forbidden, KeyError):
        found = client.secrets.kv.v1.read_secret(path=path, mount_point=mount)["data"]
    return dict(_leaves("", found))


def _setting(name: str) -> str:
    value = os.environ.get(f"VAULT_{name}") or os.environ.get(f"BAO_{name}", "")
    if name == "ADDR" and not value:
        raise UsageError("set VAULT_ADDR or BAO_ADDR to the address of the vault")
    return value


def _leaves(path: str, node: object) -> list[tuple[str, str]]:
    match node:
        case dict():
            pairs = list(node.items())
        case list():
            pairs = list(enumerate(node))
        case str():
            return [(path, node)]
        case _:
            return []
    return [
        leaf
        for key, value in pairs
        for leaf in _leaves(f"{path}.{key}" if path else str(key), value)
    ]


def _entries(data: bytes) -> dict[str, str]:
    if data.lstrip().startswith(b"-----BEGIN "):
        return {}
    try:
        return dotenv.parse(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return {}


def _text(data: bytes) -> str:
    """Other bytes than UTF-8 stay what they are, as in `os.environ`."""
    return data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SecretError(f"cannot read {path}: {error.strerror}") from error


def _missing(package: str, extra: str) -> UsageError:
    return UsageError(f"{package} is not installed: pip install 'agent-dlp[{extra}]'")
