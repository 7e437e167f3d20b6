"""Known secrets: whether they are kept well, and which are known to nobody."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dlp.broker import dotenv
from dlp.doctor.check import Check, Severity
from dlp.doctor.files import MOST_BYTES, beginning, below
from dlp.doctor.picture import CannotTellError, Picture
from dlp.doctor.process import units
from dlp.errors import SecretError
from dlp.model import Finding, Kind, Tier
from dlp.state import vault
from dlp.state.secrets import SecretStore

_DOTENV = re.compile(r"\.env(?:\..+)?|.+\.env|\.envrc")
_SAMPLE = re.compile(r".*\.(?:example|sample|template|dist|defaults?)")
_STARTUP = (
    ".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zshenv",
    ".zprofile", ".envrc", ".config/fish/config.fish", ".pam_environment",
    ".config/environment.d/*.conf",
)  # fmt: skip
_HISTORY = (
    ".bash_history", ".zsh_history", ".python_history", ".node_repl_history",
    ".psql_history", ".mysql_history", ".rediscli_history", ".sqlite_history",
    ".local/share/fish/fish_history", ".lesshst", ".viminfo",
)  # fmt: skip
_CREDENTIAL = re.compile(
    rf"^(?:Load|Set|Import)Credential\w*={vault.CREDENTIAL}\b", re.MULTILINE
)
_OLD_S = 365 * 86400.0
_TOLD = frozenset({Tier.CERTAIN, Tier.STRONG, Tier.LIKELY})


def _store(picture: Picture) -> Path:
    path = picture.kept() / "secrets"
    if not path.exists():
        raise CannotTellError("no secret was ever registered")
    return path


def _unopened(picture: Picture) -> Iterator[str]:
    path = _store(picture)
    if not path.read_bytes().startswith(vault.MAGIC):
        yield f"{path} is not sealed"
    if not (path.parent / "keys" / "secrets").exists() and _credential(picture):
        raise CannotTellError("systemd gives its key to the service alone")
    try:
        SecretStore(picture.state).index()
    except SecretError as error:
        yield str(error)


def _credential(picture: Picture) -> bool:
    """Whether the key is with systemd, and not given to us."""
    given = "CREDENTIALS_DIRECTORY" in os.environ
    found = (_CREDENTIAL.search(text) for _, text in units(picture))
    return not given and any(found)


def _none(picture: Picture) -> Iterator[str]:
    picture.kept()
    if not any(not info.canary for info in picture.secrets.infos.values()):
        yield "no secret is registered"


def _key_beside(picture: Picture) -> Iterator[str]:
    store = _store(picture)
    key = store.parent / "keys" / "secrets"
    if key.exists():
        yield f"{key} lies beside {store}"


def _no_canary(picture: Picture) -> Iterator[str]:
    picture.kept()
    if not any(info.canary for info in picture.secrets.infos.values()):
        yield "no canary is registered"


def _old(picture: Picture) -> Iterator[str]:
    _store(picture)
    for stored in SecretStore(picture.state).entries():
        age = picture.now - stored.added_at
        if age > _OLD_S and not stored.info.canary:
            yield f"{stored.info.name} is {age / 86400:.0f} days old"


def _in_environment(picture: Picture) -> Iterator[str]:
    for name, kind in _unknown(picture, picture.environment):
        yield f"the variable {name} holds {kind}"


def _in_dotenv(picture: Picture) -> Iterator[str]:
    yield from _in_assignments(picture, _dotenv_files(picture))


def _in_startup(picture: Picture) -> Iterator[str]:
    home = picture.agent.home
    found = (path for name in _STARTUP for path in picture.found(home, name))
    shared = (picture.root / name for name in ("etc/environment", "etc/profile"))
    yield from _in_assignments(picture, (*found, *shared))


def _dotenv_files(picture: Picture) -> Iterator[Path]:
    home = picture.agent.home
    found = [
        *below(picture.work),
        *picture.found(home, "*"),
        *picture.found(home, ".*/*"),
    ]
    for path in dict.fromkeys(found):
        if _DOTENV.fullmatch(path.name) and not _SAMPLE.fullmatch(path.name):
            yield path


def _in_assignments(
    picture: Picture, paths: tuple[Path, ...] | Iterator[Path]
) -> Iterator[str]:
    for path in paths:
        if picture.within_reach(path):
            values = dotenv.parse(beginning(path).decode("utf-8", "replace"))
            for name, kind in _unknown(picture, values):
                yield f"{path}: {name} holds {kind}"


def _unknown(picture: Picture, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and kinds of the values that look like secrets and are not registered."""
    for name, value in values.items():
        raw = os.fsencode(value)
        if len(raw) < 8 or picture.secrets.named(raw):
            continue
        found = picture.inspector.scan(os.fsencode(name) + b"=" + raw)
        kinds = _kinds(found)
        if kinds and not any(one.kind is Kind.FINGERPRINT for one in found):
            yield name, " and ".join(kinds)


