"""`dlp backup` and `dlp restore`: the whole state in one encrypted file, and back."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from dlp import audit
from dlp.backup import backup as make
from dlp.backup import restore as put_back
from dlp.backup import verify
from dlp.backup.sealed import Identity, Key, Lock, Passphrase, Recipient
from dlp.errors import StateError, UsageError
from dlp.state.folder import default_folder

app = typer.Typer(add_completion=False)
restoring = typer.Typer(add_completion=False)

State = Annotated[Path | None, typer.Option(help="State folder.  [default: per user]")]
Variable = Annotated[
    str,
    typer.Option(
        "--passphrase-env",
        metavar="VAR",
        help="Variable that holds the passphrase; without it you are asked.",
    ),
]
PASSPHRASE = "DLP_BACKUP_PASSPHRASE"  # noqa: S105  # the name of a variable


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="A new file.")],
    state: State = None,
    recipient: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="An X25519 public key, in place of a phrase."),
    ] = None,
    passphrase_env: Variable = PASSPHRASE,
) -> None:
    """
    Copy the state into FILE, encrypted, also while the proxy runs.

    For a key: openssl genpkey -algorithm X25519 -out backup.key;
    openssl pkey -in backup.key -pubout -out backup.pub; keep backup.key elsewhere.
    """
    lock: Lock = (
        Recipient.read(recipient)
        if recipient
        else _passphrase(passphrase_env, twice=True)
    )
    folder = _folder(state)
    count = make(folder, file, lock)
    try:
        audit.note(folder, "state.backup", file.name)
    except StateError:
        file.unlink()
        raise
    typer.echo(f"{count} files in {file}")


@restoring.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `dlp backup` wrote.")],
    state: State = None,
    identity: Annotated[
        Path | None,
        typer.Option(metavar="PEM", help="The private key of the recipient."),
    ] = None,
    passphrase_env: Variable = PASSPHRASE,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move a state that is there aside.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only prove that it could be restored.")
    ] = False,
) -> None:
    """Put a backup in the place of the state: all of it, or nothing changes."""
    try:
        file.open("rb").close()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    key: Key = Identity.read(identity) if identity else _passphrase(passphrase_env)
    folder = _folder(state)
    notes = verify(file, key) if check else put_back(file, folder, key, replace=replace)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo("the backup is sound" if check else f"restored to {folder}")


def _passphrase(variable: str, *, twice: bool = False) -> Passphrase:
    text = os.environ.get(variable)
    if text is None and not sys.stdin.isatty():
        raise UsageError(f"put the passphrase in the variable {variable}")
    return Passphrase(_asked(twice=twice) if text is None else text)


def _asked(*, twice: bool) -> str:
    """Asked for as the values of secrets are, so that Ctrl-C ends both alike."""
    while True:
        text = getpass("Passphrase (not shown): ")
        if not twice or getpass("The same again: ") == text:
            return text
        typer.echo("these are two phrases; once more", err=True)


def _folder(state: Path | None) -> Path:
    """Unlike other commands these make no folder."""
    return (state or default_folder()).expanduser().absolute()