def _kinds(found: Iterable[Finding]) -> Counter[str]:
    told = (one for one in found if one.kind is Kind.PATTERN and one.tier in _TOLD)
    return Counter(one.rule for one in told)


def _in_history(picture: Picture) -> Iterator[str]:
    home = picture.agent.home
    for path in (path for name in _HISTORY for path in picture.found(home, name)):
        if picture.within_reach(path):
            data = _end(path)
            unknown = (
                one
                for one in picture.inspector.scan(data)
                if not (one.span and picture.secrets.named(data[slice(*one.span)]))
            )
            for rule, times in _kinds(unknown).items():
                yield f"{path} holds {rule} {times} times"


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MOST_BYTES))
        return file.read()


CHECKS = (
    Check(
        "secret-store", Severity.HIGH,
        "The secret store is sealed and opens",
        "While it does not open no registered secret is known, and the proxy does "
        "not start.",
        "Restore STATE/secrets and STATE/keys/secrets from the same backup",
        ("ASI03", "T3"), _unopened,
    ),
    Check(
        "secrets-registered", Severity.MEDIUM,
        "Secrets are registered",
        "Only what is registered is found in pieces and in any spelling; the rest "
        "only where it looks like a vendor's.",
        "dlp secrets add NAME --env VAR, or --dotenv FILE",
        ("ASI03", "T3"), _none,
    ),
    Check(
        "secret-key-apart", Severity.LOW,
        "The key of the secret store is kept apart from it",
        "A backup of the folder holds all it takes to recover what is registered.",
        "Load it as the systemd credential agent-dlp-secrets-key, and leave "
        "STATE/keys out of backups",
        ("ASI03", "T3"), _key_beside,
    ),
    Check(
        "canary", Severity.LOW,
        "A canary is laid out",
        "It tells of an agent that searches for secrets, before it finds one.",
        "dlp secrets canary NAME",
        ("ASI10", "T13"), _no_canary,
    ),
    Check(
        "secret-age", Severity.LOW,
        "Registered secrets are rotated",
        "The older a secret, the more places know it.",
        "dlp secrets rotate NAME, after a new one was made at its vendor",
        ("ASI03", "T3"), _old,
    ),
    Check(
        "secrets-in-environment", Severity.HIGH,
        "No variable holds a secret that is not registered",
        "Every process that is started from here inherits it, and it is known only "
        "by its shape.",
        "dlp secrets add NAME --env VARIABLE",
        ("ASI03", "ASI02", "T3"), _in_environment,
    ),
    Check(
        "secrets-in-dotenv", Severity.HIGH,
        "No dotenv file holds a secret that is not registered",
        "An agent reads these files first, and not only an honest one.",
        "dlp secrets add NAME --dotenv FILE",
        ("ASI03", "ASI02", "T3"), _in_dotenv,
    ),
    Check(
        "secrets-in-startup-files", Severity.HIGH,
        "No start-up file of a shell holds a secret that is not registered",
        "It is in the environment of everything that is started.",
        "Register it, and move it to where only its program reads it",
        ("ASI03", "ASI02", "T3"), _in_startup,
    ),
    Check(
        "secrets-in-history", Severity.MEDIUM,
        "No history of a shell or client holds a secret",
        "What was typed once is read for years.",
        "Remove the lines, register the secret or rotate it",
        ("ASI03", "T3"), _in_history,
    ),
)  # fmt: skip
